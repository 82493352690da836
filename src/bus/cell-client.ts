/** A cell as a program sees it: commands, queries, watches, the log, logs and exec, over one connection. */
import type { CommandDraft, Manifests, ObjectKind, Objects, Outcome } from '../../machines/index.ts';
import type { ExecRequest, LogChunk, LogRequest } from '../agent/runtimes/container-runtime.ts';
import type { Clock } from '../foundation/clock.ts';
import type { Identifiers } from '../foundation/identifiers.ts';
import type { Entry } from '../log/entry.ts';
import { applyAll, creationOf, type ApplyOutcome } from './apply-all.ts';
import type { GivenManifest } from './apply.ts';
import type { RecordsAnswer } from './history-messages/records.ts';
import { CommandClient } from './command-client.ts';
import type { Bus } from './connection.ts';
import { HISTORY_PAGE_MAX } from './history-messages/history.ts';
import type { Recorded } from './history-messages/recorded.ts';
import type { WhoAnswer } from './history-messages/who.ts';
import type { WhyNotAnswer } from './history-messages/why-not.ts';
import type { WhyAnswer } from './history-messages/why.ts';
import { accepted, type Applied } from './outcome-errors.ts';
import { QueryClient } from './query-client.ts';
import type { AnyObject, ListAnswer, Query } from './query-messages.ts';
import { Requester } from './requester.ts';
import { namespaceOf, type SentCommand, type Where } from './sent-command.ts';
import { openExec, openLogs, type ContainerTarget, type ExecHandle } from './session-client.ts';
import { watch, type WatchEvent, type WatchSelection } from './watch.ts';

/** How long one query of a follower of the log waits for more: one that is lost with its control plane is missed only so much later. */
const FOLLOW_WAIT_MS = 5_000;

/** What a deletion may say beside the object. */
export interface DeleteOptions extends Where {
  readonly gracePeriodSeconds?: number;
  readonly propagationPolicy?: 'Background' | 'Foreground' | 'Orphan';
}

/** A moment of the past: a revision, or a time in Unix milliseconds. */
export type When = number | NonNullable<Query<'get'>['at']>;

function atOf(when: When | undefined): Pick<Query<'get'>, 'at'> {
  if (when === undefined) return {};
  return { at: typeof when === 'number' ? { revision: when } : when };
}

/** Where an object is, and when; now where absent. */
export interface PastWhere extends Where {
  readonly at?: When;
}

/** A kind by its name: typed objects for the kinds this version knows, any object for others. */
export type ObjectOf<Name extends string> = Name extends ObjectKind ? Objects[Name] : AnyObject;
export type ManifestOf<Name extends string> = Name extends ObjectKind ? Manifests[Name] : GivenManifest;

/** Any manifest of a kind with types. */
export type AnyManifestOf = Manifests[ObjectKind];

export interface CellClientOptions {
  readonly bus: Bus;
  readonly clock: Clock;
  readonly identifiers: Identifiers;
  /** How long a command or query is repeated while nobody answers, milliseconds. */
  readonly deadlineMs?: number;
}

export class CellClient {
  readonly #options: CellClientOptions;
  readonly #requester: Requester;
  readonly #queries: QueryClient;
  readonly #commands: CommandClient;

