/** The remembered outcomes of a fold: by id for repeats, and oldest first for the horizon. */
import { OutcomeColumns } from './outcome-columns.ts';
import type { RememberedOutcome } from './outcomes.ts';
import { HashSum, idHash, NO_HASH, outcomeHash, type Hash } from './state-hash.ts';

// Columns in a ring instead of objects in a Map: 200,000 of them take half the memory, are no work for the collector, and
// neither finding nor forgetting one walks over what was forgotten before.

const CAPACITY_MIN = 1_024;
/** Places of the table for each of the ring's: few enough are taken that a search ends at the first or second. */
const TABLE_FACTOR = 2;
const NOWHERE = -1;

/** What the horizon forgets, oldest first. */
export interface Forgettable {
  /** Outcomes are numbered as they come: all before this number. */
  readonly until: number;
  /** The sum of their hashes. */
  readonly hash: Hash;
  /** The highest revision among them; 0 where there are none. */
  readonly throughRevision: number;
}

export interface ForgetRequest {
  /** Outcomes decided before this revision are forgotten, */
  readonly oldestRevision: number;
  /** and further ones while more than `most` of all `count` are left, */
  readonly most: number;
  readonly count: number;
  /** but none from this number on. */
  readonly end: number;
  /** Of those whose place a newer one takes, which are not of the count. */
  isReplaced?(commandId: string): boolean;
}

/** An outcome whose place another took. */
export interface Replaced {
  readonly number: number;
  readonly outcome: RememberedOutcome;
}

export class OutcomeMemory {
  #columns = new OutcomeColumns(CAPACITY_MIN);
  /** Place in the columns, plus 1, of an outcome whose id hashes here or a little before; 0 is free. */
  #table = new Int32Array(CAPACITY_MIN * TABLE_FACTOR);
  #first = 0;
  #next = 0;
  #size = 0;

  get size(): number {
    return this.#size;
  }

  /** The number that the next outcome will have. */
  get next(): number {
    return this.#next;
  }

  get(commandId: string): RememberedOutcome | undefined {
    const place = this.#find(commandId, idHash(commandId).low);
    return place === NOWHERE ? undefined : this.#columns.read(place);
  }

  /** The hash of what is remembered of a command. */
  hashOf(commandId: string): Hash {
    const place = this.#find(commandId, idHash(commandId).low);
    return place === NOWHERE ? NO_HASH : this.#columns.hash(place);
  }

  /** Remembers it as the latest, in place of an earlier one of the same id. Corrects the sum. */
  add(outcome: RememberedOutcome, total: HashSum): void {
    const { low, high } = idHash(outcome.commandId);
    this.#put(outcome, { low, high }, this.#find(outcome.commandId, low), total);
  }

