/** All objects of all kinds, and what they are searched by: key, owner, labels, annotations, deadlines. */
import { sql, type Kysely } from 'kysely';

export async function up(database: Kysely<unknown>): Promise<void> {
  await createObjects(database);
  await database.schema
    .createTable('labels')
    .addColumn('object', 'integer', (column) => column.notNull())
    .addColumn('key', 'text', (column) => column.notNull())
    .addColumn('value', 'text', (column) => column.notNull())
    .addPrimaryKeyConstraint('labels_key', ['object', 'key'])
    .modifyEnd(sql`without rowid`)
    .execute();
  await database.schema.createIndex('labels_by_value').on('labels').columns(['key', 'value']).execute();
  // Values of up to 256 KB stay out of the index.
  await database.schema
    .createTable('annotations')
    .addColumn('key', 'text', (column) => column.notNull())
    .addColumn('object', 'integer', (column) => column.notNull())
    .addColumn('value', 'text', (column) => column.notNull())
    .addUniqueConstraint('annotations_key', ['key', 'object'])
    .execute();
  await database.schema
    .createTable('deadlines')
    .addColumn('object', 'integer', (column) => column.notNull())
    .addColumn('name', 'text', (column) => column.notNull())
    .addColumn('at', 'integer', (column) => column.notNull())
    .addPrimaryKeyConstraint('deadlines_key', ['object', 'name'])
    .modifyEnd(sql`without rowid`)
    .execute();
}

/** No index on a column that changes with every event: revision, correlation, state, status. */
async function createObjects(database: Kysely<unknown>): Promise<void> {
  await database.schema
    .createTable('objects')
    // A commit is about one object, so the revision that created it identifies it, and new rows are appended.
    .addColumn('created_revision', 'integer', (column) => column.primaryKey())
    .addColumn('kind', 'text', (column) => column.notNull())
    .addColumn('namespace', 'text', (column) => column.notNull())
    .addColumn('name', 'text', (column) => column.notNull())
    .addColumn('uid', 'text', (column) => column.notNull())
    .addColumn('revision', 'integer', (column) => column.notNull())
    .addColumn('correlation', 'integer', (column) => column.notNull())
    .addColumn('state', 'text', (column) => column.notNull())
    .addColumn('owner_uid', 'text')
    .addColumn('deleted', 'text')
    .addColumn('metadata', 'text', (column) => column.notNull())
    .addColumn('spec', 'text')
    .addColumn('status', 'text')
    .addColumn('body', 'text')
    .addColumn('private', 'text')
    .execute();
  await database.schema
    .createIndex('objects_by_name')
    .unique()
    .on('objects')
    .columns(['kind', 'namespace', 'name'])
    .execute();
  await database.schema
    .createIndex('objects_by_owner')
    .on('objects')
    .column('owner_uid')
    .where(sql<boolean>`owner_uid is not null`)
    .execute();
}
