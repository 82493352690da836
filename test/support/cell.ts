/** A cell in memory for tests of rules: the real batch and fold without a log, so that commands are decided exactly as the writer does. */
import { inspect, isDeepStrictEqual } from 'node:util';
import {
  bootstrapCommands,
  keyText,
  kinds,
  type Command,
  type CommandDraft,
  type ObjectContext,
  type ObjectKey,
  type ObjectRecord,
  type Outcome,
  type Reconciler,
  type ReconcileResult,
} from '../../machines/index.ts';
import { suffixOf } from '../../src/foundation/identifiers.ts';
import { CellState } from '../../src/state/cell-state.ts';
import { Fold } from '../../src/state/fold.ts';
import type { AppliedEntry, Change } from '../../src/state/applied-entry.ts';
import { Batch } from '../../src/writer/batch.ts';
import { WRITER_LIMITS } from '../../src/writer/limits.ts';

/** What a test says of a command; the rest is filled in. */
export type TestCommand = Pick<Command, 'kind' | 'name' | 'verb'> & Partial<Command>;

export class Cell {
  readonly state = new CellState();
  readonly changes: Change[] = [];
  /** The entries as the log would store them. */
  readonly payloads: Uint8Array[] = [];
  /** Somebody who has only the entries: of whatever is done here, both must make the same. */
  readonly follower = new Fold();
  /** Unix milliseconds. */
  now = Date.UTC(2026, 0, 1);
  #number = 0;

  /** A cell as it begins, with its namespaces and configuration. */
  static begin(): Cell {
    const cell = new Cell();
    for (const draft of bootstrapCommands()) cell.submit({ ...draft, actor: 'system:bootstrap' });
    return cell;
  }

  /** Sends a command as an administrator would; namespaced kinds go to `default`. */
  send(command: TestCommand): Outcome {
    const namespace = kinds.get(command.kind)?.namespaced ? 'default' : '';
    return this.submit({ id: `test/${++this.#number}`, namespace, arguments: {}, actor: 'admin', ...command });
  }

  /** Sends a command that must be accepted; returns the object after it. */
  accept(command: TestCommand): ObjectRecord | undefined {
    const outcome = this.send(command);
    if (outcome.outcome !== 'accepted') throw new Error(`not accepted: ${JSON.stringify(outcome)}`);
    return this.changes.at(-1)?.after;
  }

  /** Why a command is refused; raises when it is not. */
  refusal(command: TestCommand): { readonly reason: string; readonly message: string } {
    const outcome = this.send(command);
    if (outcome.outcome !== 'refused') throw new Error(`not refused: ${JSON.stringify(outcome)}`);
    return outcome.refusal;
  }

  create(kind: string, manifest: object, more: Partial<Command> = {}): ObjectRecord {
    const { name = '' } = (manifest as { readonly metadata: { readonly name?: string } }).metadata;
    const record = this.accept({ kind, name, verb: 'create', arguments: { manifest }, ...more });
    if (record === undefined) throw new Error('a creation leaves an object');
    return record;
  }

  /** The object; raises when there is none. */
  get<Context extends ObjectContext>(kind: string, name: string, namespace?: string): ObjectRecord<Context> {
    const record = this.find<Context>(kind, name, namespace);
    if (record === undefined) throw new Error(`there is no ${kind} ${name}`);
    return record;
  }

  find<Context extends ObjectContext>(
    kind: string,
    name: string,
    namespace?: string,
  ): ObjectRecord<Context> | undefined {
    return this.state.get(kind, namespace ?? (kinds.get(kind)?.namespaced ? 'default' : ''), name);
  }

  list<Context extends ObjectContext>(kind: string): ObjectRecord<Context>[] {
    return [...this.state.list<Context>(kind)];
  }

  /** Decides and folds one command as the writer does. */
  submit(command: Command): Outcome {
    const [outcome] = this.submitTogether([command]);
    if (outcome === undefined) throw new Error('a command has an outcome');
    return outcome;
  }

