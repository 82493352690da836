// A chain of entries for tests of the log, and the check of one that is independent of the fold.
import { encodeEntry, hashOf, decodeEntry, ENTRY_VERSION, LogDamageError } from '../../src/log/entry.ts';
import type { EventLog, StoredEntry } from '../../src/log/event-log.ts';

/** Makes the payloads of a chain, one after the other, each of at least so many bytes. */
export class ChainMaker {
  readonly #lineage: string;
  #number: number;
  #previous: string;

  constructor(options: { readonly lineage?: string; readonly number?: number; readonly previous?: string } = {}) {
    this.#lineage = options.lineage ?? '1';
    this.#number = options.number ?? 0;
    this.#previous = options.previous ?? '';
  }

  /** The number of the last entry made. */
  get number(): number {
    return this.#number;
  }

  next(paddingBytes = 0): StoredEntry {
    const number = ++this.#number;
    const payload = encodeEntry(
      {
        version: ENTRY_VERSION,
        number,
        lineage: this.#lineage,
        firstRevision: number,
        writer: 'test',
        time: number,
        previous: this.#previous,
        state: '',
        fold: 1,
      },
      { commits: [], refused: [], unchanged: [JSON.stringify({ commandId: 'x'.repeat(paddingBytes), attempt: 1 })] },
    );
    this.#previous = hashOf(payload);
    return { number, payload };
  }
}

/** Appends so many entries of a chain, each of which must be accepted. */
export async function appendChain(log: EventLog, chain: ChainMaker, count: number, bytes = 0): Promise<StoredEntry[]> {
  const entries: StoredEntry[] = [];
  while (entries.length < count) {
    const entry = chain.next(bytes);
    const outcome = await log.append(entry.number, entry.payload);
    if (outcome.outcome !== 'appended') throw new Error(`entry ${entry.number}: ${JSON.stringify(outcome)}`);
    entries.push(entry);
  }
  return entries;
}

/** Number and hash of each: what a test compares, whatever kind of byte array the payload is. */
export function summary(entries: readonly (StoredEntry | undefined)[]): string[] {
  return entries.map((entry) => (entry === undefined ? 'none' : `${entry.number} ${hashOf(entry.payload)}`));
}

/** Reads from a number until so many entries came. */
export async function readCount(log: EventLog, fromNumber: number, count: number): Promise<StoredEntry[]> {
  const stop = new AbortController();
  const entries: StoredEntry[] = [];
  for await (const batch of log.read(fromNumber, stop.signal)) {
    entries.push(...batch);
    if (entries.length >= count) break;
  }
  stop.abort();
  return entries;
}

/** Follows a log and raises LogDamageError at the first wrong entry: numbers, chain, shape. */
export class ChainCheck {
  #number = 0;
  #previous = '';

  get number(): number {
    return this.#number;
  }

  get hash(): string {
    return this.#previous;
  }

  check({ number, payload }: StoredEntry): void {
    const at = { entry: this.#number + 1, revision: this.#number + 1 };
    if (number !== at.entry) throw new LogDamageError({ ...at, what: `entry ${number} follows entry ${this.#number}` });
    const entry = decodeEntry(payload, at);
    if (entry.number !== number) throw new LogDamageError({ ...at, what: `it says it is entry ${entry.number}` });
    if (entry.previous !== this.#previous) throw new LogDamageError({ ...at, what: 'the chain is broken' });
    this.#number = number;
    this.#previous = hashOf(payload);
  }
}
