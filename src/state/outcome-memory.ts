/** The remembered outcomes of a fold: by id for repeats, and oldest first for the horizon. */
import type { RememberedOutcome } from './outcomes.ts';

export class OutcomeMemory {
  readonly #byId = new Map<string, RememberedOutcome>();
  // A Map's own order would do, but its iterator walks over everything deleted from the front: 100,000 holes a commit.
  /** In the order they were decided; one that was replaced or forgotten is no longer under its id. */
  #order: RememberedOutcome[] = [];
  #front = 0;

  get size(): number {
    return this.#byId.size;
  }

  get(commandId: string): RememberedOutcome | undefined {
    return this.#byId.get(commandId);
  }

  /** Remembers it as the latest, in place of an earlier one of the same id. */
  add(outcome: RememberedOutcome): void {
    this.#byId.set(outcome.commandId, outcome);
    this.#order.push(outcome);
  }

  /** Forgets all but the last so many. */
  keepLast(count: number): void {
    const ids: string[] = [];
    for (const { commandId } of this) {
      if (this.size - ids.length <= count) break;
      ids.push(commandId);
    }
    this.forget(ids);
  }

  forget(commandIds: Iterable<string>): void {
    for (const id of commandIds) this.#byId.delete(id);
    while (this.#front < this.#order.length && !this.#stands(this.#order[this.#front])) this.#front++;
    if (this.#front > this.#order.length / 2) {
      this.#order = this.#order.slice(this.#front);
      this.#front = 0;
    }
  }

  /** Oldest first. */
  *[Symbol.iterator](): IterableIterator<RememberedOutcome> {
    for (let index = this.#front; index < this.#order.length; index++) {
      const outcome = this.#order[index];
      if (outcome !== undefined && this.#stands(outcome)) yield outcome;
    }
  }

  #stands(outcome: RememberedOutcome | undefined): boolean {
    // Where as many are in order as there are, all of them stand: nearly always, and finding one among 200,000 is not free.
    if (this.#byId.size === this.#order.length - this.#front) return true;
    return outcome !== undefined && this.#byId.get(outcome.commandId) === outcome;
  }
}
