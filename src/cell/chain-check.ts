/** Reads the entries that a kept state stands on, which nobody folds again: damage among them must not wait until they are needed. */
import type { Clock } from '../foundation/clock.ts';
import { decodeEntry, hashOf, LogDamageError, previousHashOf, type Position } from '../log/entry.ts';
import { LogUnavailableError, type EventLog, type StoredEntry } from '../log/event-log.ts';

export interface ChainCheckOptions {
  readonly clock: Clock;
  /** How long an entry may take to be readable before it counts as damaged, milliseconds. */
  readonly readBackMs: number;
  readonly signal: AbortSignal;
  /** Whether nothing waits for the check any more: then it leaves most of the time to others. */
  inBackground(): boolean;
}

/** In the background it rests so many times as long as it has read and hashed: a log of a million commits is then checked in about ten seconds. */
export const CHECK_REST_FACTOR = 4;

/** What it asks of a log. */
export type ReadableLog = Pick<EventLog, 'get' | 'read'>;

/** Follows the chain from the first entry to a position. Raises LogDamageError for the first that is missing or does not fit. */
export async function checkChain(log: ReadableLog, until: Position, options: ChainCheckOptions): Promise<void> {
  let last: StoredEntry | undefined;
  while (!options.signal.aborted && (last?.number ?? 0) < until.entry) {
    const before = last;
    for await (const stored of readUntilQuiet(log, (last?.number ?? 0) + 1, options)) {
      requireNext(last, stored);
      if (stored.number === until.entry && hashOf(stored.payload) !== until.hash) {
        throw damageAfter(last, 'another entry stands there than was folded');
      }
      last = stored;
      if (stored.number === until.entry) return;
    }
    if (last === before && !options.signal.aborted) await requireReadable(log, last);
  }
}

/** Entries from a number on, until none has come for the limit. */
async function* readUntilQuiet(
  log: ReadableLog,
  fromNumber: number,
  { clock, readBackMs, signal, inBackground }: ChainCheckOptions,
): AsyncGenerator<StoredEntry> {
  const stop = new AbortController();
  let watchdog = clock.after(readBackMs, () => stop.abort(), { background: true });
  let began = clock.monotonic();
  try {
    for await (const batch of log.read(fromNumber, AbortSignal.any([stop.signal, signal]))) {
      watchdog.cancel();
      yield* batch;
      if (inBackground()) {
        await clock.sleep((clock.monotonic() - began) * CHECK_REST_FACTOR, signal).catch(() => undefined);
      }
      began = clock.monotonic();
      watchdog = clock.after(readBackMs, () => stop.abort(), { background: true });
    }
  } finally {
    watchdog.cancel();
    stop.abort();
  }
}

/** A server that does not answer says nothing about the log; one that does must have the entry. */
async function requireReadable(log: ReadableLog, last: StoredEntry | undefined): Promise<void> {
  try {
    if ((await log.get((last?.number ?? 0) + 1)) === undefined) {
      throw damageAfter(last, 'the server counts it, but it cannot be read');
    }
  } catch (error) {
    if (!(error instanceof LogUnavailableError)) throw error;
  }
}

function requireNext(last: StoredEntry | undefined, stored: StoredEntry): void {
  const number = (last?.number ?? 0) + 1;
  if (stored.number !== number) throw damageAfter(last, `entry ${stored.number} comes next`);
  const previous = previousHashOf(stored.payload);
  if (previous !== (last ? hashOf(last.payload) : '')) {
    throw damageAfter(last, 'it does not continue the entry before it');
  }
}

/** The entry after the last good one is the first wrong one. */
function damageAfter(last: StoredEntry | undefined, what: string): LogDamageError {
  if (last === undefined) return new LogDamageError({ entry: 1, revision: 1, what });
  const { firstRevision, commits } = decodeEntry(last.payload, { entry: last.number, revision: 0 });
  return new LogDamageError({ entry: last.number + 1, revision: firstRevision + commits.length, what });
}