  /**
   * Remembers it unless its id is closed: accepted and unchanged close it, a refusal stands until a higher attempt. Corrects the
   * sum, tells whose place it took, and returns whether it was remembered.
   */
  remember(outcome: RememberedOutcome, total: HashSum, onReplaced: (replaced: Replaced) => void): boolean {
    const { low, high } = idHash(outcome.commandId);
    const known = this.#find(outcome.commandId, low);
    if (known !== NOWHERE) {
      const before = this.#columns.read(known);
      if (!reopens(before, outcome.attempt)) return false;
      onReplaced({ number: this.#numberOf(known), outcome: before });
    }
    this.#put(outcome, { low, high }, known, total);
    return true;
  }

  /** Forgets all but the last so many. */
  keepLast(count: number, total: HashSum): void {
    const request = { oldestRevision: 0, most: count, count: this.#size, end: this.#next };
    const { until, hash } = this.forgettable(request);
    total.subtract(hash);
    this.forgetBefore(until);
  }

  /** What is to be forgotten; changes nothing. */
  forgettable({ oldestRevision, most, count, end, isReplaced }: ForgetRequest): Forgettable {
    const columns = this.#columns;
    const hash = new HashSum();
    let throughRevision = 0;
    let left = count;
    let number = this.#first;
    for (; number < end; number++) {
      const place = columns.place(number);
      if (columns.isFree(place)) continue;
      const revision = columns.revision(place);
      if (revision >= oldestRevision && left <= most) break;
      if (isReplaced?.(columns.id(place)) === true) continue;
      left--;
      hash.add(columns.hash(place));
      throughRevision = Math.max(throughRevision, revision);
    }
    return { until: number, hash, throughRevision };
  }

  forgetBefore(until: number): void {
    for (; this.#first < until; this.#first++) this.#remove(this.#columns.place(this.#first));
  }

  /** Takes back everything from a number on, and gives those whose place it took their places again. */
  takeBack(next: number, replaced: readonly Replaced[]): void {
    for (; this.#next > next; this.#next--) this.#remove(this.#columns.place(this.#next - 1));
    for (const { number, outcome } of replaced) {
      if (number >= next) continue;
      const { low, high } = idHash(outcome.commandId);
      this.#write(number, outcome, { low, high });
    }
  }

  /** Oldest first. */
  *[Symbol.iterator](): IterableIterator<RememberedOutcome> {
    for (let at = this.#first; at < this.#next; at++) {
      const place = this.#columns.place(at);
      if (!this.#columns.isFree(place)) yield this.#columns.read(place);
    }
  }

  #put(outcome: RememberedOutcome, id: Hash, known: number, total: HashSum): void {
    if (known !== NOWHERE) {
      total.subtract(this.#columns.hash(known));
      this.#remove(known);
    }
    if (this.#next - this.#first === this.#columns.capacity) this.#grow();
    total.add(this.#write(this.#next++, outcome, id));
  }

  #write(number: number, outcome: RememberedOutcome, id: Hash): Hash {
    const place = this.#columns.place(number);
    const hash = outcomeHash(id, outcome);
    this.#columns.write(place, outcome, id, hash);
    this.#enter(place);
    this.#size++;
    return hash;
  }

  #remove(place: number): void {
    if (this.#columns.isFree(place)) return;
    this.#leave(place);
    this.#columns.free(place);
    this.#size--;
  }

  /** A place's outcome by its number, which is the one of all with that place that is in the ring. */
  #numberOf(place: number): number {
    return this.#first + ((place - this.#columns.place(this.#first)) & (this.#columns.capacity - 1));
  }

  #find(commandId: string, idLow: number): number {
    const mask = this.#table.length - 1;
    for (let index = idLow & mask; ; index = (index + 1) & mask) {
      const place = (this.#table[index] ?? 0) - 1;
      if (place === NOWHERE || this.#columns.isOf(place, commandId, idLow)) return place;
    }
  }

  #enter(place: number): void {
    const mask = this.#table.length - 1;
    let index = this.#columns.idLow(place) & mask;
    while (this.#table[index] !== 0) index = (index + 1) & mask;
    this.#table[index] = place + 1;
  }

  /** What had to go on to a later index because this one was taken moves up. */
  #leave(place: number): void {
    const table = this.#table;
    const mask = table.length - 1;
    let hole = this.#columns.idLow(place) & mask;
    while (table[hole] !== place + 1) hole = (hole + 1) & mask;
    for (let index = (hole + 1) & mask; table[index] !== 0; index = (index + 1) & mask) {
      const home = this.#columns.idLow((table[index] ?? 0) - 1) & mask;
      if (((index - home) & mask) < ((index - hole) & mask)) continue;
      table[hole] = table[index] ?? 0;
      hole = index;
    }
    table[hole] = 0;
  }

  #grow(): void {
    const before = this.#columns;
    this.#columns = before.grown(this.#first, this.#next);
    this.#table = new Int32Array(this.#columns.capacity * TABLE_FACTOR);
    for (let number = this.#first; number < this.#next; number++) {
      const place = this.#columns.place(number);
      if (!this.#columns.isFree(place)) this.#enter(place);
    }
  }
}

/** Whether a command may be decided anew. */
export function reopens(known: RememberedOutcome, attempt: number): boolean {
  return known.outcome === 'refused' && known.attempt < attempt;
}
