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
import type { CellState, Forgotten } from './cell-state.ts';
import { bytesAtMost, bytesOf, changedParts, lengthOf, removedParts, type PartHashes } from './object-parts.ts';
import { kindOf, type Slot } from './object-store.ts';
import { acceptedOutcome, refusedOutcome, unchangedOutcome, type RememberedOutcome } from './outcomes.ts';
import { outcomeHash, stateHashText, sum } from './state-hash.ts';
import { StagedIndexes } from './staged-indexes.ts';
import { currentEvent } from './current-event.ts';

/** An object as this overlay leaves it; `record` is undefined once it is gone. */
export interface StagedObject {
  /** The base's place of an object of this name; undefined where it has none. */
  readonly slot: Readonly<Slot> | undefined;
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
  readonly #outcomes = new Map<string, RememberedOutcome>();
  readonly #refused: RefusedCommand[] = [];
  readonly #unchanged: UnchangedCommand[] = [];
  readonly changes: Change[] = [];
  readonly #indexes = new StagedIndexes(this.changes);
  #revision: number;
  #total: bigint;
  #forgotten: Forgotten | undefined;

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

  /** What the entry makes the base forget, which is known once it is sealed. */
  get forgotten(): Forgotten {
    if (this.#forgotten === undefined) throw new Error('an overlay is adopted only after it was sealed');
    return this.#forgotten;
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
    for (const text of this.#indexes.ofKind(kind)) {
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
    for (const text of this.#indexes.withValue(kind, index, value)) {
      const record = this.#objects.get(text)?.record;
      if (record) yield record as ObjectRecord<Context>;
    }
  }

  count(kind: string, index: string, value: string): number {
    return this.#base.count(kind, index, value) + this.#indexes.countAdded(kind, index, value);
  }

  /**
   * Applies one commit: evolves the object event by event. Raises IllegalEventError where its machine refuses and
   * ObjectTooLargeError where a limit is given, and then nothing of the commit is staged.
   */
  stage(commit: Commit, time: number, limits?: StageLimits): Change {
    const kind = kindOf(commit.kind);
    const text = keyText(commit);
    const staged = this.#objects.get(text);
    const slot = staged === undefined ? this.#base.slotOf(commit) : staged.slot;
    const old = staged ?? slot;
    const before = old?.record;
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
    const after = isFinal(kind.machine, state.value) ? undefined : makeRecord(kind, commit, before, state);
    const { hashes, added, texts } = after
      ? changedParts(before, after, old?.hashes)
      : removedParts(before, old?.hashes);
    const bytes = after ? boundedBytes(after, (old?.bytesAtMost ?? 0) + bytesAtMost(lengthOf(texts)), limits) : 0;
    this.#objects.set(text, { slot, record: after, hashes, bytesAtMost: bytes });
    this.#total = sum(this.#total, added);
    this.#revision = commit.revision;
    this.#remember(acceptedOutcome(commit, before ?? commit));
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
    this.#forgotten = this.#base.forget(this);
    const { total, forgottenThrough } = this.#forgotten;
    return stateHashText(total, this.#revision, forgottenThrough);
  }

  /** Accepted and unchanged close an id; a refusal stands until a higher attempt. */
  #remember(outcome: RememberedOutcome): void {
    const known = this.outcomeOf(outcome.commandId);
    if (known !== undefined && (known.outcome !== 'refused' || known.attempt >= outcome.attempt)) return;
    this.#total = sum(this.#total, outcomeHash(outcome), known === undefined ? 0n : outcomeHash(known));
    // So that it becomes the last.
    if (known !== undefined) this.#outcomes.delete(outcome.commandId);
    this.#outcomes.set(outcome.commandId, outcome);
  }

  #isStaged(record: ObjectRecord): boolean {
    return this.#objects.size > 0 && this.#objects.has(keyText(record));
  }
}

/** The bound on an object's bytes, made exact where it passes the limit. Raises ObjectTooLargeError; what is on its way out may always go on. */
function boundedBytes(after: ObjectRecord, bound: number, limits: StageLimits | undefined): number {
  if (limits === undefined || bound <= limits.objectMaxBytes || isBeingDeleted(after.context.metadata)) return bound;
  const bytes = bytesOf(after);
  if (bytes > limits.objectMaxBytes) throw new ObjectTooLargeError(after, bytes);
  return bytes;
}

/** Takes the key's texts from the record before, so that an object's versions share them instead of one copy each. */
function makeRecord(kind: Kind, commit: Commit, before: ObjectRecord | undefined, state: MachineState): ObjectRecord {
  const key = before ?? commit;
  return {
    kind: kind.kind,
    namespace: key.namespace,
    name: key.name,
    uid: before?.uid ?? state.context.metadata.uid,
    revision: commit.revision,
    createdRevision: before?.createdRevision ?? commit.revision,
    correlation: commit.correlation,
    value: state.value,
    context: state.context,
  };
}
