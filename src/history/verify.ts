/** Proves a log: folds it from its first entry, checking chain, revisions, machines and state hashes, and says where it is wrong. */
import { LogDamageError, type Position } from '../log/entry.ts';
import type { EventLog } from '../log/event-log.ts';
import { Fold } from '../state/fold.ts';

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
  /** Last entry to look at; what the server says is the last where absent. */
  readonly until?: number;
  readonly signal: AbortSignal;
  onProgress?(entry: number, until: number): void;
}

/** Folds the log up to its present end. Never rejects for damage: that is a finding. */
export async function verifyLog(options: VerifyOptions): Promise<Verification> {
  const { log, signal } = options;
  const until = options.until ?? (await log.lastNumber());
  const fold = new Fold();
  let commits = 0;
  let refusals = 0;
  const stop = new AbortController();
  const result = (damage?: Verification['damage']): Verification => ({
    position: fold.state.position,
    stateHash: fold.state.stateHash(),
    commits,
    refusals,
    ...(damage ? { damage } : {}),
  });
  if (until === 0) return result();
  try {
    for await (const batch of log.read(1, AbortSignal.any([signal, stop.signal]))) {
      for (const stored of batch) {
        const { entry } = fold.apply(stored);
        commits += entry.commits.length;
        refusals += entry.refused.length;
        if (entry.number >= until) return result();
      }
      options.onProgress?.(fold.state.position.entry, until);
    }
  } catch (error) {
    if (!(error instanceof LogDamageError)) throw error;
    return result({ entry: error.entry, revision: error.revision, message: error.message });
  } finally {
    stop.abort();
  }
  signal.throwIfAborted();
  return result();
}
