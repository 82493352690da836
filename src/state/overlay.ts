/** What one entry does to the state, staged beside it: decided and evolved here first, adopted only once the log has the entry. */
import {
  isBeingDeleted,
  keyText,
  type Commit,
  type ObjectContext,
  type ObjectKey,
  type ObjectRecord,
  type RefusedCommand,
  type UnchangedCommand,
  type View,
} from '../../machines/index.ts';
import type { Change } from './applied-entry.ts';
import type { CellState, Forgotten } from './cell-state.ts';
import { recordAfter } from './commit-step.ts';
import { commandHorizon } from './horizon.ts';
import { bytesOf } from './object-bytes.ts';
import { kindOf, type Slot } from './object-store.ts';
import { reopens } from './outcome-memory.ts';
import { acceptedOutcome, refusedOutcome, unchangedOutcome, type RememberedOutcome } from './outcomes.ts';
import { StagedIndexes } from './staged-indexes.ts';
import {
  contentSum,
  HashSum,
  idHash,
  NO_CONTENT,
  objectHash,
  outcomeHash,
  stateHashText,
  type ContentSum,
  type Hash,
} from './state-hash.ts';

/** An object as this overlay leaves it; `record` is undefined once it is gone. */
export interface StagedObject {
  /** The base's place of an object of this name; undefined where it has none. */
  readonly slot: Readonly<Slot> | undefined;
  readonly record: ObjectRecord | undefined;
  readonly content: ContentSum;
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
  readonly #total: HashSum;
  /** How many of the outcomes take the place of one of the base. */
  #replaced = 0;
  #forgotten: Forgotten | undefined;

  /** `firstRevision` is the revision the first commit staged will have. */
  constructor(base: CellState, firstRevision = base.revision + 1) {
    this.#base = base;
    this.#revision = firstRevision - 1;
    this.#total = new HashSum(base.total);
  }

  get revision(): number {
    return this.#revision;
  }

  /** The sum of all hashes; after all once it is sealed. */
  get total(): Hash {
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
    const before = staged === undefined ? slot?.record : staged.record;
    const known = staged?.content ?? slot ?? NO_CONTENT;
    const after = recordAfter(kind, commit, before, time);
    const content = after === undefined ? NO_CONTENT : boundedContent(before, after, known, limits);
    if (before !== undefined) this.#total.subtract(objectHash(before, known));
    if (after !== undefined) this.#total.add(objectHash(after, content));
    this.#objects.set(text, { slot, record: after, content });
    this.#revision = commit.revision;
    this.#remember(acceptedOutcome(commit, before ?? commit));
    const change: Change = { commit, before, after };
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
    const count = this.#base.outcomeCount + this.#outcomes.size - this.#replaced;
    const isReplaced = this.#replaced === 0 ? {} : { isReplaced: (id: string) => this.#outcomes.has(id) };
    this.#forgotten = this.#base.forgettable(
      { revision: this.#revision, horizon: commandHorizon(this) },
      { count, ...isReplaced },
    );
    this.#total.subtract(this.#forgotten.hash);
    return stateHashText(this.#total, this.#revision, this.#forgotten.forgottenThrough);
  }

  /** Accepted and unchanged close an id; a refusal stands until a higher attempt. */
  #remember(outcome: RememberedOutcome): void {
    const { commandId } = outcome;
    const known = this.outcomeOf(commandId);
    if (known !== undefined) {
      if (!reopens(known, outcome.attempt)) return;
      this.#total.subtract(outcomeHash(idHash(commandId), known));
      // So that it becomes the last.
      if (!this.#outcomes.delete(commandId)) this.#replaced++;
    }
    this.#total.add(outcomeHash(idHash(commandId), outcome));
    this.#outcomes.set(commandId, outcome);
  }

  #isStaged(record: ObjectRecord): boolean {
    return this.#objects.size > 0 && this.#objects.has(keyText(record));
  }
}

/**
 * The content's sum after a change, with its bound on the bytes made exact where it passes the limit. Raises
 * ObjectTooLargeError; what is on its way out may always go on.
 */
function boundedContent(
  before: ObjectRecord | undefined,
  after: ObjectRecord,
  known: ContentSum,
  limits: StageLimits | undefined,
): ContentSum {
  const content = contentSum(before, after, known);
  if (limits === undefined || content.bytesAtMost <= limits.objectMaxBytes || isBeingDeleted(after.context.metadata))
    return content;
  const bytes = bytesOf(after);
  if (bytes > limits.objectMaxBytes) throw new ObjectTooLargeError(after, bytes);
  return { ...content, bytesAtMost: bytes };
}
