/** A log in memory whose appends end as a test says: for the rules of the writer. */
import type { AppendOutcome, EventLog, StoredEntry } from '../../src/log/event-log.ts';

/** How one append ends. `stored-unknown`: it is stored, but nobody says so; `lost-unknown`: it never arrives; `late`: it arrives when released. */
export type Fate = 'appended' | 'stored-unknown' | 'lost-unknown' | 'late';

export class ScriptedLog implements EventLog {
  readonly cell = 'test';
  readonly lineage = 'one';
  readonly payloads: Uint8Array[] = [];
  /** Every append tried, stored or not. */
  readonly attempts: { readonly number: number; readonly payload: Uint8Array }[] = [];
  readonly #fates: Fate[] = [];
  readonly #late: { readonly number: number; readonly payload: Uint8Array }[] = [];
  /** Called before each append: the moment for another writer to be quicker. */
  beforeAppend: (() => void | Promise<void>) | undefined;

  /** The next appends end like this; those after them are appended. */
  script(...fates: Fate[]): void {
    this.#fates.push(...fates);
  }

  async append(number: number, payload: Uint8Array): Promise<AppendOutcome> {
    await this.beforeAppend?.();
    this.attempts.push({ number, payload });
    const fate = this.#fates.shift() ?? 'appended';
    if (fate === 'late') this.#late.push({ number, payload });
    if (fate === 'late' || fate === 'lost-unknown') return { outcome: 'unknown', cause: new Error('timed out') };
    const stored = this.store(number, payload);
    if (fate === 'stored-unknown') return { outcome: 'unknown', cause: new Error('timed out') };
    return stored ? { outcome: 'appended' } : { outcome: 'refused', lastNumber: this.payloads.length };
  }

  /** What arrived late arrives now; it is stored where its number still fits. */
  releaseLate(): void {
    for (const { number, payload } of this.#late.splice(0)) this.store(number, payload);
  }

  /** Stores as the server does: only where the number is the next one. */
  store(number: number, payload: Uint8Array): boolean {
    if (number !== this.payloads.length + 1) return false;
    this.payloads.push(payload);
    return true;
  }

  async *read(fromNumber: number, signal: AbortSignal): AsyncIterable<readonly StoredEntry[]> {
    const entries = this.payloads.map((payload, index) => ({ number: index + 1, payload })).slice(fromNumber - 1);
    if (entries.length > 0) yield entries;
    await new Promise<void>((resolve) => {
      if (signal.aborted) resolve();
      else signal.addEventListener('abort', () => resolve(), { once: true });
    });
  }

  get(number: number): Promise<StoredEntry | undefined> {
    const payload = this.payloads[number - 1];
    return Promise.resolve(payload && { number, payload });
  }

  lastNumber(): Promise<number> {
    return Promise.resolve(this.payloads.length);
  }
}
