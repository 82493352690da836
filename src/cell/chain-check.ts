/** Reads the entries that a kept state stands on, which nobody folds again: damage among them must not wait until they are needed. */
import type { Clock } from '../foundation/clock.ts';
import { decodeEntry, hashOf, LogDamageError, previousHashOf, type Position } from '../log/entry.ts';
import type { EventLog, StoredEntry } from '../log/event-log.ts';

export interface ChainCheckOptions {
  readonly clock: Clock;
  /** How long an entry may take to be readable before it counts as damaged, milliseconds. */
  readonly readBackMs: number;
  readonly signal: AbortSignal;
}

/** Follows the chain from the first entry to a position. Raises LogDamageError for the first that is missing or does not fit. */
export async function checkChain(log: EventLog, until: Position, options: ChainCheckOptions): Promise<void> {
  const { clock, readBackMs, signal } = options;
  let last: StoredEntry | undefined;
  const stop = new AbortController();
  let watchdog = clock.after(readBackMs, () => stop.abort(), { background: true });
  try {
    for await (const batch of log.read(1, AbortSignal.any([stop.signal, signal]))) {
      watchdog.cancel();
      for (const stored of batch) {
        requireNext(last, stored);
        last = stored;
        if (stored.number < until.entry) continue;
        if (hashOf(stored.payload) === until.hash) return;
        throw damageAfter(last, 'another entry stands there than was folded');
      }
      watchdog = clock.after(readBackMs, () => stop.abort(), { background: true });
    }
  } finally {
    watchdog.cancel();
    stop.abort();
  }
  if (!signal.aborted) throw damageAfter(last, 'the server counts it, but it cannot be read');
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
