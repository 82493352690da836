/** The log in memory, for simulations and tests: what was received, stored, synced, acknowledged and delivered are kept apart, so that each step can fail by itself. */
import type { Clock } from '../foundation/clock.ts';
import { LogUnavailableError, type AppendOutcome, type EventLog, type StoredEntry } from './event-log.ts';

/** What may befall one append. Without a fault it is stored, synced and acknowledged at once. */
export interface AppendFault {
  /** It never arrives. */
  readonly lostOnTheWay?: boolean;
  /** It is stored so much later, even after its sender has given up. */
  readonly storedAfterMs?: number;
  /** It is stored, and nobody is told. */
  readonly acknowledgementLost?: boolean;
  /** The sender is told so much later. */
  readonly acknowledgedAfterMs?: number;
  /** It is acknowledged without being on disk: lost by `losePower`. */
  readonly notSynced?: boolean;
}

/** How far the log is, as numbers of entries; what the others say may be behind what is stored. */
export interface MemoryLogMarks {
  /** Appends that arrived, accepted or not. */
  readonly received: number;
  readonly stored: number;
  readonly synced: number;
  /** The last entry whose sender was told. */
  readonly acknowledged: number;
  /** The highest entry any reader was given. */
  readonly delivered: number;
}

export interface MemoryLogOptions {
  readonly cell: string;
  readonly lineage: string;
  readonly clock: Clock;
  /** How long an append waits before its outcome is unknown. */
  readonly appendTimeoutMs: number;
  /** Asked for each append; no fault when undefined. */
  faultOf?(number: number, payload: Uint8Array): AppendFault | undefined;
  /** Told of each entry the moment it is stored. */
  onStored?(entry: StoredEntry): void;
}

/** Appended to a log that was left behind. */
export class SealedLogError extends Error {
  override readonly name = 'SealedLogError';
}

/** The reason of an unknown outcome. */
export class NoAnswerError extends Error {
  override readonly name = 'NoAnswerError';
}

export class MemoryLog implements EventLog {
  readonly cell: string;
  readonly lineage: string;
  readonly #options: MemoryLogOptions;
  /** By number; one that was removed leaves a hole. */
  readonly #stored = new Map<number, Uint8Array>();
  #last = 0;
  #received = 0;
  #synced = 0;
  #acknowledged = 0;
  #delivered = 0;
  /** Requests that arrived while frozen, to be served by `thaw`. */
  #frozen: (() => void)[] | undefined;
  #sealed = false;
  /** Where each reader is. */
  readonly #readers = new Set<{ next: number }>();
  readonly #onChange = new Set<() => void>();

  constructor(options: MemoryLogOptions) {
    this.cell = options.cell;
    this.lineage = options.lineage;
    this.#options = options;
  }

  get marks(): MemoryLogMarks {
    return {
      received: this.#received,
      stored: this.#last,
      synced: this.#synced,
      acknowledged: this.#acknowledged,
      delivered: this.#delivered,
    };
  }

  append(number: number, payload: Uint8Array): Promise<AppendOutcome> {
    const { clock, appendTimeoutMs } = this.#options;
    const fault = this.#options.faultOf?.(number, payload) ?? {};
    // The sender may reuse its buffer.
    const copy = payload.slice();
    return new Promise((resolve) => {
      const cause = new NoAnswerError(`no answer within ${appendTimeoutMs} ms to append entry ${number}`);
      const timer = clock.after(appendTimeoutMs, () => resolve({ outcome: 'unknown', cause }));
      const answer = (outcome: AppendOutcome) => {
        timer.cancel();
        if (outcome.outcome === 'appended') this.#acknowledged = Math.max(this.#acknowledged, number);
        resolve(outcome);
      };
      if (fault.lostOnTheWay) return;
      const store = () => this.#receive(number, copy, fault, answer);
      this.#later(fault.storedAfterMs, () => this.#serve(store));
    });
  }

