/** All objects of a cell by key and by index: the base that overlays are staged on. */
import {
  controllerOf,
  kinds,
  OWNER_INDEX,
  type Kind,
  type ObjectKey,
  type ObjectRecord,
} from '../../machines/index.ts';
import type { PartHashes } from './object-parts.ts';

/** An object's place: it stays the same over the object's life, so indexes change only when an indexed value does. */
export interface Slot {
  record: ObjectRecord;
  /** Undefined as long as nobody needed them: most objects of a kept state are not touched for long. */
  hashes: PartHashes | undefined;
  /** Never less than the bytes of its parts as JSON: what only a sum over all of them would say exactly. */
  bytesAtMost: number;
}

type ByName = Map<string, Slot>;

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
  readonly #kinds = new Map<string, Map<string, ByName>>();
  readonly #indexes = new Map<string, Map<string, Set<Slot>>>();

  get(kind: string, namespace: string, name: string): Slot | undefined {
    return this.#kinds.get(kind)?.get(namespace)?.get(name);
  }

  *list(kind: string, namespace?: string): IterableIterator<Slot> {
    const namespaces = this.#kinds.get(kind);
    if (namespaces === undefined) return;
    if (namespace === undefined) for (const byName of namespaces.values()) yield* byName.values();
    else yield* namespaces.get(namespace)?.values() ?? [];
  }

  indexed(kind: string, index: string, value: string): ReadonlySet<Slot> | undefined {
    return this.#indexes.get(`${kind} ${index}`)?.get(value);
  }

  /** Takes in an object that has no place yet. */
  add(slot: Slot): void {
    const { record } = slot;
    const kind = kindOf(record.kind);
    this.#names(record).set(record.name, slot);
    for (const index of indexNames(kind))
      this.#index(record.kind, index, undefined, indexValue(kind, index, record), slot);
  }

  /** Puts a new version of an object in its place. */
  replace(slot: Slot, { record, hashes, bytesAtMost }: Slot): void {
    const kind = kindOf(record.kind);
    const before = slot.record;
    slot.record = record;
    slot.hashes = hashes;
    slot.bytesAtMost = bytesAtMost;
    for (const index of indexNames(kind))
      this.#index(record.kind, index, indexValue(kind, index, before), indexValue(kind, index, record), slot);
  }

  remove(slot: Slot): void {
    const { record } = slot;
    const kind = kindOf(record.kind);
    for (const index of indexNames(kind))
      this.#index(record.kind, index, indexValue(kind, index, record), undefined, slot);
    this.#names(record).delete(record.name);
  }

  #names(key: ObjectKey): ByName {
    let namespaces = this.#kinds.get(key.kind);
    if (namespaces === undefined) this.#kinds.set(key.kind, (namespaces = new Map()));
    let names = namespaces.get(key.namespace);
    if (names === undefined) namespaces.set(key.namespace, (names = new Map()));
    return names;
  }

  #index(kind: string, index: string, before: string | undefined, after: string | undefined, slot: Slot): void {
    if (before === after) return;
    const name = `${kind} ${index}`;
    let values = this.#indexes.get(name);
    if (values === undefined) this.#indexes.set(name, (values = new Map()));
    if (before !== undefined) {
      const slots = values.get(before);
      slots?.delete(slot);
      if (slots?.size === 0) values.delete(before);
    }
    if (after !== undefined) {
      const slots = values.get(after);
      if (slots === undefined) values.set(after, new Set([slot]));
      else slots.add(slot);
    }
  }
}
