/** Connections to the read model's file: one that writes, any number that read while it does. */
import Database from 'better-sqlite3';
import { Kysely, sql, SqliteDialect } from 'kysely';
import type { Tables } from './schema.ts';

/** A better-sqlite3 connection. */
export type Connection = Database.Database;

/** How long to wait for another program that holds the file, milliseconds: an operator's sqlite3 doing a large query or backup. */
const BUSY_TIMEOUT_MS = 5000;
/** Pages of SQLite's cache per connection, KiB: enough for the inner pages of a cell of 150,000 objects; leaves come from the system's cache. */
const CACHE_KIB = 8 * 1024;
/** Pages in the write-ahead log before they are moved into the file, 16 MB: rows that change often are then moved once, not each time. */
const CHECKPOINT_PAGES = 4096;
/** The write-ahead log is cut back to this after it has grown, bytes. */
const WRITE_AHEAD_LOG_MAX_BYTES = 64 * 1024 * 1024;

/** Opens the file for writing. Makes it only when asked to, since one that vanished is trouble. */
export function openForWriting(file: string, options: { readonly create?: boolean } = {}): Connection {
  const database = new Database(file, { timeout: BUSY_TIMEOUT_MS, fileMustExist: options.create !== true });
  try {
    // NORMAL: a crash of the machine may lose the last transactions, never their order or atomicity; the log has them.
    for (const pragma of [
      'journal_mode = WAL',
      'synchronous = NORMAL',
      `cache_size = -${CACHE_KIB}`,
      `wal_autocheckpoint = ${CHECKPOINT_PAGES}`,
      `journal_size_limit = ${WRITE_AHEAD_LOG_MAX_BYTES}`,
    ])
      database.pragma(pragma);
  } catch (error) {
    database.close();
    throw error;
  }
  return database;
}

/** Opens the file for reading. */
export function openForReading(file: string): Connection {
  const database = new Database(file, { timeout: BUSY_TIMEOUT_MS, readonly: true, fileMustExist: true });
  database.pragma(`cache_size = -${CACHE_KIB}`);
  return database;
}

/** Kysely on a connection: to write queries typed by the tables and compile them once; rows go through prepared statements. */
export function queryBuilder(database: Connection): Kysely<Tables> {
  return new Kysely<Tables>({ dialect: new SqliteDialect({ database }) });
}

/** A parameter bound by name (without the @): a compiled query is run with an object of values. */
export function bound<Value>(name: string) {
  return sql<Value>`${sql.raw(`@${name}`)}`;
}
