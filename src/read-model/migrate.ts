/** Brings the read model's file to today's tables, and throws away one that cannot be: it is disposable. */
import { existsSync, rmSync } from 'node:fs';
import { Migrator } from 'kysely/migration';
import { migrations } from '../../migrations/index.ts';
import type { Logger } from '../foundation/logger.ts';
import { EMPTY_POSITION, FOLD_VERSION } from '../state/cell-state.ts';
import { openForWriting, queryBuilder, type Connection } from './database.ts';
import { isRetryable, readModelError, troubleOf } from './errors.ts';

/** What SQLite keeps beside a database. */
const SUFFIXES = ['', '-wal', '-shm', '-journal'];

/** Deletes a read model; the next start builds it again from the log. */
export function discardReadModel(file: string): void {
  for (const suffix of SUFFIXES) rmSync(file + suffix, { force: true });
}

/**
 * Makes sure that a read model with today's tables and fold is there. One that is not SQLite, is damaged, or is of another
 * program's version is deleted and begun anew. Rejects with ReadModelUnavailableError when the file cannot be had now.
 */
export async function prepareReadModel(options: { readonly file: string; readonly logger: Logger }): Promise<void> {
  const { file, logger } = options;
  try {
    const why = await migrateFile(file);
    if (why === undefined) return;
    logger.warn('read model discarded', { file, why });
  } catch (error) {
    const trouble = troubleOf(error);
    if (trouble.code === '') throw error;
    if (isRetryable(trouble.code)) throw readModelError('preparing the read model', trouble, error);
    logger.warn('read model discarded', { file, why: trouble.message, error });
  }
  discardReadModel(file);
  const why = await migrateFile(file);
  if (why !== undefined) throw new Error(`a new read model is unusable: ${why}`);
}

/** Migrates; returns why the file is of no use, or undefined. */
async function migrateFile(file: string): Promise<string | undefined> {
  // SQLite takes the write-ahead log away when the last connection closes: where it still is, a process ended without closing.
  const endedBadly = existsSync(`${file}-wal`);
  const database = openForWriting(file, { create: true });
  try {
    const why = whyUnusable(database) ?? (endedBadly ? whyDamaged(database) : undefined);
    if (why !== undefined) return why;
    const builder = queryBuilder(database);
    const migrator = new Migrator({ db: builder, provider: { getMigrations: async () => ({ ...migrations }) } });
    const { error } = await migrator.migrateToLatest();
    if (error !== undefined) throw error;
    const { lineage, entry, revision, hash } = EMPTY_POSITION;
    const counters = { time: 0, state_hash: '', forgotten_through: 0, outcome_count: 0 };
    await builder
      .insertInto('position')
      .values({ id: 1, lineage, entry, revision, hash, ...counters, fold_version: FOLD_VERSION })
      .onConflict((conflict) => conflict.doNothing())
      .execute();
    return undefined;
  } finally {
    database.close();
  }
}

/** Checks what earlier programs left: migrations we know, a fold of our version. */
function whyUnusable(database: Connection): string | undefined {
  const tables = database.prepare(`select name from sqlite_schema where type = 'table'`).pluck().all();
  if (tables.length === 0) return undefined;
  if (!tables.includes('kysely_migration') || !tables.includes('position')) return 'it is not a read model';
  const names = Object.keys(migrations);
  const done = database.prepare('select name from kysely_migration order by name').pluck().all();
  if (done.some((name, index) => name !== names[index])) return 'it was made by another version: unknown migrations';
  const foldVersion: unknown = database.prepare('select fold_version from position').pluck().get();
  return foldVersion === undefined || foldVersion === FOLD_VERSION
    ? undefined
    : `its fold version is ${String(foldVersion)}, ours is ${FOLD_VERSION}`;
}

/** Half a second for 150,000 objects. What a start needs is compared with the log anyway; this covers what is searched by. */
function whyDamaged(database: Connection): string | undefined {
  const integrity: unknown = database.pragma('quick_check(1)', { simple: true });
  return integrity === 'ok' ? undefined : `it is damaged: ${String(integrity)}`;
}
