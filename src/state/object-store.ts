/** All objects of a cell by key and by index: the base that overlays are staged on. */
import { controllerOf, kinds, OWNER_INDEX, type Kind, type ObjectRecord } from '../../machines/index.ts';
import type { ContentSum } from './state-hash.ts';

/** An object's place: it stays the same over the object's life, so indexes change only when an indexed value does. */
export interface Slot extends ContentSum {
  record: ObjectRecord;
  low: number;
  high: number;
  bytesAtMost: number;
}

type ByName = Map<string, Slot>;

/** One of a kind's indexes. */
interface Index {
  readonly name: string;
  readonly slots: Map<string, Set<Slot>>;
}

/** All objects of one kind. */
interface Objects {
  readonly kind: Kind;
  readonly namespaces: Map<string, ByName>;
  readonly indexes: readonly Index[];
}

/** The value of a kind's index for a record; undefined when it is not in it. */
export function indexValue(kind: Kind, index: string, record: ObjectRecord): string | undefined {
  if (index === OWNER_INDEX) return controllerOf(record.context.metadata)?.uid;
  return kind.indexes?.[index]?.of(record);
}

const indexNamesByKind = new Map<string, readonly string[]>();

/** Names of a kind's indexes. */
export function indexNames(kind: Kind): readonly string[] {
  let names = indexNamesByKind.get(kind.kind);
  if (names === undefined) indexNamesByKind.set(kind.kind, (names = [OWNER_INDEX, ...Object.keys(kind.indexes ?? {})]));
  return names;
}

/** The kind of that name; an unknown one is a caller's bug, since entries and commands are checked before. */
export function kindOf(name: string): Kind {
  const kind = kinds.get(name);
  if (kind === undefined) throw new Error(`there is no kind ${name}`);
  return kind;
}

export class ObjectStore {
  readonly #kinds = new Map<string, Objects>();

  get(kind: string, namespace: string, name: string): Slot | undefined {
    return this.#kinds.get(kind)?.namespaces.get(namespace)?.get(name);
  }

  *list(kind: string, namespace?: string): IterableIterator<Slot> {
    const namespaces = this.#kinds.get(kind)?.namespaces;
    if (namespaces === undefined) return;
    if (namespace === undefined) for (const byName of namespaces.values()) yield* byName.values();
    else yield* namespaces.get(namespace)?.values() ?? [];
  }

  indexed(kind: string, index: string, value: string): ReadonlySet<Slot> | undefined {
    return this.#kinds
      .get(kind)
      ?.indexes.find(({ name }) => name === index)
      ?.slots.get(value);
  }

  /** Takes in an object that has no place yet. */
  add(record: ObjectRecord, { low, high, bytesAtMost }: ContentSum): void {
    const slot: Slot = { record, low, high, bytesAtMost };
    const objects = this.#objects(record.kind);
    let names = objects.namespaces.get(record.namespace);
    if (names === undefined) objects.namespaces.set(record.namespace, (names = new Map()));
    names.set(record.name, slot);
    for (const index of objects.indexes) {
      const value = indexValue(objects.kind, index.name, record);
      if (value !== undefined) enter(index, value, slot);
    }
  }

  /** Puts a new version of an object in its place. */
  replace(slot: Slot, record: ObjectRecord, { low, high, bytesAtMost }: ContentSum): void {
    const before = slot.record;
    slot.record = record;
    slot.low = low;
    slot.high = high;
    slot.bytesAtMost = bytesAtMost;
    const { kind, indexes } = this.#objects(record.kind);
    for (const index of indexes) {
      const old = indexValue(kind, index.name, before);
      const value = indexValue(kind, index.name, record);
      if (old === value) continue;
      if (old !== undefined) leave(index, old, slot);
      if (value !== undefined) enter(index, value, slot);
    }
  }

  remove(slot: Slot): void {
    const { record } = slot;
    const { kind, indexes, namespaces } = this.#objects(record.kind);
    for (const index of indexes) {
      const value = indexValue(kind, index.name, record);
      if (value !== undefined) leave(index, value, slot);
    }
    namespaces.get(record.namespace)?.delete(record.name);
  }

  #objects(name: string): Objects {
    let objects = this.#kinds.get(name);
    if (objects === undefined) {
      const kind = kindOf(name);
      const indexes = indexNames(kind).map((index) => ({ name: index, slots: new Map() }));
      this.#kinds.set(name, (objects = { kind, namespaces: new Map(), indexes }));
    }
    return objects;
  }
}

function enter({ slots }: Index, value: string, slot: Slot): void {
  const having = slots.get(value);
  if (having === undefined) slots.set(value, new Set([slot]));
  else having.add(slot);
}

function leave({ slots }: Index, value: string, slot: Slot): void {
  const having = slots.get(value);
  having?.delete(slot);
  if (having?.size === 0) slots.delete(value);
}
