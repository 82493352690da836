/** Queries over the bus: the asker's side. Remembers the highest revision it has seen, so that it reads what it wrote. */
import type { Clock } from '../foundation/clock.ts';
import type { Bus } from './connection.ts';
import type {
  AnyObject,
  GetAnswer,
  ListAnswer,
  Query,
  QueryAnswers,
  QueryFailure,
  QueryFault,
  QueryName,
} from './query-messages.ts';
import { AnswerBrokenError, NoResponderError, RequestTimeoutError, type Requester } from './requester.ts';

/** How long an answer may be silent before it is asked for again: longer than a query may wait for a revision. */
const ANSWER_MS = 10_000;
const REPEAT_WAIT_MS = 100;
/** How long a query is repeated while nobody answers. */
const QUERY_DEADLINE_MS = 20_000;

/** The cell could not answer; `reason` says why. */
export class QueryFailedError extends Error {
  override readonly name = 'QueryFailedError';
  readonly reason: QueryFault;

  constructor(reason: QueryFault, message: string) {
    super(message);
    this.reason = reason;
  }
}

export interface QueryClientOptions {
  readonly bus: Bus;
  readonly requester: Requester;
  readonly clock: Clock;
  readonly deadlineMs?: number;
}

export class QueryClient {
  readonly #options: QueryClientOptions;
  #seen = 0;

  constructor(options: QueryClientOptions) {
    this.#options = options;
  }

  /** Highest revision seen. */
  get seen(): number {
    return this.#seen;
  }

  /** Takes note of a revision, from a command's outcome or an event. */
  saw(revision: number): void {
    if (revision > this.#seen) this.#seen = revision;
  }

  /** Objects by key, of a revision at least as late as all seen. Rejects with QueryFailedError and a requester's errors. */
  async get<Item = AnyObject>(query: Query<'get'>): Promise<GetAnswer<Item>> {
    return (await this.ask('get', this.#upToDate(query))) as unknown as GetAnswer<Item>;
  }

  async list<Item = AnyObject>(query: Query<'list'>): Promise<ListAnswer<Item>> {
    return (await this.ask('list', this.#upToDate(query))) as unknown as ListAnswer<Item>;
  }

  table(query: Query<'table'>) {
    return this.ask('table', this.#upToDate(query));
  }

  status() {
    return this.ask('status', {});
  }

  /** Asks, again and again while nobody answers, until the deadline. */
  async ask<Name extends QueryName>(name: Name, query: Query<Name>): Promise<QueryAnswers[Name]> {
    const { bus, requester, clock } = this.#options;
    const subject = bus.subjects.query(bus.actor, name);
    const waitMs = (query as { readonly waitMs?: number }).waitMs ?? 0;
    // What was asked to wait may be noticed to be lost only then, and has to be asked again.
    const deadline = clock.monotonic() + waitMs + (this.#options.deadlineMs ?? QUERY_DEADLINE_MS);
    for (;;) {
      try {
        const payload = await requester.request(subject, JSON.stringify(query), ANSWER_MS + waitMs);
        return this.#read<Name>(payload);
      } catch (error) {
        if (!isPassing(error) || clock.monotonic() + REPEAT_WAIT_MS >= deadline || bus.connection.isClosed())
          throw error;
        await clock.sleep(REPEAT_WAIT_MS);
      }
    }
  }

  #read<Name extends QueryName>(payload: Uint8Array): QueryAnswers[Name] {
    const text = Buffer.from(payload.buffer, payload.byteOffset, payload.byteLength).toString();
    const answer = JSON.parse(text) as QueryAnswers[Name] | QueryFailure;
    if ('failure' in (answer as object)) {
      const { reason, message } = (answer as QueryFailure).failure;
      throw new QueryFailedError(reason, message);
    }
    const { revision } = answer as { readonly revision?: number };
    if (typeof revision === 'number') this.saw(revision);
    return answer as QueryAnswers[Name];
  }

  #upToDate<Asked extends { readonly revision?: number }>(query: Asked): Asked {
    return { ...query, revision: Math.max(query.revision ?? 0, this.#seen) };
  }
}

function isPassing(error: unknown): boolean {
  return (
    error instanceof NoResponderError ||
    error instanceof RequestTimeoutError ||
    error instanceof AnswerBrokenError ||
    (error instanceof QueryFailedError && (error.reason === 'Behind' || error.reason === 'Unavailable'))
  );
}
