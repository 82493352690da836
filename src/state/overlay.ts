/** What one entry does to the state, staged beside it: decided and evolved here first, adopted only once the log has the entry. */
import {
  evolve,
  initialState,
  isBeingDeleted,
  isFinal,
  keyText,
  type Commit,
  type Kind,
  type MachineState,
  type ObjectContext,
  type ObjectKey,
  type ObjectRecord,
  type RefusedCommand,
  type UnchangedCommand,
  type View,
} from '../../machines/index.ts';
import type { Change } from './applied-entry.ts';
import type { CellState } from './cell-state.ts';
import { bytesAtMost, bytesOf, changedParts, lengthOf, removedParts, type PartHashes } from './object-parts.ts';
import { indexNames, indexValue, kindOf } from './object-store.ts';
import { acceptedOutcome, refusedOutcome, unchangedOutcome, type RememberedOutcome } from './outcomes.ts';
import { outcomeHash, stateHashText, sum } from './state-hash.ts';
import { currentEvent } from './current-event.ts';

/** An object as this overlay leaves it; `record` is undefined once it is gone. */
export interface StagedObject {
  readonly key: ObjectKey;
  readonly record: ObjectRecord | undefined;
  readonly hashes: PartHashes;
  /** Never less than the bytes of its parts as JSON. */
  readonly bytesAtMost: number;
}

/** A commit that would make its object larger than the limit. */
export class ObjectTooLargeError extends Error {
  override readonly name = 'ObjectTooLargeError';
  readonly bytes: number;

  constructor(key: ObjectKey, bytes: number) {
    super(`${keyText(key)} would be ${bytes} bytes`);
    this.bytes = bytes;
  }
}

/** What the writer asks of a commit before it is staged; a follower folds whatever the log has. */
export interface StageLimits {
  readonly objectMaxBytes: number;
}

export class Overlay implements View {
  readonly #base: CellState;
  readonly #objects = new Map<string, StagedObject>();
  /** `kind index value` → keys staged under it. */
  readonly #indexes = new Map<string, Set<string>>();
  readonly #byKind = new Map<string, Set<string>>();
  /** `kind index value` → how many objects more (or fewer) than in the base have that value. */
  readonly #counts = new Map<string, number>();
  readonly #outcomes = new Map<string, RememberedOutcome>();
  readonly #refused: RefusedCommand[] = [];
  readonly #unchanged: UnchangedCommand[] = [];
  readonly changes: Change[] = [];
  #revision: number;
  #total: bigint;

  /** `firstRevision` is the revision the first commit staged will have. */
  constructor(base: CellState, firstRevision = base.revision + 1) {
    this.#base = base;
    this.#revision = firstRevision - 1;
    this.#total = base.total;
  }

  get revision(): number {
    return this.#revision;
  }

  /** The sum of all hashes, before outcomes are forgotten. */
  get total(): bigint {
    return this.#total;
  }

  get objects(): Iterable<StagedObject> {
    return this.#objects.values();
  }

  get outcomes(): ReadonlyMap<string, RememberedOutcome> {
    return this.#outcomes;
  }

  outcomeOf(commandId: string): RememberedOutcome | undefined {
    return this.#outcomes.get(commandId) ?? this.#base.outcomeOf(commandId);
  }

  get<Context extends ObjectContext>(kind: string, namespace: string, name: string): ObjectRecord<Context> | undefined {
    const staged = this.#objects.get(`${kind}/${namespace}/${name}`);
    if (staged !== undefined) return staged.record as ObjectRecord<Context> | undefined;
    return this.#base.get(kind, namespace, name);
  }

