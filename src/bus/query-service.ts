/** Answers queries from the read model and the log: get, list, table, status, schemas, log; each waits for the revision it is asked for. */
import type { Msg } from 'nats';
import { kinds, parseSelector, type Kind } from '../../machines/index.ts';
import type { Clock } from '../foundation/clock.ts';
import type { Logger } from '../foundation/logger.ts';
import type { AnswerSender } from './chunks.ts';
import type { Bus } from './connection.ts';
import { describeFaults } from './faults.ts';
import { isNestedDeeperThan } from './json-depth.ts';
import { JSON_MAX_DEPTH } from './limits.ts';
import { readLog } from './log-query.ts';
import { decodePastContinue, pastGet, pastList, pastTable } from './past-answers.ts';
import { queryValidator, type Query, type QueryFailure, type QueryFault, type StatusAnswer } from './query-messages.ts';
import { HISTORY_QUERY_SCHEMAS, type HistoryQueryName } from './history-messages/index.ts';
import { HistoryFailure, type ListOptions, type ObjectQueries, type QuerySource } from './query-source.ts';
import { publishedSchemas } from './schemas.ts';
import { parseQuerySubject } from './subjects.ts';
import { wholeList } from './whole-list.ts';

/** How long a query waits for the read model: it lags behind the log by milliseconds, unless something is wrong. */
const REVISION_WAIT_MS = 5_000;

export interface QueryServiceOptions<Field extends string> {
  readonly bus: Bus;
  readonly source: QuerySource<Field>;
  readonly answers: AnswerSender;
  readonly clock: Clock;
  readonly logger: Logger;
}

/** A query that cannot be answered, as a value inside this file. */
class QueryError extends Error {
  readonly reason: QueryFault;

  constructor(reason: QueryFault, message: string) {
    super(message);
    this.reason = reason;
  }
}

type Pieces = Iterable<Uint8Array> | AsyncIterable<Uint8Array>;

/** Listens until the signal is aborted. */
export function serveQueries<Field extends string>(options: QueryServiceOptions<Field>, signal: AbortSignal): void {
  const { bus, logger } = options;
  const service = new QueryService(options, signal);
  const subscription = bus.connection.subscribe(bus.subjects.queriesAll, {
    callback: (error, message) => {
      if (error) return logger.error('cannot receive queries', { error });
      service.answer(message).catch((cause: unknown) => logger.error('cannot answer a query', { error: cause }));
    },
  });
  signal.addEventListener('abort', () => subscription.unsubscribe(), { once: true });
}

class QueryService<Field extends string> {
  readonly #options: QueryServiceOptions<Field>;
  readonly #signal: AbortSignal;

  constructor(options: QueryServiceOptions<Field>, signal: AbortSignal) {
    this.#options = options;
    this.#signal = signal;
  }

  async answer(message: Msg): Promise<void> {
    if (!message.reply) return;
    const pieces = await this.#piecesOf(message).catch((error: unknown) => [text(this.#failure(error))]);
    await this.#options.answers.send(message.reply, pieces);
  }