  constructor(options: CellClientOptions) {
    const { bus, clock, deadlineMs } = options;
    this.#options = options;
    // Several clients may be connected under one actor; each hears only its own answers.
    this.#requester = new Requester(bus, clock, options.identifiers.uuid());
    const shared = { bus, requester: this.#requester, clock, ...(deadlineMs === undefined ? {} : { deadlineMs }) };
    this.#queries = new QueryClient(shared);
    this.#commands = new CommandClient({ ...shared, seen: () => this.#queries.seen });
  }

  get cell(): string {
    return this.#options.bus.cell;
  }

  get queries(): QueryClient {
    return this.#queries;
  }

  /** Sends commands as they are, each decided separately; outcomes in the same order. Rejects with OutcomeUnknownError or NoWriterError. */
  async submit(drafts: readonly CommandDraft[]): Promise<readonly Outcome[]> {
    const outcomes = await this.#commands.send(drafts);
    for (const outcome of outcomes) if ('revision' in outcome) this.#queries.saw(outcome.revision);
    return outcomes;
  }

  /** Sends one command. Rejects with RefusedError or NotDecidedError, and as submit does. */
  async send(command: SentCommand): Promise<Applied> {
    const [outcome] = await this.submit([this.#complete(command)]);
    return accepted(outcome);
  }

  /** Creates an object; resolves with where it stands now, its name included where generateName made it. */
  create(manifest: AnyManifestOf | GivenManifest): Promise<Applied> {
    return this.send(creationOf(manifest));
  }

  /** Makes an object what the manifest says, as `kubectl apply` does. */
  async apply(manifest: AnyManifestOf | GivenManifest): Promise<Extract<ApplyOutcome, { revision: number }>> {
    const [outcome] = await this.applyAll([manifest]);
    if (outcome === undefined) throw new Error('an apply has an outcome');
    if (outcome.result === 'failed') throw outcome.error;
    return outcome;
  }

  /** Applies several manifests, in order, in as few messages as possible. A failed one does not stop the others. */
  applyAll(manifests: readonly (AnyManifestOf | GivenManifest)[]): Promise<readonly ApplyOutcome[]> {
    const tools = {
      queries: this.#queries,
      submit: (drafts: readonly CommandDraft[]) => this.submit(drafts),
      complete: (command: SentCommand) => this.#complete(command),
    };
    return applyAll(tools, manifests);
  }

  /** The object as it is, or as it was at a moment; undefined where there is none, or was none then. */
  async get<const Name extends string>(
    kind: Name,
    name: string,
    where: Where & { readonly at?: When } = {},
  ): Promise<ObjectOf<Name> | undefined> {
    const { items } = await this.#queries.get<ObjectOf<Name>>({
      keys: [{ kind, name, namespace: namespaceOf(kind, where) }],
      ...atOf(where.at),
    });
    return items[0] ?? undefined;
  }

  /** Objects of a kind at one revision: of now, or of a moment of the past; of all namespaces where none is given. */
  list<const Name extends string>(
    kind: Name,
    query: Omit<Query<'list'>, 'kind' | 'at'> & { readonly at?: When } = {},
  ): Promise<ListAnswer<ObjectOf<Name>>> {
    const { at, ...rest } = query;
    return this.#queries.list<ObjectOf<Name>>({ ...rest, ...atOf(at), kind });
  }

  /** Every object of every kind as the fold had it at a moment, private state included, page by page; now where none is given. */
  async *records(options: { readonly at?: When; readonly signal?: AbortSignal } = {}): AsyncGenerator<RecordsAnswer> {
    const { at, signal } = options;
    let query: Query<'records'> = atOf(at);
    for (;;) {
      signal?.throwIfAborted();
      const page = await this.#queries.ask('records', query);
      yield page;
      if (page.next === undefined) return;
      query = { at: { revision: page.revision }, after: page.next };
    }
  }

  /** Asks for an object's deletion; it is gone when its containers and finalizers are. */
  delete(kind: string, name: string, options: DeleteOptions = {}): Promise<Applied> {
    const { namespace, ...given } = options;
    return this.send({
      kind,
      name,
      verb: 'delete',
      arguments: given,
      ...(namespace === undefined ? {} : { namespace }),
    });
  }

  /** Changes how many pods a controller keeps. */
  scale(kind: string, name: string, replicas: number, where: Where = {}): Promise<Applied> {
    return this.send({ kind, name, verb: 'scale', arguments: { replicas }, ...where });
  }

  /** Changes parts of an object: a JSON merge patch. */
  patch(kind: string, name: string, patch: Readonly<Record<string, unknown>>, where: Where = {}): Promise<Applied> {
    return this.send({ kind, name, verb: 'patch', arguments: { patch }, ...where });
  }

  /** The objects of a kind, then what becomes of them, until the signal is aborted or the loop is left. */
  watch<const Name extends string>(
    kind: Name,
    selection: Omit<WatchSelection, 'kind'> = {},
    signal?: AbortSignal,
  ): AsyncIterable<WatchEvent<ObjectOf<Name> & AnyObject>> {
    const { bus, clock } = this.#options;
    return watch({
      bus,
      clock,
      queries: this.#queries,
      selection: { ...selection, kind },
      ...(signal ? { signal } : {}),
    });
  }

  /** The log's entries from its beginning or from an entry, revision or time (Unix milliseconds) on; with `follow` those to come too. */
  async *log(
    options: {
      readonly entry?: number;
      readonly fromRevision?: number;
      readonly fromTime?: number;
      readonly follow?: boolean;
    } = {},
    signal?: AbortSignal,
  ): AsyncGenerator<Entry, void, undefined> {
    const { follow = false, ...from } = options;
    let query: Query<'log'> = { ...from, waitMs: follow ? FOLLOW_WAIT_MS : 0 };
    for (;;) {
      if (signal?.aborted) return;
      const answer = await this.#queries.ask('log', query);
      yield* answer.entries as readonly Entry[];
      if (answer.entries.length === 0 && !follow) return;
      query = { entry: answer.next, waitMs: query.waitMs ?? 0 };
    }
  }

  /** What the log recorded, commits and refusals, all that is asked for; read page by page while it is taken. */
  async *history(query: Omit<Query<'history'>, 'after'> = {}): AsyncGenerator<Recorded, void, undefined> {
    let left = query.limit ?? Infinity;
    let after: string | undefined;
    do {
      const limit = Math.min(left, HISTORY_PAGE_MAX);
      const page = await this.#queries.ask('history', { ...query, limit, ...(after === undefined ? {} : { after }) });
      yield* page.records;
      left -= page.records.length;
      after = page.next;
    } while (after !== undefined && left > 0);
  }

  /** What led to a commit (its revision), or to an object being as it is, and what came of it. */
  why(commit: number): Promise<WhyAnswer>;
  why(kind: string, name: string, where?: PastWhere & { readonly uid?: string }): Promise<WhyAnswer>;
  why(first: number | string, name = '', where: PastWhere & { readonly uid?: string } = {}): Promise<WhyAnswer> {
    if (typeof first === 'number') return this.#queries.ask('why', { commit: first });
    const { uid } = where;
    return this.#queries.ask('why', { ...this.#named(first, name, where), ...(uid === undefined ? {} : { uid }) });
  }

  /** Why a pod is on no node: what each node has against it. */
  whyNot(name: string, where: PastWhere = {}): Promise<WhyNotAnswer> {
    return this.#queries.ask('why-not', { name, namespace: namespaceOf('Pod', where), ...atOf(where.at) });
  }

  /** Who made each field of an object what it is; or, with `field`, all values that it has had. */
  who(
    kind: string,
    name: string,
    where: PastWhere & { readonly uid?: string; readonly field?: string } = {},
  ): Promise<WhoAnswer> {
    const { uid, field } = where;
    const more = { ...(uid === undefined ? {} : { uid }), ...(field === undefined ? {} : { field }) };
    return this.#queries.ask('who', { ...this.#named(kind, name, where), ...more });
  }

  /** The output of a container, from its node. */
  logs(
    target: ContainerTarget & { readonly previous?: boolean },
    request: Partial<LogRequest> = {},
    signal?: AbortSignal,
  ): AsyncIterable<LogChunk> {
    return openLogs(this.#sessions, target, { follow: false, timestamps: false, ...request }, signal);
  }

  /** Runs a command in a container, on its node. */
  exec(target: ContainerTarget, request: Pick<ExecRequest, 'command'> & Partial<ExecRequest>): ExecHandle {
    return openExec(this.#sessions, target, { stdin: false, tty: false, ...request });
  }

  status() {
    return this.#queries.status();
  }

  /** Has the writer sign what it stands for now: to be kept by whoever wants to verify the log against it later. */
  checkpoint() {
    return this.#queries.ask('checkpoint', {});
  }

  /** JSON Schemas of everything that travels. */
  schemas() {
    return this.#queries.ask('schemas', {});
  }

  close(): Promise<void> {
    return this.#options.bus.close();
  }

  #named(kind: string, name: string, where: PastWhere) {
    const namespace = namespaceOf(kind, where);
    return { kind, name, ...(namespace === '' ? {} : { namespace }), ...atOf(where.at) };
  }

  get #sessions() {
    const { bus, clock, identifiers } = this.#options;
    return { bus, clock, identifiers, requester: this.#requester };
  }

  #complete(command: SentCommand): CommandDraft {
    const namespace = namespaceOf(command.kind, command);
    return { ...command, namespace, id: command.id ?? this.#options.identifiers.uuid() };
  }
}