  #receive(number: number, payload: Uint8Array, fault: AppendFault, answer: (outcome: AppendOutcome) => void): void {
    this.#received++;
    if (this.#sealed)
      return answer({ outcome: 'unknown', cause: new SealedLogError(`lineage ${this.lineage} takes no entries`) });
    const accepted = number === this.#last + 1;
    const lastNumber = this.#last;
    if (accepted) {
      this.#stored.set(number, payload);
      this.#last = number;
      if (!fault.notSynced) this.#synced = number;
      this.#options.onStored?.({ number, payload });
      this.#changed();
    }
    if (fault.acknowledgementLost) return;
    this.#later(fault.acknowledgedAfterMs, () =>
      answer(accepted ? { outcome: 'appended' } : { outcome: 'refused', lastNumber }),
    );
  }

  async *read(fromNumber: number, signal: AbortSignal): AsyncGenerator<readonly StoredEntry[]> {
    // As JetStream does: who asks for what lies beyond the end gets what comes next.
    const reader = { next: Math.min(fromNumber, this.#last + 1) };
    this.#readers.add(reader);
    try {
      while (!signal.aborted) {
        const batch = this.#frozen === undefined ? this.#storedFrom(reader.next) : [];
        const last = batch.at(-1);
        if (last === undefined) {
          await this.#change(signal);
          continue;
        }
        reader.next = last.number + 1;
        this.#delivered = Math.max(this.#delivered, last.number);
        yield batch;
      }
    } finally {
      this.#readers.delete(reader);
    }
  }

  #storedFrom(fromNumber: number): StoredEntry[] {
    const entries: StoredEntry[] = [];
    for (let number = fromNumber; number <= this.#last; number++) {
      const payload = this.#stored.get(number);
      if (payload !== undefined) entries.push({ number, payload });
    }
    return entries;
  }

  async get(number: number): Promise<StoredEntry | undefined> {
    this.#requireAnswering();
    const payload = this.#stored.get(number);
    return payload && { number, payload };
  }

  async lastNumber(): Promise<number> {
    this.#requireAnswering();
    return this.#last;
  }

  /** Requests wait unanswered and readers get nothing, until `thaw`. */
  freeze(): void {
    this.#frozen ??= [];
  }

  /** What waited is served now, in order. */
  thaw(): void {
    const waiting = this.#frozen ?? [];
    this.#frozen = undefined;
    for (const serve of waiting) serve();
    this.#changed();
  }

  /** What was not synced is gone. */
  losePower(): void {
    this.loseEnd(this.#synced);
  }

  /** Entries after this one are gone, as when an older copy of the store is put back. */
  loseEnd(lastNumber: number): void {
    for (let number = lastNumber + 1; number <= this.#last; number++) this.#stored.delete(number);
    this.#last = Math.min(this.#last, lastNumber);
    this.#synced = Math.min(this.#synced, this.#last);
    for (const reader of this.#readers) reader.next = Math.min(reader.next, this.#last + 1);
    this.#changed();
  }

  /** Entries after this one cannot be read any more, though the log goes on counting from where it was. */
  loseTail(lastNumber: number): void {
    for (let number = lastNumber + 1; number <= this.#last; number++) this.#stored.delete(number);
  }

  /** Takes no more entries: the cell goes on in another lineage. */
  seal(): void {
    this.#sealed = true;
  }

  /** One entry cannot be read any more, though the log still counts it. */
  loseEntry(number: number): void {
    this.#stored.delete(number);
  }

  /** One entry is not what it was. */
  damageEntry(number: number, payload: Uint8Array): void {
    if (this.#stored.has(number)) this.#stored.set(number, payload);
  }

  #serve(request: () => void): void {
    if (this.#frozen === undefined) request();
    else this.#frozen.push(request);
  }

  #later(delayMs: number | undefined, callback: () => void): void {
    if (delayMs === undefined) callback();
    else this.#options.clock.after(delayMs, callback);
  }

  #requireAnswering(): void {
    if (this.#frozen !== undefined) throw new LogUnavailableError('the log does not answer');
  }

  #changed(): void {
    const listeners = [...this.#onChange];
    this.#onChange.clear();
    for (const listener of listeners) listener();
  }

  #change(signal: AbortSignal): Promise<void> {
    return new Promise((resolve) => {
      const listener = () => {
        signal.removeEventListener('abort', onAbort);
        resolve();
      };
      const onAbort = () => {
        this.#onChange.delete(listener);
        resolve();
      };
      this.#onChange.add(listener);
      signal.addEventListener('abort', onAbort, { once: true });
    });
  }
}
