/** Outcomes as columns: the places of a ring, each a number of a few bytes and references to texts that others hold anyway. */
import type { Refusal } from '../../machines/index.ts';
import type { RememberedOutcome } from './outcomes.ts';
import type { Hash } from './state-hash.ts';

const FREE = 0;
const CODES = { accepted: 1, unchanged: 2, refused: 3 } as const;
const OUTCOMES = [undefined, 'accepted', 'unchanged', 'refused'] as const;

export class OutcomeColumns {
  /** A power of two. */
  readonly capacity: number;
  readonly #ids: (string | undefined)[];
  readonly #uids: (string | undefined)[];
  readonly #names: (string | undefined)[];
  readonly #codes: Uint8Array;
  readonly #revisions: Float64Array;
  readonly #attempts: Float64Array;
  readonly #idLows: Int32Array;
  readonly #lows: Int32Array;
  readonly #highs: Int32Array;
  readonly #refusals = new Map<number, Refusal>();

  constructor(capacity: number) {
    this.capacity = capacity;
    this.#ids = noTexts(capacity);
    this.#uids = noTexts(capacity);
    this.#names = noTexts(capacity);
    this.#codes = new Uint8Array(capacity);
    this.#revisions = new Float64Array(capacity);
    this.#attempts = new Float64Array(capacity);
    this.#idLows = new Int32Array(capacity);
    this.#lows = new Int32Array(capacity);
    this.#highs = new Int32Array(capacity);
  }

  place(number: number): number {
    return number & (this.capacity - 1);
  }

  isFree(place: number): boolean {
    return this.#codes[place] === FREE;
  }

  isOf(place: number, commandId: string, idLow: number): boolean {
    return this.#idLows[place] === idLow && this.#ids[place] === commandId;
  }

  id(place: number): string {
    return this.#ids[place] ?? '';
  }

  idLow(place: number): number {
    return this.#idLows[place] ?? 0;
  }

  revision(place: number): number {
    return this.#revisions[place] ?? 0;
  }

  hash(place: number): Hash {
    return { low: this.#lows[place] ?? 0, high: this.#highs[place] ?? 0 };
  }

  read(place: number): RememberedOutcome {
    const outcome = OUTCOMES[this.#codes[place] ?? FREE];
    if (outcome === undefined) throw new Error(`there is no outcome at place ${place}`);
    const refusal = outcome === 'refused' ? this.#refusals.get(place) : undefined;
    const known = {
      commandId: this.id(place),
      attempt: this.#attempts[place] ?? 0,
      outcome,
      revision: this.revision(place),
    };
    if (refusal !== undefined) return { ...known, refusal };
    const uid = this.#uids[place];
    const name = this.#names[place];
    return uid === undefined || name === undefined ? known : { ...known, uid, name };
  }

  write(place: number, outcome: RememberedOutcome, id: Hash, hash: Hash): void {
    this.#ids[place] = outcome.commandId;
    this.#uids[place] = outcome.uid;
    this.#names[place] = outcome.name;
    this.#codes[place] = CODES[outcome.outcome];
    this.#revisions[place] = outcome.revision;
    this.#attempts[place] = outcome.attempt;
    this.#idLows[place] = id.low;
    this.#lows[place] = hash.low;
    this.#highs[place] = hash.high;
    if (outcome.refusal !== undefined) this.#refusals.set(place, outcome.refusal);
  }

  free(place: number): void {
    this.#ids[place] = undefined;
    this.#uids[place] = undefined;
    this.#names[place] = undefined;
    this.#codes[place] = FREE;
    if (this.#refusals.size > 0) this.#refusals.delete(place);
  }

  /** Twice as many places, with the outcomes of these numbers in them. */
  grown(first: number, next: number): OutcomeColumns {
    const larger = new OutcomeColumns(this.capacity * 2);
    for (let number = first; number < next; number++) {
      const place = this.place(number);
      if (!this.isFree(place)) larger.#copy(larger.place(number), this, place);
    }
    return larger;
  }

  #copy(place: number, from: OutcomeColumns, old: number): void {
    this.#ids[place] = from.#ids[old];
    this.#uids[place] = from.#uids[old];
    this.#names[place] = from.#names[old];
    this.#codes[place] = from.#codes[old] ?? FREE;
    this.#revisions[place] = from.#revisions[old] ?? 0;
    this.#attempts[place] = from.#attempts[old] ?? 0;
    this.#idLows[place] = from.#idLows[old] ?? 0;
    this.#lows[place] = from.#lows[old] ?? 0;
    this.#highs[place] = from.#highs[old] ?? 0;
    const refusal = from.#refusals.get(old);
    if (refusal !== undefined) this.#refusals.set(place, refusal);
  }
}

/** Filled one by one: as large as it may become, an array made by its length is slower to fill and to read. */
function noTexts(count: number): (string | undefined)[] {
  const texts: (string | undefined)[] = [];
  for (let place = 0; place < count; place++) texts.push(undefined);
  return texts;
}
