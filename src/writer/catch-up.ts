/** Folds what is in the log but not yet in the state: at start, after losing an append, and for as long as somebody else writes. */
import type { Clock } from '../foundation/clock.ts';
import { decodeEntry, LogDamageError } from '../log/entry.ts';
import { LogUnavailableError, type EventLog, type StoredEntry } from '../log/event-log.ts';
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
  return stored === undefined ? 1 : revisionAfterEntry(stored);
}

function revisionAfterEntry({ number, payload }: StoredEntry): number {
  const { firstRevision, commits } = decodeEntry(payload, { entry: number, revision: 0 });
  return firstRevision + commits.length;
}

export interface CatchUpOptions {
  readonly clock: Clock;
  /** How long an entry may take to be readable before the server is asked whether it is there, milliseconds. */
  readonly readBackMs: number;
  readonly signal: AbortSignal;
}

/**
 * Folds entries until the state has reached the number. Raises LogDamageError for a wrong entry, and for one that the
 * server says exists and that cannot be read within the limit (JetStream skips damaged messages without a word).
 */
export async function catchUp(fold: Fold, log: EventLog, until: number, options: CatchUpOptions): Promise<void> {
  const { state } = fold;
  for await (const batch of readUntil(log, state.position.entry + 1, until, options)) {
    for (const stored of batch) {
      if (state.position.entry >= until) return;
      fold.apply(stored);
    }
  }
}

/**
 * Entries of a log from a number to a number. Whether each follows the one before it is for whoever takes them to notice.
 * Raises LogDamageError for one that the server says exists and that cannot be read within the limit.
 */
export async function* readUntil(
  log: EventLog,
  fromNumber: number,
  until: number,
  options: CatchUpOptions,
): AsyncGenerator<readonly StoredEntry[]> {
  let last: StoredEntry | undefined;
  const next = () => (last === undefined ? fromNumber : last.number + 1);
  while (next() <= until) {
    for await (const batch of readUntilQuiet(log, next(), options)) {
      last = batch.at(-1) ?? last;
      yield batch;
      if (next() > until) return;
    }
    options.signal.throwIfAborted();
    await requireReadable(log, next(), last);
  }
}

/** Entries from a number on, until none has come for the limit. */
async function* readUntilQuiet(
  log: EventLog,
  fromNumber: number,
  options: CatchUpOptions,
): AsyncGenerator<readonly StoredEntry[]> {
  const stop = new AbortController();
  const signal = AbortSignal.any([stop.signal, options.signal]);
  const watch = () => options.clock.after(options.readBackMs, () => stop.abort());
  let watchdog = watch();
  try {
    for await (const batch of log.read(fromNumber, signal)) {
      watchdog.cancel();
      yield batch;
      watchdog = watch();
    }
  } catch (error) {
    if (!stop.signal.aborted) throw error;
  } finally {
    watchdog.cancel();
    stop.abort();
  }
}

/** Raises LogDamageError when the server says that there is no such entry. One that does not answer says nothing. */
async function requireReadable(log: EventLog, number: number, last: StoredEntry | undefined): Promise<void> {
  const next = await log.get(number).catch((error: unknown) => {
    if (error instanceof LogUnavailableError) return 'unavailable' as const;
    throw error;
  });
  if (next !== undefined) return;
  const revision = last === undefined ? await revisionAfter(log, number - 1) : revisionAfterEntry(last);
  throw new LogDamageError({ entry: number, revision, what: 'the server counts it, but it cannot be read' });
}
