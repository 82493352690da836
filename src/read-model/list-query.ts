/** Turns list requests into SQL: one statement per shape of request, its values bound by name, its rows in the order of their names. */
import { sql, type Kysely } from 'kysely';
import type { Statement } from 'better-sqlite3';
import { queryBuilder, type Connection } from './database.ts';
import type { ListRequest } from './list-request.ts';
import { termsOf, type Term } from './list-terms.ts';
import type { ObjectRow, Tables } from './schema.ts';

/** Shapes of requests whose statements are kept; programs use a handful, people invent some. */
export const STATEMENTS_MAX = 256;
/**
 * A term that is true for at most so many objects leads: they are looked up and sorted, which takes a few milliseconds. Where
 * all are true for more, objects are walked in the order of their names, and a page is soon full.
 */
export const LEADING_MAX_OBJECTS = 1000;

type Values = Readonly<Record<string, string | number>>;

/** The list statements of a connection. */
export class ListStatements {
  readonly #database: Connection;
  readonly #builder: Kysely<Tables>;
  readonly #statements = new Map<string, Statement<[Values]>>();

  constructor(database: Connection) {
    this.#database = database;
    this.#builder = queryBuilder(database);
  }

  /** Rows of a request in the order of namespace and name, at most `limit`. */
  rows(request: ListRequest, columns: readonly (keyof ObjectRow)[], limit: number): IterableIterator<ObjectRow> {
    const terms = termsOf(request);
    const leading = terms.find((term) => this.#isNarrow(term));
    const shape = `${columns.length} ${leading?.shape ?? ''}: ${terms.map((term) => term.shape).join()}`;
    const statement = this.#statement(shape, () => this.#listSql(terms, leading, columns));
    const values = Object.assign({ kind: request.kind, limit }, ...terms.map((term) => term.values)) as Values;
    return statement.iterate(values) as IterableIterator<ObjectRow>;
  }

  #isNarrow({ ids, shape, values }: Term): boolean {
    if (ids === undefined) return false;
    const names = Object.keys(values).join();
    const statement = this.#statement(`count ${names} ${shape}`, () =>
      this.#compile(sql`select count(*) from (${ids} limit ${sql.lit(LEADING_MAX_OBJECTS + 1)})`),
    );
    return Number(statement.pluck().get(values)) <= LEADING_MAX_OBJECTS;
  }

  /** The plus keeps SQLite from walking names where a term leads, and from looking up owners where none does. */
  #listSql(terms: readonly Term[], leading: Term | undefined, columns: readonly (keyof ObjectRow)[]): string {
    const conditions = terms.map((term) =>
      term === leading ? sql`created_revision in (${term.ids})` : sql`(${term.filter})`,
    );
    const kind = leading === undefined ? sql`kind = @kind` : sql`+kind = @kind`;
    return this.#compile(sql`
      select ${sql.join(columns.map((column) => sql.ref(column)))} from objects
      where ${sql.join([kind, ...conditions], sql` and `)}
      order by namespace, name limit @limit`);
  }

  #compile(query: ReturnType<typeof sql>): string {
    return query.compile(this.#builder).sql;
  }

  #statement(shape: string, text: () => string): Statement<[Values]> {
    let statement = this.#statements.get(shape);
    if (statement === undefined) {
      if (this.#statements.size >= STATEMENTS_MAX) this.#statements.clear();
      this.#statements.set(shape, (statement = this.#database.prepare<[Values]>(text())));
    }
    return statement;
  }
}
