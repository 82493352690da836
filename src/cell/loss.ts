/** Finds out whether some of the log was lost, before anything is written: it must hold every position that somebody has seen. */
import type { Clock } from '../foundation/clock.ts';
import type { WorkPosition } from '../agent/control-plane-link.ts';
import { hashOf, LogDamageError } from '../log/entry.ts';
import type { EventLog } from '../log/event-log.ts';
import { Fold } from '../state/fold.ts';
import { catchUp } from '../writer/catch-up.ts';
import { WRITER_LIMITS } from '../writer/limits.ts';
import { anotherSeen, contradiction, type KnownPosition } from './seen-position.ts';

export interface LossOptions {
  readonly log: EventLog;
  readonly clock: Clock;
  readonly signal: AbortSignal;
}

/** Raises LogDamageError, naming the first wrong or missing entry, when the log lacks what somebody has seen of it. */
export async function requireNothingLost(known: readonly KnownPosition[], options: LossOptions): Promise<void> {
  const holds = await Promise.all(known.map((seen) => isOnLog(seen, options.log)));
  if (holds.every(Boolean)) return;
  const loss = await findLoss(new Fold(), known, options);
  if (loss !== undefined) throw loss;
}

/** Whether a position is one of this log; one of another lineage says nothing. Raises LogUnavailableError. */
export async function isOnLog(seen: WorkPosition, log: EventLog): Promise<boolean> {
  if (seen.lineage !== log.lineage) return true;
  const stored = await log.get(seen.entry);
  return stored !== undefined && hashOf(stored.payload) === seen.hash;
}

/** Folds as far as the log is good. What is wrong after that: damage, or an end before what somebody has seen. */
export async function findLoss(
  fold: Fold,
  known: readonly KnownPosition[],
  { log, clock, signal }: LossOptions,
): Promise<LogDamageError | undefined> {
  try {
    await catchUp(fold, log, await log.lastNumber(), { clock, readBackMs: WRITER_LIMITS.readBackMs, signal });
  } catch (error) {
    if (error instanceof LogDamageError) return error;
    throw error;
  }
  // An empty log has no position to compare with, but it is still of this lineage.
  const end = { ...fold.state.position, lineage: log.lineage };
  for (const seen of known) {
    const found =
      contradiction(end, seen, seen.by) ?? ((await isOnLog(seen, log)) ? undefined : anotherSeen(seen, seen.by));
    if (found !== undefined) return found;
  }
  return undefined;
}
