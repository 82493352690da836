/** The fold of the log: all objects, remembered outcomes, position and state hash. Deterministic; told only by entries. */
import type { ObjectContext, ObjectKey, ObjectRecord, View } from '../../machines/index.ts';
import type { Position } from '../log/entry.ts';
import { commandHorizon } from './horizon.ts';
import { ObjectStore, type Slot } from './object-store.ts';
import { OutcomeMemory } from './outcome-memory.ts';
import { OUTCOMES_PER_HORIZON_REVISION, type RememberedOutcome } from './outcomes.ts';
import type { Overlay } from './overlay.ts';
import { outcomeHash, stateHashText, sum } from './state-hash.ts';

/** Version of the fold: raised when the same log would fold into another state, so that stored states are not trusted across. */
export const FOLD_VERSION = 1;

/** An object of a kept state. */
export interface KeptObject {
  readonly record: ObjectRecord;
  /** The sum of the hashes of its parts and its head, as computed from what was kept. */
  readonly hash: bigint;
  /** Never less than the bytes of its parts as JSON. */
  readonly bytesAtMost: number;
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
  readonly ids: readonly string[];
  /** The sum of all hashes after it. */
  readonly total: bigint;
  readonly forgottenThrough: number;
}

export const EMPTY_POSITION: Position = { lineage: '', entry: 0, revision: 0, hash: '' };

export class CellState implements View {
  readonly #store = new ObjectStore();
  readonly #outcomes = new OutcomeMemory();
  #position: Position = EMPTY_POSITION;
  #time = 0;
  #total = 0n;
  #forgottenThrough = 0;

  /** Takes over a kept state, summing up its hashes: compare `stateHash()` with the log's before trusting it. */
  static from(kept: KeptState): CellState {
    const state = new CellState();
    let total = 0n;
    for (const { record, hash, bytesAtMost } of kept.objects) {
      state.#store.add({ record, hashes: undefined, bytesAtMost });
      total = sum(total, hash);
    }
    for (const outcome of kept.outcomes) state.#outcomes.add(outcome);
    state.#outcomes.keepLast(kept.outcomeCount);
    for (const outcome of state.#outcomes) total = sum(total, outcomeHash(outcome));
    state.#total = total;
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

  get total(): bigint {
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

  /** What the horizon forgets once the overlay's outcomes are added: ids, the total after, and the new bound. Changes nothing. */
  forget(overlay: Overlay): Forgotten {
    const horizon = commandHorizon(overlay);
    const oldest = overlay.revision - horizon;
    let remaining = this.#outcomes.size + overlay.outcomes.size;
    const most = horizon * OUTCOMES_PER_HORIZON_REVISION;
    let { total } = overlay;
    let forgottenThrough = this.#forgottenThrough;
    const ids: string[] = [];
    for (const outcome of this.#outcomes) {
      if (outcome.revision >= oldest && remaining <= most) break;
      remaining--;
      if (overlay.outcomes.has(outcome.commandId)) continue;
      ids.push(outcome.commandId);
      total = sum(total, 0n, outcomeHash(outcome));
      forgottenThrough = Math.max(forgottenThrough, outcome.revision);
    }
    return { ids, total, forgottenThrough };
  }

  /** Makes an overlay part of the state, at the position of the entry that holds it. */
  adopt(overlay: Overlay, position: Position, time: number): void {
    const { ids, total, forgottenThrough } = overlay.forgotten;
    for (const outcome of overlay.outcomes.values()) this.#outcomes.add(outcome);
    this.#outcomes.forget(ids);
    for (const { slot, record, hashes, bytesAtMost } of overlay.objects) {
      // Another life of the same name is another object, with a place of its own.
      const isSame = slot !== undefined && slot.record.uid === record?.uid;
      if (slot !== undefined && !isSame) this.#store.remove(slot);
      if (record === undefined) continue;
      if (isSame) this.#store.replace(slot, { record, hashes, bytesAtMost });
      else this.#store.add({ record, hashes, bytesAtMost });
    }
    this.#total = total;
    this.#forgottenThrough = forgottenThrough;
    this.#position = position;
    this.#time = time;
  }
}