  async #piecesOf(message: Msg): Promise<Pieces> {
    const what = parseQuerySubject(message.subject)?.what;
    const query = readQuery(what, message.data);
    const { source } = this.#options;
    const moment = momentOf(what, query);
    if (moment !== undefined) return this.#ofThePast(what, query, moment);
    if (what === 'get' || what === 'list' || what === 'table' || isAboutThePast(what)) {
      // Whoever asks now reads what anybody was told before, as from Kubernetes: two commands in a row are two connections.
      const wanted = Math.max((query as { readonly revision?: number }).revision ?? 0, source.status().revision);
      if (wanted > source.queries.revision()) await this.#waitFor(wanted);
    }
    if (isAboutThePast(what)) {
      await source.waitForPast?.(source.status().revision, REVISION_WAIT_MS);
      const answer: (asked: never) => unknown = source.history[what];
      return [text(answer(query as never))];
    }
    switch (what) {
      case 'get':
        return get(source.queries, query as Query<'get'>);
      case 'list':
        return this.#list(query as Query<'list'>);
      case 'table':
        return [text(this.#table(query as Query<'table'>))];
      case 'status':
        return [text(this.#status())];
      case 'revision':
        return [text({ revision: source.status().revision })];
      case 'schemas':
        return [text(publishedSchemas())];
      case 'checkpoint':
        return [text(await source.proof.checkpoint())];
      case 'state':
        return [text(await this.#state(query as Query<'state'>))];
      default:
        return readLog(source.log, query as Query<'log'>, this.#options.clock, this.#signal);
    }
  }

  /** A moment that is recorded is answered even while later ones are not yet. */
  async #ofThePast(what: string | undefined, query: unknown, moment: AskedMoment): Promise<Pieces> {
    const { source, clock } = this.#options;
    const now = source.status().revision;
    const wanted = 'revision' in moment ? Math.min(moment.revision, now) : now;
    await source.waitForPast?.(wanted, REVISION_WAIT_MS).catch((error: unknown) => {
      if (!(error instanceof HistoryFailure)) throw error;
    });
    const view = source.pastAt(moment);
    if (what === 'get') return [text(pastGet(view, query as Query<'get'>))];
    if (what === 'table') {
      const table = query as Query<'table'>;
      return [text(await pastTable(view, this.#selection(table), table, clock))];
    }
    const list = query as Query<'list'>;
    return encoded(pastList(view, this.#selection(list), list, clock));
  }

  async #waitFor(revision: number): Promise<void> {
    try {
      await this.#options.source.waitFor(revision, REVISION_WAIT_MS);
    } catch (error) {
      throw new QueryError('Behind', error instanceof Error ? error.message : 'the read model is behind');
    }
  }

  #list(query: Query<'list'>): Pieces {
    const { queries } = this.#options.source;
    const selection = this.#selection(query);
    if (query.limit === undefined && query.continue === undefined) return wholeList(queries, selection);
    const page = queries.list({ ...selection, ...(query.limit === undefined ? {} : { limit: query.limit }) });
    const token = page.continue === undefined ? '' : `,"continue":${JSON.stringify(page.continue)}`;
    return [bytes(`{"revision":${page.revision},"items":[${page.items.join(',')}]${token}}`)];
  }

  #table(query: Query<'table'>) {
    const kind = kindOf(query.kind);
    const now = this.#options.clock.now();
    const columns = kind.columns.filter((column) => query.wide === true || column.wide !== true);
    using queries = this.#options.source.queries.snapshot();
    const rows = [];
    for (const record of recordsOf(queries, this.#selection(query), query.name)) {
      const cells = columns.map((column) => column.cell(record, now));
      rows.push({ namespace: record.namespace, name: record.name, cells });
    }
    return { revision: queries.revision(), columns: columns.map(({ name }) => name), rows };
  }

  #status(): StatusAnswer {
    const { source } = this.#options;
    const { revision, counts } = source.queries.counts();
    return { ...source.status(), readModelRevision: revision, objects: Object.fromEntries(counts) };
  }

  #state({ objects }: Query<'state'>) {
    const { proof } = this.#options.source;
    return objects === undefined ? proof.digest() : proof.records(objects);
  }

  #selection(query: Query<'list'> | Query<'table'>): ListOptions<Field> {
    const kind = kindOf(query.kind);
    const labels = parsed(parseSelector(query.labelSelector ?? ''));
    const fields = parsed(this.#options.source.parseFieldSelector(kind.kind, query.fieldSelector ?? ''));
    const token = 'continue' in query ? query.continue : undefined;
    const after =
      token === undefined ? undefined : (decodePastContinue(token) ?? this.#options.source.decodeContinue(token));
    if (token !== undefined && after === undefined) throw new QueryError('BadRequest', 'continue: no token of ours');
    return {
      kind: kind.kind,
      ...(query.namespace === undefined ? {} : { namespace: query.namespace }),
      ...(query.ownerUid === undefined ? {} : { ownerUid: query.ownerUid }),
      ...(labels.length > 0 ? { labelSelector: labels } : {}),
      ...(fields.length > 0 ? { fieldSelector: fields } : {}),
      ...(after ? { after } : {}),
    };
  }

  #failure(error: unknown): QueryFailure {
    if (error instanceof QueryError || error instanceof HistoryFailure)
      return { failure: { reason: error.reason, message: error.message } };
    this.#options.logger.error('a query failed', { error });
    const message = error instanceof Error ? error.message : String(error);
    return { failure: { reason: 'Unavailable', message } };
  }
}

type AskedMoment = NonNullable<Query<'get'>['at']>;

/** The moment of the past that a query is about: the one it names, or of the page that it continues. */
function momentOf(what: string | undefined, query: unknown): AskedMoment | undefined {
  if (what !== 'get' && what !== 'list' && what !== 'table') return undefined;
  const { at, continue: token } = query as { readonly at?: AskedMoment; readonly continue?: string };
  const page = token === undefined ? undefined : decodePastContinue(token);
  if (page === undefined) return at;
  if (at !== undefined && 'revision' in at && at.revision < page.revision)
    throw new QueryError('BadRequest', `continue: it is of revision ${page.revision}, not of ${at.revision}`);
  return { revision: page.revision };
}

async function* encoded(pieces: AsyncIterable<string>): AsyncGenerator<Uint8Array> {
  for await (const piece of pieces) yield bytes(piece);
}

function isAboutThePast(what: string | undefined): what is HistoryQueryName {
  return what !== undefined && Object.hasOwn(HISTORY_QUERY_SCHEMAS, what);
}

function readQuery(what: string | undefined, payload: Uint8Array): unknown {
  const shape = what === undefined ? undefined : queryValidator(what);
  if (shape === undefined) throw new QueryError('NotFound', `there is no query ${JSON.stringify(what ?? '')}`);
  if (isNestedDeeperThan(payload, JSON_MAX_DEPTH)) throw new QueryError('BadRequest', 'the query is nested too deeply');
  let query: unknown;
  try {
    query = payload.byteLength === 0 ? {} : JSON.parse(Buffer.from(payload).toString());
  } catch {
    throw new QueryError('BadRequest', 'the query is not JSON');
  }
  if (shape.check(query)) return query;
  throw new QueryError('BadRequest', describeFaults(shape.errors(query)) || 'the query is malformed');
}

function kindOf(name: string): Kind {
  const kind = kinds.get(name);
  if (kind === undefined) throw new QueryError('NotFound', `the server doesn't have a resource type "${name}"`);
  return kind;
}

function parsed<Requirements>(result: Requirements | string): Requirements {
  if (typeof result === 'string') throw new QueryError('BadRequest', result);
  return result;
}

function get(queries: ObjectQueries<never>, query: Query<'get'>): Pieces {
  // The oldest of the revisions: each item is of this one or a later one.
  let revision = queries.revision();
  const items = query.keys.map(({ kind, namespace = '', name }) => {
    const found = queries.get(kind, namespace, name);
    revision = Math.min(revision, found.revision);
    return found.item ?? 'null';
  });
  return [bytes(`{"revision":${revision},"items":[${items.join(',')}]}`)];
}

function* recordsOf<Field extends string>(
  queries: ObjectQueries<Field>,
  selection: ListOptions<Field>,
  name: string | undefined,
) {
  if (name !== undefined) {
    const { record } = queries.getRecord(selection.kind, selection.namespace ?? '', name);
    if (record) yield record;
    return;
  }
  let after: ListOptions<Field>['after'];
  for (;;) {
    const page = queries.listRecords({ ...selection, ...(after ? { after } : {}) });
    yield* page.records;
    after = page.records.at(-1);
    if (page.continue === undefined || after === undefined) return;
  }
}

function text(answer: unknown): Uint8Array {
  return bytes(JSON.stringify(answer));
}

function bytes(json: string): Uint8Array {
  return Buffer.from(json);
}
