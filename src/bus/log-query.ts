/** Reads the log for a query: entries from a number, a revision or a time on, waiting for new ones where asked to. */
import type { Clock } from '../foundation/clock.ts';
import { decodeEntry, type Entry } from '../log/entry.ts';
import type { EventLog, StoredEntry } from '../log/event-log.ts';
import type { Query } from './query-messages.ts';

/** Entries in one answer, and their bytes: a fraction of a second of reading, a few chunks. */
const ANSWER_MAX_ENTRIES = 1_000;
const ANSWER_ENTRIES_MAX_BYTES = 8 * 1024 * 1024;

/** Pieces of `{"entries":[...],"next":N}`; `next` is where to go on. */
export async function readLog(
  log: EventLog,
  query: Query<'log'>,
  clock: Clock,
  signal: AbortSignal,
): Promise<readonly Uint8Array[]> {
  const last = await log.lastNumber();
  const first = query.entry ?? (await firstWanted(log, query, last));
  const entries = await readEntries(log, { first, last, waitMs: query.waitMs ?? 0 }, clock, signal);
  const next = (entries.at(-1)?.number ?? first - 1) + 1;
  const pieces: Uint8Array[] = [Buffer.from('{"entries":[')];
  for (const [index, { payload }] of entries.entries()) {
    if (index > 0) pieces.push(Buffer.from(','));
    pieces.push(payload);
  }
  pieces.push(Buffer.from(`],"next":${next}}`));
  return pieces;
}

async function readEntries(
  log: EventLog,
  wanted: { readonly first: number; readonly last: number; readonly waitMs: number },
  clock: Clock,
  signal: AbortSignal,
): Promise<readonly StoredEntry[]> {
  const { first, last, waitMs } = wanted;
  if (first > last && waitMs === 0) return [];
  const stop = new AbortController();
  const timer = first > last ? clock.after(waitMs, () => stop.abort(), { background: true }) : undefined;
  const entries: StoredEntry[] = [];
  let bytes = 0;
  try {
    for await (const batch of log.read(first, AbortSignal.any([stop.signal, signal]))) {
      for (const entry of batch) {
        entries.push(entry);
        bytes += entry.payload.byteLength;
        if (entries.length >= ANSWER_MAX_ENTRIES || bytes >= ANSWER_ENTRIES_MAX_BYTES) return entries;
      }
      if ((entries.at(-1)?.number ?? 0) >= last) return entries;
    }
    return entries;
  } finally {
    timer?.cancel();
    stop.abort();
  }
}

/** The first entry that may hold the wanted revision or time, by halving: both only grow along the log. */
async function firstWanted(log: EventLog, query: Query<'log'>, last: number): Promise<number> {
  const { fromRevision, fromTime } = query;
  if (fromRevision === undefined && fromTime === undefined) return 1;
  const isBefore = ({ firstRevision, commits, time }: Entry) =>
    fromRevision === undefined ? time < (fromTime ?? 0) : firstRevision + commits.length <= fromRevision;
  let low = 1;
  let high = last + 1;
  while (low < high) {
    const middle = Math.floor((low + high) / 2);
    const stored = await log.get(middle);
    // What cannot be read is shown from here on, so that whoever reads sees where the log is wrong.
    if (stored === undefined) high = middle;
    else if (isBefore(decodeEntry(stored.payload, { entry: middle, revision: 0 }))) low = middle + 1;
    else high = middle;
  }
  return low;
}