  *list<Context extends ObjectContext>(kind: string, namespace?: string): IterableIterator<ObjectRecord<Context>> {
    for (const record of this.#base.list<Context>(kind, namespace)) if (!this.#isStaged(record)) yield record;
    for (const text of this.#byKind.get(kind) ?? []) {
      const record = this.#objects.get(text)?.record;
      if (record && (namespace === undefined || record.namespace === namespace)) yield record as ObjectRecord<Context>;
    }
  }

  *indexed<Context extends ObjectContext>(
    kind: string,
    index: string,
    value: string,
  ): IterableIterator<ObjectRecord<Context>> {
    for (const record of this.#base.indexed<Context>(kind, index, value)) if (!this.#isStaged(record)) yield record;
    for (const text of this.#indexes.get(`${kind} ${index} ${value}`) ?? []) {
      const record = this.#objects.get(text)?.record;
      if (record) yield record as ObjectRecord<Context>;
    }
  }

  count(kind: string, index: string, value: string): number {
    return this.#base.count(kind, index, value) + (this.#counts.get(`${kind} ${index} ${value}`) ?? 0);
  }

  /**
   * Applies one commit: evolves the object event by event. Raises IllegalEventError where its machine refuses and
   * ObjectTooLargeError where a limit is given, and then nothing of the commit is staged.
   */
  stage(commit: Commit, time: number, limits?: StageLimits): Change {
    const kind = kindOf(commit.kind);
    const before = this.get(commit.kind, commit.namespace, commit.name);
    if (before !== undefined && before.uid !== commit.uid) {
      throw new Error(
        `commit ${commit.revision} is for uid ${commit.uid}, but ${keyText(commit)} has uid ${before.uid}`,
      );
    }
    let state: MachineState = before ?? initialState(kind.machine);
    for (const event of commit.events) {
      const { type, data } = currentEvent(kind, event);
      state = evolve(kind.machine, state, { type, data, time });
    }
    const after = isFinal(kind.machine, state.value) ? undefined : makeRecord(commit, before, state);
    const texts = this.#stageObject(kind, commit, { before, after }, limits);
    this.#revision = commit.revision;
    this.#remember(acceptedOutcome(commit));
    const change: Change = { commit, before, after, texts };
    this.changes.push(change);
    return change;
  }

  /** Refusals and repeats are remembered with the entry's last revision, whatever their order among its commits: see `seal`. */
  stageRefused(refused: RefusedCommand): void {
    this.#refused.push(refused);
  }

  stageUnchanged(unchanged: UnchangedCommand): void {
    this.#unchanged.push(unchanged);
  }

  /** Ends the entry: what it refused and left unchanged is remembered. Returns the state hash after it. */
  seal(): string {
    for (const refused of this.#refused.splice(0)) this.#remember(refusedOutcome(refused, this.#revision));
    for (const unchanged of this.#unchanged.splice(0)) this.#remember(unchangedOutcome(unchanged, this.#revision));
    const { total, forgottenThrough } = this.#base.forget(this);
    return stateHashText(total, this.#revision, forgottenThrough);
  }

  /** Accepted and unchanged close an id; a refusal stands until a higher attempt. */
  #remember(outcome: RememberedOutcome): void {
    const known = this.outcomeOf(outcome.commandId);
    if (known !== undefined && (known.outcome !== 'refused' || known.attempt >= outcome.attempt)) return;
    this.#total = sum(this.#total, outcomeHash(outcome), known === undefined ? 0n : outcomeHash(known));
    this.#outcomes.delete(outcome.commandId);
    this.#outcomes.set(outcome.commandId, outcome);
  }

  #isStaged(record: ObjectRecord): boolean {
    return this.#objects.size > 0 && this.#objects.has(keyText(record));
  }

  #stageObject(kind: Kind, key: ObjectKey, step: Step, limits: StageLimits | undefined) {
    const { before, after } = step;
    const text = keyText(key);
    const old = this.#objects.get(text) ?? this.#base.slotOf(key);
    const { hashes, added, texts } = after
      ? changedParts(before, after, old?.hashes)
      : removedParts(before, old?.hashes);
    let bound = (old?.bytesAtMost ?? 0) + bytesAtMost(lengthOf(texts));
    // What is on its way out may always go on.
    if (after && limits && bound > limits.objectMaxBytes && !isBeingDeleted(after.context.metadata)) {
      bound = bytesOf(after);
      if (bound > limits.objectMaxBytes) throw new ObjectTooLargeError(key, bound);
    }
    this.#total = sum(this.#total, added);
    this.#reindex(kind, text, step);
    this.#objects.set(text, {
      key: { kind: key.kind, namespace: key.namespace, name: key.name },
      record: after,
      hashes,
      bytesAtMost: after ? bound : 0,
    });
    return texts;
  }

  #reindex(kind: Kind, text: string, { before, after }: Step): void {
    const isStaged = this.#objects.has(text);
    addTo(this.#byKind, kind.kind, text);
    for (const index of indexNames(kind)) {
      const old = before && indexValue(kind, index, before);
      const value = after && indexValue(kind, index, after);
      if (old === value) {
        if (value !== undefined && !isStaged) addTo(this.#indexes, `${kind.kind} ${index} ${value}`, text);
        continue;
      }
      if (old !== undefined) {
        const name = `${kind.kind} ${index} ${old}`;
        this.#indexes.get(name)?.delete(text);
        this.#count(name, -1);
      }
      if (value !== undefined) {
        const name = `${kind.kind} ${index} ${value}`;
        addTo(this.#indexes, name, text);
        this.#count(name, 1);
      }
    }
  }

  #count(name: string, more: number): void {
    this.#counts.set(name, (this.#counts.get(name) ?? 0) + more);
  }
}

/** What a commit makes of its object. */
interface Step {
  readonly before: ObjectRecord | undefined;
  readonly after: ObjectRecord | undefined;
}

function addTo(sets: Map<string, Set<string>>, name: string, text: string): void {
  const set = sets.get(name);
  if (set === undefined) sets.set(name, new Set([text]));
  else set.add(text);
}

function makeRecord(commit: Commit, before: ObjectRecord | undefined, state: MachineState): ObjectRecord {
  return {
    kind: commit.kind,
    namespace: commit.namespace,
    name: commit.name,
    uid: before?.uid ?? state.context.metadata.uid,
    revision: commit.revision,
    createdRevision: before?.createdRevision ?? commit.revision,
    correlation: commit.correlation,
    value: state.value,
    context: state.context,
  };
}