  /** Decides and folds commands that have queued, as one entry; with none it is an empty one. */
  submitTogether(commands: readonly Command[]): readonly Outcome[] {
    const batch = new Batch({
      state: this.state,
      identifiers: this.#identifiers,
      limits: WRITER_LIMITS,
      now: this.now,
      writer: 'test',
      lineage: 'test',
    });
    const outcomes = commands.map((command) => {
      const outcome = batch.decide(command);
      if (outcome === 'full') throw new Error('a test sends no more together than a batch has room for');
      return outcome;
    });
    const { entry, overlay, payload, hash } = batch.prepare();
    const revision = entry.firstRevision + entry.commits.length - 1;
    this.state.adopt(overlay, { lineage: entry.lineage, entry: entry.number, revision, hash }, entry.time);
    this.payloads.push(payload);
    this.changes.push(...overlay.changes);
    this.#compare(this.follower.apply({ number: entry.number, payload }), overlay.changes);
    return outcomes;
  }

  /** The state hash was compared while folding; here, that nothing is otherwise than JSON says it: undefined, dates, -0. */
  #compare(followed: AppliedEntry, changes: readonly Change[]): void {
    for (const [index, { commit, after }] of followed.changes.entries()) {
      if (isDeepStrictEqual(after, changes[index]?.after)) continue;
      throw new Error(
        `${keyText(commit)} is ${inspect(changes[index]?.after)} here, read back it is ${inspect(after)}`,
      );
    }
  }

  /** What a reconciler wants for a key. */
  reconcile(reconciler: Reconciler, key: ObjectKey): ReconcileResult {
    return reconciler.reconcile({ key, view: this.state, now: this.now, suffixOf });
  }

  /** Keys a reconciler would look at because of the last `count` changes. */
  observed(reconciler: Reconciler, count = 1): readonly ObjectKey[] {
    return this.changes
      .slice(-count)
      .flatMap(({ commit, before, after }) => reconciler.observes[commit.kind]?.(before, after, this.state) ?? []);
  }

  /** Sends what a controller wants, as the control loop does. */
  sendAs(reconciler: Reconciler, drafts: readonly CommandDraft[]): readonly Outcome[] {
    const actor = `system:controller:${reconciler.name}`;
    return drafts.map((draft) => this.submit({ ...draft, actor, seen: this.state.revision }));
  }

  /** Runs controllers until none of them wants anything, following changes from `from` on; raises when that takes too many passes. */
  settle(reconcilers: readonly Reconciler[], from = 0): void {
    const queues = reconcilers.map((reconciler) => ({ reconciler, next: from }));
    for (let pass = 0; pass < SETTLE_PASSES; pass++) {
      let sent = 0;
      for (const queue of queues) {
        const changes = this.changes.slice(queue.next);
        queue.next = this.changes.length;
        for (const key of keysOf(queue.reconciler, changes, this.state)) {
          sent += this.sendAs(queue.reconciler, this.reconcile(queue.reconciler, key).commands).length;
        }
      }
      if (sent === 0 && queues.every(({ next }) => next === this.changes.length)) return;
    }
    throw new Error(`controllers were not done after ${SETTLE_PASSES} passes`);
  }

  readonly #identifiers = {
    uuid: () => `00000000-0000-4000-8000-${String(++this.#number).padStart(12, '0')}`,
    suffix: () => suffixOf(String(++this.#number)),
    random: () => 0.5,
  };
}

/** Controllers that need more passes than this chase each other's tails. */
const SETTLE_PASSES = 100;

function keysOf(reconciler: Reconciler, changes: readonly Change[], state: CellState): readonly ObjectKey[] {
  const keys = new Map<string, ObjectKey>();
  for (const { commit, before, after } of changes) {
    for (const key of reconciler.observes[commit.kind]?.(before, after, state) ?? []) {
      keys.set(`${key.kind}/${key.namespace}/${key.name}`, key);
    }
  }
  return [...keys.values()];
}
