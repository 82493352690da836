/** The history file: every commit and refusal, which object each is about, who lived when, and images to fold from. */
import { sql, type Kysely } from 'kysely';

export async function up(database: Kysely<unknown>): Promise<void> {
  await database.schema
    .createTable('about')
    .addColumn('id', 'integer', (column) => column.primaryKey().check(sql`id = 1`))
    .addColumn('fold_version', 'integer', (column) => column.notNull())
    .execute();
  // One row for each transaction: the last is where the file is, earlier ones are where it can go back to.
  await database.schema
    .createTable('positions')
    .addColumn('entry', 'integer', (column) => column.primaryKey())
    .addColumn('lineage', 'text', (column) => column.notNull())
    .addColumn('revision', 'integer', (column) => column.notNull())
    .addColumn('hash', 'text', (column) => column.notNull())
    .execute();
  await createRecords(database);
  await createLives(database);
}

/** Appended in the order of the log. Bodies are JSON, or compressed JSON where that pays. */
async function createRecords(database: Kysely<unknown>): Promise<void> {
  await database.schema
    .createTable('commits')
    .addColumn('revision', 'integer', (column) => column.primaryKey())
    // The revision that created the object: its number for ever.
    .addColumn('object', 'integer', (column) => column.notNull())
    .addColumn('entry', 'integer', (column) => column.notNull())
    .addColumn('time', 'integer', (column) => column.notNull())
    .addColumn('cause', 'integer')
    .addColumn('body', 'blob', (column) => column.notNull())
    .execute();
  // Each row of an index ends with the table's key, the revision: an object's commits up to any one are a range.
  await database.schema.createIndex('commits_by_object').on('commits').column('object').execute();
  await database.schema
    .createIndex('commits_by_cause')
    .on('commits')
    .column('cause')
    .where(sql<boolean>`cause is not null`)
    .execute();
  await database.schema
    .createTable('refusals')
    .addColumn('id', 'integer', (column) => column.primaryKey())
    .addColumn('revision', 'integer', (column) => column.notNull())
    .addColumn('entry', 'integer', (column) => column.notNull())
    .addColumn('time', 'integer', (column) => column.notNull())
    .addColumn('kind', 'text', (column) => column.notNull())
    .addColumn('namespace', 'text', (column) => column.notNull())
    .addColumn('name', 'text', (column) => column.notNull())
    .addColumn('body', 'blob', (column) => column.notNull())
    .execute();
  await database.schema.createIndex('refusals_by_name').on('refusals').columns(['kind', 'namespace', 'name']).execute();
  await database.schema.createIndex('refusals_by_entry').on('refusals').column('entry').execute();
  await database.schema
    .createTable('images')
    .addColumn('revision', 'integer', (column) => column.primaryKey())
    .addColumn('object', 'integer', (column) => column.notNull())
    .addColumn('body', 'blob', (column) => column.notNull())
    .execute();
  await database.schema.createIndex('images_by_object').on('images').column('object').execute();
}

/** `until` is the revision that removed an object; null while it lives, and in `lives` also when it outlived the era. */
async function createLives(database: Kysely<unknown>): Promise<void> {
  await database.schema
    .createTable('objects')
    .addColumn('object', 'integer', (column) => column.primaryKey())
    .addColumn('kind', 'text', (column) => column.notNull())
    .addColumn('namespace', 'text', (column) => column.notNull())
    .addColumn('name', 'text', (column) => column.notNull())
    .addColumn('uid', 'text', (column) => column.notNull())
    .addColumn('until', 'integer')
    .execute();
  await database.schema.createIndex('objects_by_name').on('objects').columns(['kind', 'namespace', 'name']).execute();
  await database.schema.createIndex('objects_by_uid').on('objects').column('uid').execute();
  // A stretch of the log, begun with those who lived then: a list never passes those who died in earlier ones.
  await database.schema
    .createTable('eras')
    .addColumn('era', 'integer', (column) => column.primaryKey())
    .addColumn('begin', 'integer', (column) => column.notNull())
    .addColumn('carried', 'integer', (column) => column.notNull())
    .execute();
  await database.schema
    .createTable('lives')
    .addColumn('era', 'integer', (column) => column.notNull())
    .addColumn('kind', 'text', (column) => column.notNull())
    .addColumn('namespace', 'text', (column) => column.notNull())
    .addColumn('name', 'text', (column) => column.notNull())
    .addColumn('object', 'integer', (column) => column.notNull())
    .addColumn('until', 'integer')
    .addPrimaryKeyConstraint('lives_key', ['era', 'kind', 'namespace', 'name', 'object'])
    .modifyEnd(sql`without rowid`)
    .execute();
}
