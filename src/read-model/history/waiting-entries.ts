/** Entries that were folded and wait to be recorded: a run without gaps, bounded by bytes. */
import type { StoredEntry } from '../../log/event-log.ts';
import type { Change } from '../../state/applied-entry.ts';
import { RECORD_MAX_BYTES, RECORD_MAX_ENTRIES, WAITING_MAX_BYTES } from './recorder-options.ts';

/** An entry with what it did, where it was folded here. */
export interface WaitingEntry extends StoredEntry {
  readonly changes?: readonly Change[];
}

export class WaitingEntries {
  #entries: WaitingEntry[] = [];
  #bytes = 0;

  /** Whether the entry after `recorded` is here. */
  holdsNext(recorded: number): boolean {
    const first = this.#entries[0]?.number ?? Infinity;
    return first <= recorded + 1 && recorded < (this.#entries.at(-1)?.number ?? 0);
  }

  /** Adds the next. One that does not follow, or for which there is no room, drops what waited before. */
  push(entry: WaitingEntry): void {
    const last = this.#entries.at(-1);
    const follows = last === undefined || last.number + 1 === entry.number;
    if (!follows || this.#bytes + entry.payload.byteLength > WAITING_MAX_BYTES) this.clear();
    this.#entries.push(entry);
    this.#bytes += entry.payload.byteLength;
  }

  /** Takes a message's worth of what follows `recorded`; nothing where the next one is not among them. */
  take(recorded: number): readonly WaitingEntry[] {
    while ((this.#entries[0]?.number ?? Infinity) <= recorded) this.#shift();
    if (!this.holdsNext(recorded)) return [];
    const taken: WaitingEntry[] = [];
    let bytes = 0;
    for (;;) {
      const [next] = this.#entries;
      const isFull = bytes + (next?.payload.byteLength ?? 0) > RECORD_MAX_BYTES || taken.length >= RECORD_MAX_ENTRIES;
      if (next === undefined || (taken.length > 0 && isFull)) return taken;
      bytes += next.payload.byteLength;
      taken.push(next);
      this.#shift();
    }
  }

  clear(): void {
    this.#entries = [];
    this.#bytes = 0;
  }

  #shift(): void {
    this.#bytes -= this.#entries.shift()?.payload.byteLength ?? 0;
  }
}
