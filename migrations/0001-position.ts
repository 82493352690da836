/** Where the read model is in the log, and the command outcomes remembered there: what a start without replay needs beside the objects. */
import { sql, type Kysely } from 'kysely';

export async function up(database: Kysely<unknown>): Promise<void> {
  await database.schema
    .createTable('position')
    .addColumn('id', 'integer', (column) => column.primaryKey().check(sql`id = 1`))
    .addColumn('lineage', 'text', (column) => column.notNull())
    .addColumn('entry', 'integer', (column) => column.notNull())
    .addColumn('revision', 'integer', (column) => column.notNull())
    .addColumn('hash', 'text', (column) => column.notNull())
    .addColumn('time', 'integer', (column) => column.notNull())
    .addColumn('state_hash', 'text', (column) => column.notNull())
    .addColumn('fold_version', 'integer', (column) => column.notNull())
    .addColumn('forgotten_through', 'integer', (column) => column.notNull())
    .addColumn('outcome_count', 'integer', (column) => column.notNull())
    .execute();
  // One row for each transaction of the projection, named by the last entry in it: an append instead of a row per command.
  await database.schema
    .createTable('outcomes')
    .addColumn('last_entry', 'integer', (column) => column.primaryKey())
    .addColumn('first_revision', 'integer', (column) => column.notNull())
    .addColumn('last_revision', 'integer', (column) => column.notNull())
    .addColumn('outcomes', 'text', (column) => column.notNull())
    .execute();
}
