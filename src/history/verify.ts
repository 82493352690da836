/** Proves a log: folds it from its first entry, checking chain, revisions, machines and state hashes, and says where it is wrong. */
import type { Clock } from '../foundation/clock.ts';
import { LogDamageError, type Position } from '../log/entry.ts';
import type { EventLog } from '../log/event-log.ts';
import { Fold } from '../state/fold.ts';
import { catchUp } from '../writer/catch-up.ts';
import { WRITER_LIMITS } from '../writer/limits.ts';

/** What a verification found. */
export interface Verification {
  /** How far the log is right. */
  readonly position: Position;
  readonly stateHash: string;
  readonly commits: number;
  readonly refusals: number;
  /** The first thing that is wrong; absent when all is right. */
  readonly damage?: { readonly entry: number; readonly revision: number; readonly message: string };
}

export interface VerifyOptions {
  readonly log: EventLog;
  readonly clock: Clock;
  /** Last entry to look at; what the server says is the last where absent. */
  readonly until?: number;
  readonly signal: AbortSignal;
  onProgress?(entry: number, until: number): void;
}

/** Folds the log up to its present end. Never rejects for damage: that is a finding. */
export async function verifyLog(options: VerifyOptions): Promise<Verification> {
  const { log, clock, signal } = options;
  const until = options.until ?? (await log.lastNumber());
  const fold = new Fold();
  let commits = 0;
  let refusals = 0;
  fold.subscribe(({ entry }) => {
    commits += entry.commits.length;
    refusals += entry.refused.length;
    options.onProgress?.(entry.number, until);
  });
  const result = (damage?: Verification['damage']): Verification => ({
    position: fold.state.position,
    stateHash: fold.state.stateHash(),
    commits,
    refusals,
    ...(damage ? { damage } : {}),
  });
  try {
    await catchUp(fold, log, until, { clock, readBackMs: WRITER_LIMITS.readBackMs, signal });
    return result();
  } catch (error) {
    if (!(error instanceof LogDamageError)) throw error;
    return result({ entry: error.entry, revision: error.revision, message: error.message });
  }
}
