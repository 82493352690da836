/** Folds what is in the log but not yet in the state: at start, after losing an append, and for as long as somebody else writes. */
import type { Clock } from '../foundation/clock.ts';
import { decodeEntry, LogDamageError } from '../log/entry.ts';
import { LogUnavailableError, type EventLog } from '../log/event-log.ts';
import type { Fold } from '../state/fold.ts';

/** The log ends before what was already folded from it: data was lost. An operator must restore, or accept the loss. */
export class LogShortenedError extends LogDamageError {
  /** Names the first entry that is missing. */
  static async of(
    log: EventLog,
    ends: { readonly lastNumber: number; readonly read: number },
  ): Promise<LogDamageError> {
    const { lastNumber, read } = ends;
    const what = `the log ends at entry ${lastNumber}, but entry ${read} was already read from it`;
    return new LogShortenedError({ entry: lastNumber + 1, revision: await revisionAfter(log, lastNumber), what });
  }
}

/** The first revision after an entry; 1 where even that entry cannot be read. */
async function revisionAfter(log: EventLog, number: number): Promise<number> {
  const stored = number === 0 ? undefined : await log.get(number);
  if (stored === undefined) return 1;
  const { firstRevision, commits } = decodeEntry(stored.payload, { entry: number, revision: 0 });
  return firstRevision + commits.length;
}

/**
 * Folds entries until the state has reached the number. Raises LogDamageError for a wrong entry, and for one that the
 * server says exists and that cannot be read within the limit (JetStream skips damaged messages without a word).
 */
export async function catchUp(
  fold: Fold,
  log: EventLog,
  until: number,
  options: { readonly clock: Clock; readonly readBackMs: number; readonly signal: AbortSignal },
): Promise<void> {
  const { state } = fold;
  while (state.position.entry < until) {
    const stop = new AbortController();
    const signal = AbortSignal.any([stop.signal, options.signal]);
    let watchdog = options.clock.after(options.readBackMs, () => stop.abort());
    try {
      for await (const batch of log.read(state.position.entry + 1, signal)) {
        for (const stored of batch) {
          if (state.position.entry >= until) return;
          fold.apply(stored);
        }
        if (state.position.entry >= until) return;
        watchdog.cancel();
        watchdog = options.clock.after(options.readBackMs, () => stop.abort());
      }
    } catch (error) {
      if (!stop.signal.aborted) throw error;
    } finally {
      watchdog.cancel();
      stop.abort();
    }
    options.signal.throwIfAborted();
    await requireReadable(fold, log);
  }
}

/** Raises LogDamageError when the server says that there is no such entry. One that does not answer says nothing. */
async function requireReadable(fold: Fold, log: EventLog): Promise<void> {
  const { position } = fold.state;
  const next = await log.get(position.entry + 1).catch((error: unknown) => {
    if (error instanceof LogUnavailableError) return 'unavailable' as const;
    throw error;
  });
  if (next === undefined) {
    const at = { entry: position.entry + 1, revision: position.revision + 1 };
    throw new LogDamageError({ ...at, what: 'the server counts it, but it cannot be read' });
  }
}
