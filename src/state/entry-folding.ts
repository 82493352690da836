/** One entry of the log being folded straight into the state: nothing is decided here, so nothing need be staged beside it. */
import type { Commit, ObjectRecord } from '../../machines/index.ts';
import type { Change } from './applied-entry.ts';
import { recordAfter } from './commit-step.ts';
import { kindOf, type ObjectStore, type Slot } from './object-store.ts';
import type { OutcomeMemory, Replaced } from './outcome-memory.ts';
import { acceptedOutcome, type RememberedOutcome } from './outcomes.ts';
import { contentSum, HashSum, objectHash, type Hash } from './state-hash.ts';

export class EntryFolding {
  readonly changes: Change[] = [];
  /** The sum of all hashes so far. */
  readonly total: HashSum;
  readonly #store: ObjectStore;
  readonly #outcomes: OutcomeMemory;
  readonly #firstOutcome: number;
  #remembered: RememberedOutcome[] = [];
  readonly #replaced: Replaced[] = [];

  constructor(store: ObjectStore, outcomes: OutcomeMemory, total: Hash) {
    this.#store = store;
    this.#outcomes = outcomes;
    this.#firstOutcome = outcomes.next;
    this.total = new HashSum(total);
  }

  /** The number of the first outcome that this entry made the state remember. */
  get firstOutcome(): number {
    return this.#firstOutcome;
  }

  /** What it made the state remember, in order. */
  get outcomes(): readonly RememberedOutcome[] {
    return this.#remembered;
  }

  /** Applies one commit. Raises IllegalEventError where its machine refuses, and then nothing of the commit is folded. */
  fold(commit: Commit, time: number): void {
    const kind = kindOf(commit.kind);
    const slot = this.#store.get(commit.kind, commit.namespace, commit.name);
    const before = slot?.record;
    const after = recordAfter(kind, commit, before, time);
    this.#put(slot, after);
    this.remember(acceptedOutcome(commit, before ?? commit));
    this.changes.push({ commit, before, after });
  }

  /** Remembers what became of a command, unless that is closed. */
  remember(outcome: RememberedOutcome): void {
    if (this.#outcomes.remember(outcome, this.total, (replaced) => this.#replace(replaced)))
      this.#remembered.push(outcome);
  }

  /** Puts everything back: the entry is not what it must be. */
  undo(): void {
    for (const { before, after } of this.changes.toReversed()) {
      const key = after ?? before;
      if (key !== undefined) this.#put(this.#store.get(key.kind, key.namespace, key.name), before);
    }
    this.#outcomes.takeBack(this.#firstOutcome, this.#replaced);
  }

  #replace(replaced: Replaced): void {
    this.#replaced.push(replaced);
    const { commandId } = replaced.outcome;
    if (replaced.number >= this.#firstOutcome)
      this.#remembered = this.#remembered.filter((outcome) => outcome.commandId !== commandId);
  }

  #put(slot: Slot | undefined, after: ObjectRecord | undefined): void {
    if (slot !== undefined) this.total.subtract(objectHash(slot.record, slot));
    if (after !== undefined) {
      const content = contentSum(slot?.record, after, slot);
      this.total.add(objectHash(after, content));
      if (slot === undefined) this.#store.add(after, content);
      else this.#store.replace(slot, after, content);
    } else if (slot !== undefined) this.#store.remove(slot);
  }
}
