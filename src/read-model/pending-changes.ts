/** Changes waiting to be projected, several of one object folded into one: memory is bounded by the number of objects, not of commits. */
import type { ObjectRecord } from '../../machines/index.ts';
import type { Position } from '../log/entry.ts';
import type { AppliedEntry, Change } from '../state/applied-entry.ts';
import type { RememberedOutcome } from '../state/outcomes.ts';

/** What happened to one object since the read model last had it. */
export interface PendingObject {
  /** As the read model has it; undefined where it does not. */
  readonly before: ObjectRecord | undefined;
  /** As it is now; undefined once gone. */
  after: ObjectRecord | undefined;
}

/** Where the read model is once the pending changes are in it. */
export interface PendingPosition {
  readonly position: Position;
  readonly time: number;
  readonly stateHash: string;
  readonly forgottenThrough: number;
  readonly outcomeCount: number;
}

export class PendingChanges {
  /** By createdRevision. In the order of the first change, so that a name's old owner goes before its new one comes. */
  readonly #objects = new Map<number, PendingObject>();
  #outcomes: RememberedOutcome[] = [];
  #position: PendingPosition | undefined;

  get objects(): ReadonlyMap<number, PendingObject> {
    return this.#objects;
  }

  get outcomes(): readonly RememberedOutcome[] {
    return this.#outcomes;
  }

  /** Undefined while there is nothing pending. */
  get position(): PendingPosition | undefined {
    return this.#position;
  }

  /** Adds the next entry. */
  add(applied: AppliedEntry): void {
    for (const change of applied.changes) this.#addChange(change);
    const { position, forgottenThrough, outcomeCount, entry } = applied;
    this.#addOutcomes(applied.outcomes, outcomeCount);
    this.#position = { position, time: entry.time, stateHash: entry.state, forgottenThrough, outcomeCount };
  }

  /** Adds changes that came after these ones. */
  addAll(later: PendingChanges): void {
    for (const [createdRevision, object] of later.#objects) {
      this.#addObject(createdRevision, object.before, object.after);
    }
    if (later.#position === undefined) return;
    this.#addOutcomes(later.#outcomes, later.#position.outcomeCount);
    this.#position = later.#position;
  }

  #addChange({ before, after }: Change): void {
    const createdRevision = (after ?? before)?.createdRevision;
    // A commit that both creates and removes leaves nothing to show.
    if (createdRevision !== undefined) this.#addObject(createdRevision, before, after);
  }

  #addObject(createdRevision: number, before: ObjectRecord | undefined, after: ObjectRecord | undefined): void {
    const known = this.#objects.get(createdRevision);
    if (known === undefined) {
      this.#objects.set(createdRevision, { before, after });
      return;
    }
    known.after = after;
    if (after === undefined && known.before === undefined) this.#objects.delete(createdRevision);
  }

  /** Keeps about as many as the state remembers: what is forgotten before it was written need not be. */
  #addOutcomes(outcomes: readonly RememberedOutcome[], outcomeCount: number): void {
    for (const outcome of outcomes) this.#outcomes.push(outcome);
    if (this.#outcomes.length > 2 * outcomeCount) this.#outcomes = lastOutcomes(this.#outcomes, outcomeCount);
  }
}

/** The last so many outcomes that different commands had, oldest first: what a state that remembers so many remembers. */
export function lastOutcomes(outcomes: readonly RememberedOutcome[], count: number): RememberedOutcome[] {
  const seen = new Set<string>();
  const last: RememberedOutcome[] = [];
  for (let index = outcomes.length - 1; index >= 0 && last.length < count; index--) {
    const outcome = outcomes[index];
    if (outcome === undefined || seen.has(outcome.commandId)) continue;
    seen.add(outcome.commandId);
    last.push(outcome);
  }
  return last.toReversed();
}
