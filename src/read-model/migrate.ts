/** Brings the read model's file to today's tables, and throws away one that cannot be: it is disposable. */
import { existsSync, rmSync } from 'node:fs';
import { Migrator } from 'kysely/migration';
import { migrations, type Migration } from '../../migrations/index.ts';
import type { Logger } from '../foundation/logger.ts';
import { EMPTY_POSITION, FOLD_VERSION } from '../state/cell-state.ts';
import { openForWriting, queryBuilder, type Connection } from './database.ts';
import { isRetryable, readModelError, troubleOf } from './errors.ts';

/** What SQLite keeps beside a database. */
const SUFFIXES = ['', '-wal', '-shm', '-journal'];

/** A file that is made by migrations and can be made again from the log. */
export interface DisposableFile {
  /** `read model`, `history`: what people call it. */
  readonly what: string;
  readonly migrations: Readonly<Record<string, Migration>>;
  /** The table of one row that says the version of the fold. */
  readonly table: string;
  /** Look through all of it where its last writer did not close it: for a file that is small. */
  readonly checkAll: boolean;
  /** Puts that row in where there is none. */
  begin(database: Connection): Promise<void>;
}

const READ_MODEL: DisposableFile = {
  what: 'read model',
  migrations,
  table: 'position',
  checkAll: true,
  async begin(database) {
    const { lineage, entry, revision, hash } = EMPTY_POSITION;
    const counters = { time: 0, state_hash: '', forgotten_through: 0, outcome_count: 0 };
    await queryBuilder(database)
      .insertInto('position')
      .values({ id: 1, lineage, entry, revision, hash, ...counters, fold_version: FOLD_VERSION })
      .onConflict((conflict) => conflict.doNothing())
      .execute();
  },
};

/** Deletes a read model; the next start builds it again from the log. */
export function discardReadModel(file: string): void {
  for (const suffix of SUFFIXES) rmSync(file + suffix, { force: true });
}

export interface PrepareOptions {
  readonly file: string;
  readonly logger: Logger;
}

/**
 * Makes sure that a read model with today's tables and fold is there. One that is not SQLite, is damaged, or is of another
 * program's version is deleted and begun anew. Rejects with ReadModelUnavailableError when the file cannot be had now.
 */
export function prepareReadModel(options: PrepareOptions): Promise<void> {
  return prepareFile(READ_MODEL, options);
}

/** The same for any such file. */
export async function prepareFile(spec: DisposableFile, { file, logger }: PrepareOptions): Promise<void> {
  try {
    const why = await migrateFile(spec, file);
    if (why === undefined) return;
    logger.warn(`${spec.what} discarded`, { file, why });
  } catch (error) {
    const trouble = troubleOf(error);
    if (trouble.code === '') throw error;
    if (isRetryable(trouble.code)) throw readModelError(`preparing the ${spec.what}`, trouble, error);
    logger.warn(`${spec.what} discarded`, { file, why: trouble.message, error });
  }
  discardReadModel(file);
  const why = await migrateFile(spec, file);
  if (why !== undefined) throw new Error(`a new ${spec.what} is unusable: ${why}`);
}

/** Migrates; returns why the file is of no use, or undefined. */
async function migrateFile(spec: DisposableFile, file: string): Promise<string | undefined> {
  // SQLite takes the write-ahead log away when the last connection closes: where it still is, a process ended without closing.
  const check = spec.checkAll && existsSync(`${file}-wal`);
  const database = openForWriting(file, { create: true });
  try {
    const why = whyUnusable(spec, database) ?? (check ? whyDamaged(database) : undefined);
    if (why !== undefined) return why;
    const migrator = new Migrator({
      db: queryBuilder(database),
      provider: { getMigrations: async () => ({ ...spec.migrations }) },
    });
    const { error } = await migrator.migrateToLatest();
    if (error !== undefined) throw error;
    await spec.begin(database);
    return undefined;
  } finally {
    database.close();
  }
}

/** Checks what earlier programs left: migrations we know, a fold of our version. */
function whyUnusable({ what, migrations: ours, table }: DisposableFile, database: Connection): string | undefined {
  const tables = database.prepare(`select name from sqlite_schema where type = 'table'`).pluck().all();
  if (tables.length === 0) return undefined;
  if (!tables.includes('kysely_migration') || !tables.includes(table)) return `it is not a ${what}`;
  const names = Object.keys(ours);
  const done = database.prepare('select name from kysely_migration order by name').pluck().all();
  if (done.some((name, index) => name !== names[index])) return 'it was made by another version: unknown migrations';
  const foldVersion: unknown = database.prepare(`select fold_version from ${table}`).pluck().get();
  return foldVersion === undefined || foldVersion === FOLD_VERSION
    ? undefined
    : `its fold version is ${String(foldVersion)}, ours is ${FOLD_VERSION}`;
}

/** Half a second for 150,000 objects. What a start needs is compared with the log anyway; this covers what is searched by. */
function whyDamaged(database: Connection): string | undefined {
  const integrity: unknown = database.pragma('quick_check(1)', { simple: true });
  return integrity === 'ok' ? undefined : `it is damaged: ${String(integrity)}`;
}
