/** Reads what history lacks from the log, in portions of one transaction and with rests between them. */
import type { Clock } from '../../foundation/clock.ts';
import { LogUnavailableError, type EventLog, type StoredEntry } from '../../log/event-log.ts';
import { CATCH_UP_REST_SHARE, RECORD_MAX_BYTES, RECORD_MAX_ENTRIES } from './recorder-options.ts';

/** One catching up at a time, that can be broken off. */
export class CatchUp {
  #stop: AbortController | undefined;

  get isRunning(): boolean {
    return this.#stop !== undefined;
  }

  /** `onEnd` is told what went wrong; also called when it was broken off, then without. */
  begin(work: (signal: AbortSignal) => Promise<void>, onEnd: (error?: unknown) => void): void {
    const stop = new AbortController();
    this.#stop = stop;
    const end = (error?: unknown) => {
      if (this.#stop === stop) this.#stop = undefined;
      onEnd(stop.signal.aborted ? undefined : error);
    };
    work(stop.signal).then(() => end(), end);
  }

  breakOff(): void {
    this.#stop?.abort();
    this.#stop = undefined;
  }
}

/** Has everything from an entry on recorded until `record` says that it is enough. Raises LogUnavailableError. */
export async function catchUpWithLog(
  { log, clock, from }: { readonly log: EventLog; readonly clock: Clock; readonly from: number },
  record: (entries: readonly StoredEntry[]) => Promise<boolean>,
  signal: AbortSignal,
): Promise<void> {
  for await (const entries of missingEntries(log, from, signal)) {
    const began = clock.monotonic();
    if (!(await record(entries))) return;
    await clock.sleep((clock.monotonic() - began) * CATCH_UP_REST_SHARE, signal);
  }
}

/** Entries from a number on until the signal is aborted. Raises LogUnavailableError, also for an entry that cannot be read. */
async function* missingEntries(
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
