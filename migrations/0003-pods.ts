/** What pods are asked by beside their labels: the node they are bound to and their phase (field selectors, pods of a node). */
import { sql, type Kysely } from 'kysely';

export async function up(database: Kysely<unknown>): Promise<void> {
  await database.schema
    .createTable('pods')
    .addColumn('object', 'integer', (column) => column.primaryKey())
    .addColumn('node', 'text')
    // Not indexed: it changes with a pod's every step.
    .addColumn('phase', 'text')
    .execute();
  await database.schema
    .createIndex('pods_by_node')
    .on('pods')
    .column('node')
    .where(sql<boolean>`node is not null`)
    .execute();
}
