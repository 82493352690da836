/** Contract: stopping asks first, waits for the grace, then kills; how a container ended is told apart. */
import { expect, it } from 'vitest';
import { systemClock } from '../../../src/foundation/clock.ts';
import type { Harness } from './harness.ts';
import { eventually } from './harness.ts';

const SIGKILL = 9;

export function describeStop(harness: Harness): void {
  const { capabilities, runtime, exitOf } = harness;

  /** Stops a script once it has said `ready`, so that its trap is set. */
  async function stopScript(script: string, graceSeconds: number) {
    const { id } = await harness.runScript(`${script}; echo ready; while :; do sleep 0.1; done`);
    await eventually(async () => expect((await harness.logsOf(id)).stdout).toContain('ready'));
    const startedAt = systemClock.monotonic();
    await runtime().stopContainer(id, { graceSeconds });
    const tookMs = systemClock.monotonic() - startedAt;
    const container = await runtime().inspectContainer(id);
    expect(container?.state).toBe('exited');
    return { tookMs, exit: await exitOf(id) };
  }

  it('a stopped container has exited once the call returns', async () => {
    const { id } = await harness.run();
    await eventually(async () => expect((await runtime().inspectContainer(id))?.state).toBe('running'));
    await runtime().stopContainer(id, { graceSeconds: 5 });
    const container = await runtime().inspectContainer(id);
    expect(container?.state).toBe('exited');
    expect(container?.exit?.finishedAt).toBeGreaterThanOrEqual(container?.startedAt ?? Infinity);
  });

  it('stopping what has already ended, or never ran, succeeds', async () => {
    const { id } = await harness.run();
    await runtime().stopContainer(id, { graceSeconds: 0 });
    await runtime().stopContainer(id, { graceSeconds: 0 });
    const created = await runtime().createContainer(harness.containerSpec());
    await runtime().stopContainer(created.id, { graceSeconds: 1 });
  });

  if (capabilities.programs)
    it('a program that obeys SIGTERM ends with its own exit code', async () => {
      const { exit, tookMs } = await stopScript("trap 'exit 3' TERM", 30);
      expect(exit).toMatchObject({ exitCode: 3, oomKilled: false });
      expect(exit.signal).toBeUndefined();
      expect(tookMs).toBeLessThan(20_000);
    });

  if (capabilities.programs)
    it('a program that ignores SIGTERM is killed after the grace', async () => {
      const { exit, tookMs } = await stopScript("trap '' TERM", 1);
      expect(exit).toMatchObject({ exitCode: 137, signal: SIGKILL, oomKilled: false });
      expect(tookMs).toBeGreaterThanOrEqual(950);
    });

  if (capabilities.programs)
    it('a grace of 0 kills at once, without asking', async () => {
      const { exit } = await stopScript("trap 'exit 3' TERM", 0);
      expect(exit).toMatchObject({ exitCode: 137, signal: SIGKILL });
    });

  if (capabilities.programs)
    it('removing kills what still runs', async () => {
      const { id } = await harness.runScript("trap '' TERM; while :; do sleep 0.1; done");
      await runtime().removeContainer(id);
      expect(await runtime().inspectContainer(id)).toBeUndefined();
    });
}
