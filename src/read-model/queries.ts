/** Reads of the read model: get, list by selectors, counts. Each answer is of one revision and carries it. */
import type { Statement } from 'better-sqlite3';
import type { ObjectRecord } from '../../machines/index.ts';
import { bound, openForReading, queryBuilder, type Connection } from './database.ts';
import { isFileTrouble, readModelError, troubleOf } from './errors.ts';
import { ListStatements } from './list-query.ts';
import {
  encodeContinue,
  listFault,
  PAGE_MAX_CHARACTERS,
  PAGE_MAX_ITEMS,
  type ListRequest,
  type ManifestPage,
  type Page,
  type RecordPage,
} from './list-request.ts';
import { MANIFEST_COLUMNS, manifestText, recordOf, type ManifestRow } from './record-row.ts';
import type { ObjectRow } from './schema.ts';

/** Reads on one connection. All raise ReadModelUnavailableError or ReadModelDamagedError where SQLite does. */
export interface ReadModelQueries extends Disposable {
  /** Revision the read model has reached. */
  revision(): number;
  /** The object as Kubernetes shows it, as JSON text. */
  get(kind: string, namespace: string, name: string): { readonly revision: number; readonly item?: string };
  getRecord(
    kind: string,
    namespace: string,
    name: string,
  ): { readonly revision: number; readonly record?: ObjectRecord };
  /** A request that `listFault` finds fault with is the caller's bug, and raises. */
  list(request: ListRequest): ManifestPage;
  listRecords(request: ListRequest): RecordPage;
  /** How many objects there are of each kind that has any. */
  counts(): { readonly revision: number; readonly counts: ReadonlyMap<string, number> };
  /** The same reads, all at the revision of now: for a list of many pages. Dispose of it soon, since it holds back the write-ahead log. */
  snapshot(): ReadModelQueries;
}

/** Opens a prepared read model for reading. */
export function openQueries(file: string): ReadModelQueries {
  return guarded(() => new ConnectionQueries(file, openForReading(file)));
}

class ConnectionQueries implements ReadModelQueries {
  readonly #file: string;
  readonly #database: Connection;
  readonly #fixed: ReturnType<typeof fixedStatements>;
  readonly #lists: ListStatements;
  readonly #transaction: <Result>(read: () => Result) => Result;

  constructor(file: string, database: Connection) {
    this.#file = file;
    this.#database = database;
    this.#fixed = fixedStatements(database);
    this.#lists = new ListStatements(database);
    const transaction = database.transaction((read: () => unknown) => read());
    this.#transaction = <Result>(read: () => Result) => guarded(() => transaction(read) as Result);
  }

  revision(): number {
    return guarded(() => this.#fixed.revision.get() ?? 0);
  }

  get(kind: string, namespace: string, name: string) {
    return this.#transaction(() => {
      const row = this.#fixed.manifest.get({ kind, namespace, name });
      return { revision: this.revision(), ...(row && { item: manifestText(row) }) };
    });
  }

  getRecord(kind: string, namespace: string, name: string) {
    return this.#transaction(() => {
      const row = this.#fixed.record.get({ kind, namespace, name });
      return { revision: this.revision(), ...(row && { record: recordOf(row) }) };
    });
  }

  list(request: ListRequest): ManifestPage {
    const { rows, page } = this.#page(request, MANIFEST_COLUMNS);
    return { ...page, items: rows.map(manifestText) };
  }

  listRecords(request: ListRequest): RecordPage {
    const { rows, page } = this.#page(request, RECORD_COLUMNS);
    return { ...page, records: rows.map(recordOf) };
  }

  counts() {
    return this.#transaction(() => ({
      revision: this.revision(),
      counts: new Map(this.#fixed.counts.all().map(({ kind, count }) => [kind, count])),
    }));
  }

  snapshot(): ReadModelQueries {
    return guarded(() => {
      const database = openForReading(this.#file);
      const queries = new ConnectionQueries(this.#file, database);
      database.exec('begin');
      // SQLite takes its snapshot with the first read.
      queries.revision();
      return queries;
    });
  }

  [Symbol.dispose](): void {
    this.#database.close();
  }

  #page(request: ListRequest, columns: readonly (keyof ObjectRow)[]): { rows: ObjectRow[]; page: Page } {
    const fault = listFault(request);
    if (fault !== undefined) throw new Error(`unchecked list request: ${fault}`);
    const limit = Math.min(Math.max(request.limit ?? PAGE_MAX_ITEMS, 1), PAGE_MAX_ITEMS);
    return this.#transaction(() => {
      const rows: ObjectRow[] = [];
      let size = 0;
      let more = false;
      // One more than wanted tells whether there is a next page.
      for (const row of this.#lists.rows(request, columns, limit + 1)) {
        size += row.metadata.length + (row.spec?.length ?? 0) + (row.status?.length ?? 0) + (row.body?.length ?? 0);
        more = rows.length === limit || (rows.length > 0 && size > PAGE_MAX_CHARACTERS);
        if (more) break;
        rows.push(row);
      }
      const last = rows.at(-1);
      const page = { revision: this.revision(), ...(more && last ? { continue: encodeContinue(last) } : {}) };
      return { rows, page };
    });
  }
}

const RECORD_COLUMNS = [
  ...MANIFEST_COLUMNS,
  'created_revision',
  'uid',
  'correlation',
  'state',
  'owner_uid',
  'deleted',
  'private',
] as const;

interface KeyValues {
  readonly kind: string;
  readonly namespace: string;
  readonly name: string;
}

function fixedStatements(database: Connection) {
  const builder = queryBuilder(database);
  const byKey = builder
    .selectFrom('objects')
    .where('kind', '=', bound<string>('kind'))
    .where('namespace', '=', bound<string>('namespace'))
    .where('name', '=', bound<string>('name'));
  const counts = builder
    .selectFrom('objects')
    .select((objects) => ['kind', objects.fn.countAll<number>().as('count')])
    .groupBy('kind');
  return {
    revision: database
      .prepare<[], number>(builder.selectFrom('position').select('revision').compile().sql)
      .pluck() as Statement<[], number>,
    manifest: database.prepare<[KeyValues], ManifestRow>(byKey.select(MANIFEST_COLUMNS).compile().sql),
    record: database.prepare<[KeyValues], ObjectRow>(byKey.selectAll().compile().sql),
    counts: database.prepare<[], { readonly kind: string; readonly count: number }>(counts.compile().sql),
  };
}

function guarded<Result>(read: () => Result): Result {
  try {
    return read();
  } catch (error) {
    const trouble = troubleOf(error);
    throw isFileTrouble(trouble.code) ? readModelError('reading the read model', trouble, error) : error;
  }
}
