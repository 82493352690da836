/** What an overlay's commits change in the indexes: worked out when somebody asks, since a replay decides nothing and never does. */
import { keyText, type Kind } from '../../machines/index.ts';
import type { Change } from './applied-entry.ts';
import { indexNames, indexValue, kindOf } from './object-store.ts';

export class StagedIndexes {
  readonly #changes: readonly Change[];
  /** How many of the changes are in the indexes. */
  #indexed = 0;
  readonly #byKind = new Map<string, Set<string>>();
  /** `kind index value` → keys staged under it. */
  readonly #byValue = new Map<string, Set<string>>();
  /** `kind index value` → how many objects more (or fewer) than in the base have that value. */
  readonly #counts = new Map<string, number>();

  /** Follows a list that only grows. */
  constructor(changes: readonly Change[]) {
    this.#changes = changes;
  }

  /** Keys of a kind that were staged, gone ones too. */
  ofKind(kind: string): Iterable<string> {
    this.#catchUp();
    return this.#byKind.get(kind) ?? [];
  }

  /** Keys of staged objects that have the value. */
  withValue(kind: string, index: string, value: string): Iterable<string> {
    this.#catchUp();
    return this.#byValue.get(`${kind} ${index} ${value}`) ?? [];
  }

  /** How many objects more than in the base have the value. */
  countAdded(kind: string, index: string, value: string): number {
    this.#catchUp();
    return this.#counts.get(`${kind} ${index} ${value}`) ?? 0;
  }

  #catchUp(): void {
    for (; this.#indexed < this.#changes.length; this.#indexed++) {
      const change = this.#changes[this.#indexed];
      if (change) this.#add(kindOf(change.commit.kind), keyText(change.commit), change);
    }
  }

  #add(kind: Kind, text: string, { before, after }: Change): void {
    const isStaged = this.#byKind.get(kind.kind)?.has(text) ?? false;
    addTo(this.#byKind, kind.kind, text);
    for (const index of indexNames(kind)) {
      const old = before && indexValue(kind, index, before);
      const value = after && indexValue(kind, index, after);
      if (old === value) {
        if (value !== undefined && !isStaged) addTo(this.#byValue, `${kind.kind} ${index} ${value}`, text);
        continue;
      }
      if (old !== undefined) {
        const name = `${kind.kind} ${index} ${old}`;
        this.#byValue.get(name)?.delete(text);
        this.#count(name, -1);
      }
      if (value !== undefined) {
        const name = `${kind.kind} ${index} ${value}`;
        addTo(this.#byValue, name, text);
        this.#count(name, 1);
      }
    }
  }

  #count(name: string, more: number): void {
    this.#counts.set(name, (this.#counts.get(name) ?? 0) + more);
  }
}

function addTo(sets: Map<string, Set<string>>, name: string, text: string): void {
  const set = sets.get(name);
  if (set === undefined) sets.set(name, new Set([text]));
  else set.add(text);
}
