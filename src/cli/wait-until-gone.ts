/** Waits until deleted objects are gone: their containers have ended and their finalizers are off. */
import type { CellClient } from '../bus/cell-client.ts';
import { GET_MAX_KEYS } from '../bus/query-messages.ts';
import type { CommandContext } from './context.ts';
import { CommandFailure, EXIT } from './exit-codes.ts';

/** How often the cell is asked: a pod without grace is gone in less. */
const ASK_INTERVAL_MS = 50;
const ASK_INTERVAL_MAX_MS = 500;

/** What was deleted; its uid tells it from a later object of the same name. */
export interface Deleted {
  readonly kind: string;
  readonly namespace: string;
  readonly name: string;
  readonly uid: string | undefined;
}

/** Rejects with CommandFailure after the limit, or on Ctrl-C. */
export async function waitUntilGone(
  { clock, signal }: CommandContext,
  cell: CellClient,
  deleted: readonly Deleted[],
  timeoutMs = Infinity,
): Promise<void> {
  const deadline = clock.monotonic() + timeoutMs;
  let left = deleted.slice();
  let waitMs = ASK_INTERVAL_MS;
  for (;;) {
    left = await stillThere(cell, left);
    const [first] = left;
    if (first === undefined) return;
    if (clock.monotonic() >= deadline) {
      throw new CommandFailure(`timed out waiting for ${first.kind} ${first.name} to be gone: its deletion goes on`);
    }
    await clock.sleep(waitMs, signal).catch(() => {
      throw new CommandFailure('', EXIT.interrupted);
    });
    waitMs = Math.min(waitMs * 2, ASK_INTERVAL_MAX_MS);
  }
}

async function stillThere(cell: CellClient, deleted: readonly Deleted[]): Promise<Deleted[]> {
  const left: Deleted[] = [];
  for (let start = 0; start < deleted.length; start += GET_MAX_KEYS) {
    const some = deleted.slice(start, start + GET_MAX_KEYS);
    const keys = some.map(({ kind, namespace, name }) => ({ kind, namespace, name }));
    const { items } = await cell.queries.get({ keys });
    left.push(...some.filter(({ uid }, index) => uid !== undefined && items[index]?.metadata.uid === uid));
  }
  return left;
}
