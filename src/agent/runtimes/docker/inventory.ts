/** Lists everything of one owner that the engine holds. */
import type { RuntimeInventory } from '../container-runtime.ts';
import { createLimiter } from '../limiter.ts';
import { inspectIfThere } from './create-by-name.ts';
import type { Engine } from './engine.ts';
import { SANDBOX_CONTAINER, identityOf, ownerFilters } from './names.ts';
import type { Owner } from './names.ts';
import { sandboxFromSummary, toContainer } from './observation.ts';
import type { OutOfMemoryJudge } from './out-of-memory.ts';

/** Reads are cheap for the engine, but each takes a connection; more at once than it has processors gains nothing. */
const INSPECTS_IN_FLIGHT_MAX = 16;

/** A list knows neither exit codes nor times, so each container is inspected; one that goes meanwhile is left out. */
export async function takeInventory(
  engine: Engine,
  owner: Owner,
  outOfMemory: OutOfMemoryJudge,
): Promise<RuntimeInventory> {
  const listed = (await engine.list(ownerFilters(owner))).flatMap((summary) => {
    const identity = identityOf(owner, summary.Labels);
    return identity === undefined ? [] : [{ summary, identity }];
  });
  const inspects = createLimiter(INSPECTS_IN_FLIGHT_MAX);
  const containers = await Promise.all(
    listed
      .filter(({ identity }) => identity.container !== SANDBOX_CONTAINER)
      .map(async ({ summary, identity }) => {
        const details = await inspects.run(() => inspectIfThere(engine, summary.Id));
        return details && toContainer(details, identity, outOfMemory.verdict(summary.Id));
      }),
  );
  return {
    sandboxes: listed
      .filter(({ identity }) => identity.container === SANDBOX_CONTAINER)
      .map(({ summary, identity }) => sandboxFromSummary(summary, identity)),
    containers: containers.filter((container) => container !== undefined),
  };
}
