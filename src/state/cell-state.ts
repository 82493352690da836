/** The fold of the log: all objects, remembered outcomes, position and state hash. Deterministic; told only by entries. */
import type { ObjectContext, ObjectKey, ObjectRecord, View } from '../../machines/index.ts';
import type { Position } from '../log/entry.ts';
import { commandHorizon } from './horizon.ts';
import { ObjectStore, type Slot } from './object-store.ts';
import { EntryFolding } from './entry-folding.ts';
import { OutcomeMemory, type ForgetRequest } from './outcome-memory.ts';
import { OUTCOMES_PER_HORIZON_REVISION, type RememberedOutcome } from './outcomes.ts';
import type { Overlay } from './overlay.ts';
import { HashSum, objectHash, stateHashText, type ContentSum, type Hash } from './state-hash.ts';

/** Version of the fold: raised when the same log would fold into another state, so that stored states are not trusted across. */
export const FOLD_VERSION = 2;

/** An object of a kept state. */
export interface KeptObject {
  readonly record: ObjectRecord;
  /** As computed from what was kept. */
  readonly content: ContentSum;
}

/** A state as somebody kept it, to start from instead of the beginning. */
export interface KeptState {
  readonly position: Position;
  /** Time of the position's entry, Unix milliseconds. */
  readonly time: number;
  readonly forgottenThrough: number;
  readonly objects: Iterable<KeptObject>;
  /** In the order they were remembered: of one command the last stands, and older ones than the state remembers may be among them. */
  readonly outcomes: Iterable<RememberedOutcome>;
  /** How many outcomes it remembers: always the last so many. */
  readonly outcomeCount: number;
}

/** What a state forgets of its commands with an entry. */
export interface Forgotten {
  /** Outcomes are numbered as they come: all before this number. */
  readonly until: number;
  /** The sum of their hashes. */
  readonly hash: Hash;
  /** The state's `forgottenThrough` after it. */
  readonly forgottenThrough: number;
}

export const EMPTY_POSITION: Position = { lineage: '', entry: 0, revision: 0, hash: '' };

export class CellState implements View {
  readonly #store = new ObjectStore();
  readonly #outcomes = new OutcomeMemory();
  #position: Position = EMPTY_POSITION;
  #time = 0;
  readonly #total = new HashSum();
  #forgottenThrough = 0;

  /** Takes over a kept state, summing up its hashes: compare `stateHash()` with the log's before trusting it. */
  static from(kept: KeptState): CellState {
    const state = new CellState();
    for (const { record, content } of kept.objects) {
      state.#store.add(record, content);
      state.#total.add(objectHash(record, content));
    }
    for (const outcome of kept.outcomes) state.#outcomes.add(outcome, state.#total);
    state.#outcomes.keepLast(kept.outcomeCount, state.#total);
    state.#position = kept.position;
    state.#time = kept.time;
    state.#forgottenThrough = kept.forgottenThrough;
    return state;
  }

  get position(): Position {
    return this.#position;
  }

  get revision(): number {
    return this.#position.revision;
  }

  /** Time of the last entry, Unix milliseconds. */
  get time(): number {
    return this.#time;
  }

  get total(): Hash {
    return this.#total;
  }

  /** Outcomes decided at this revision or before may have been forgotten: a command that had seen no later one is too old. */
  get forgottenThrough(): number {
    return this.#forgottenThrough;
  }

  get outcomes(): Iterable<RememberedOutcome> {
    return this.#outcomes;
  }

  get outcomeCount(): number {
    return this.#outcomes.size;
  }

  stateHash(): string {
    return stateHashText(this.#total, this.revision, this.#forgottenThrough);
  }

  outcomeOf(commandId: string): RememberedOutcome | undefined {
    return this.#outcomes.get(commandId);
  }

  slotOf(key: ObjectKey): Readonly<Slot> | undefined {
    return this.#store.get(key.kind, key.namespace, key.name);
  }

  get<Context extends ObjectContext>(kind: string, namespace: string, name: string): ObjectRecord<Context> | undefined {
    return this.#store.get(kind, namespace, name)?.record as ObjectRecord<Context> | undefined;
  }

  *list<Context extends ObjectContext>(kind: string, namespace?: string): IterableIterator<ObjectRecord<Context>> {
    for (const slot of this.#store.list(kind, namespace)) yield slot.record as ObjectRecord<Context>;
  }

  *indexed<Context extends ObjectContext>(
    kind: string,
    index: string,
    value: string,
  ): IterableIterator<ObjectRecord<Context>> {
    for (const slot of this.#store.indexed(kind, index, value) ?? []) yield slot.record as ObjectRecord<Context>;
  }

  count(kind: string, index: string, value: string): number {
    return this.#store.indexed(kind, index, value)?.size ?? 0;
  }

  /** What the horizon forgets with an entry after which there would be `count` outcomes. Changes nothing. */
  forgettable(
    { revision, horizon }: { readonly revision: number; readonly horizon: number },
    request: Pick<ForgetRequest, 'count' | 'isReplaced'> & { readonly end?: number },
  ): Forgotten {
    const { until, hash, throughRevision } = this.#outcomes.forgettable({
      oldestRevision: revision - horizon,
      most: horizon * OUTCOMES_PER_HORIZON_REVISION,
      end: this.#outcomes.next,
      ...request,
    });
    return { until, hash, forgottenThrough: Math.max(this.#forgottenThrough, throughRevision) };
  }

  /** Makes an overlay part of the state, at the position of the entry that holds it. */
  adopt(overlay: Overlay, position: Position, time: number): void {
    // Its hashes are in the overlay's total already.
    const ignored = new HashSum();
    for (const outcome of overlay.outcomes.values()) this.#outcomes.add(outcome, ignored);
    this.#forget(overlay.forgotten);
    for (const { slot, record, content } of overlay.objects) {
      // Another life of the same name is another object, with a place of its own.
      const isSame = slot !== undefined && slot.record.uid === record?.uid;
      if (slot !== undefined && !isSame) this.#store.remove(slot);
      if (record === undefined) continue;
      if (isSame) this.#store.replace(slot, record, content);
      else this.#store.add(record, content);
    }
    this.#move(overlay.total, position, time);
  }

  /** Begins to fold an entry in place. End it with `finish`, or `undo` it: in between, the state is neither the old nor the new. */
  begin(): EntryFolding {
    return new EntryFolding(this.#store, this.#outcomes, this.#total);
  }

  /** What the horizon forgets with an entry that is folded in place. Changes nothing of the state. */
  forgettableAfter(folding: EntryFolding, revision: number): Forgotten {
    return this.forgettable(
      { revision, horizon: commandHorizon(this) },
      { count: this.#outcomes.size, end: folding.firstOutcome },
    );
  }

  /** Ends an entry that was folded in place. */
  finish(folding: EntryFolding, forgotten: Forgotten, position: Position, time: number): void {
    this.#forget(forgotten);
    this.#move(folding.total, position, time);
  }

  #forget({ until, forgottenThrough }: Forgotten): void {
    this.#outcomes.forgetBefore(until);
    this.#forgottenThrough = forgottenThrough;
  }

  #move(total: Hash, position: Position, time: number): void {
    this.#total.low = total.low;
    this.#total.high = total.high;
    this.#position = position;
    this.#time = time;
  }
}
