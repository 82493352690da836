/** Reads what history lacks from the log, in portions of one transaction. */
import { LogUnavailableError, type EventLog, type StoredEntry } from '../../log/event-log.ts';
import { RECORD_MAX_BYTES, RECORD_MAX_ENTRIES } from './recorder-options.ts';

/** Entries from a number on until the signal is aborted. Raises LogUnavailableError, also for an entry that cannot be read. */
export async function* missingEntries(
  log: EventLog,
  from: number,
  signal: AbortSignal,
): AsyncGenerator<readonly StoredEntry[]> {
  let next = from;
  for await (const batch of log.read(from, signal)) {
    let portion: StoredEntry[] = [];
    let bytes = 0;
    for (const entry of batch) {
      if (entry.number !== next++) throw new LogUnavailableError(`entry ${next - 1} of the log cannot be read`);
      const isFull = bytes + entry.payload.byteLength > RECORD_MAX_BYTES || portion.length >= RECORD_MAX_ENTRIES;
      if (isFull && portion.length > 0) {
        yield portion;
        portion = [];
        bytes = 0;
      }
      portion.push(entry);
      bytes += entry.payload.byteLength;
    }
    if (portion.length > 0) yield portion;
  }
}
