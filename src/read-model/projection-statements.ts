/** The projection's statements, compiled once: rows go in without building a query. Runs in the worker. */
import type { Statement } from 'better-sqlite3';
import { sql } from 'kysely';
import { bound, queryBuilder, type Connection } from './database.ts';
import type { DeadlineRow, ObjectRow, OutcomesRow, PairRow, PodRow, PositionRow } from './schema.ts';
import type { ChangedColumns } from './row-update.ts';

type Parameters<Row> = { readonly [Column in keyof Row]: ReturnType<typeof bound<Row[Column]>> };

function parameters<Row>(columns: readonly (keyof Row & string)[]): Parameters<Row> {
  return Object.fromEntries(columns.map((column) => [column, bound(column)])) as Parameters<Row>;
}

const OBJECT_COLUMNS: readonly (keyof ObjectRow)[] = [
  'created_revision',
  'kind',
  'namespace',
  'name',
  'uid',
  'revision',
  'correlation',
  'state',
  'owner_uid',
  'deleted',
  'metadata',
  'spec',
  'status',
  'body',
  'private',
];
const POSITION_COLUMNS: readonly (keyof Omit<PositionRow, 'id'>)[] = [
  'lineage',
  'entry',
  'revision',
  'hash',
  'time',
  'state_hash',
  'fold_version',
  'forgotten_through',
  'outcome_count',
];

export type ProjectionStatements = ReturnType<typeof projectionStatements>;

export function projectionStatements(database: Connection) {
  return { ...objectStatements(database), ...searchStatements(database), ...positionStatements(database) };
}

function objectStatements(database: Connection) {
  const builder = queryBuilder(database);
  const updates = new Map<string, Statement<[ChangedColumns & { readonly object: number }]>>();
  return {
    insertObject: database.prepare<[ObjectRow]>(
      builder.insertInto('objects').values(parameters<ObjectRow>(OBJECT_COLUMNS)).compile().sql,
    ),
    removeObject: database.prepare<[{ readonly object: number }]>(
      builder.deleteFrom('objects').where('created_revision', '=', bound<number>('object')).compile().sql,
    ),
    /** Sets only the columns that are given; one statement for each set of columns that occurs. */
    updateObject(columns: ChangedColumns): Statement<[ChangedColumns & { readonly object: number }]> {
      const names = Object.keys(columns) as (keyof ObjectRow)[];
      const shape = names.join();
      let statement = updates.get(shape);
      if (statement === undefined) {
        const query = builder
          .updateTable('objects')
          .set(parameters<ObjectRow>(names))
          .where('created_revision', '=', bound<number>('object'));
        statement = database.prepare<[ChangedColumns & { readonly object: number }]>(query.compile().sql);
        updates.set(shape, statement);
      }
      return statement;
    },
  };
}

function searchStatements(database: Connection) {
  const builder = queryBuilder(database);
  const pair = parameters<PairRow>(['key', 'value', 'object']);
  const { object, key } = pair;
  const deadline = parameters<DeadlineRow>(['object', 'name', 'at']);
  const pod = parameters<PodRow>(['object', 'node', 'phase']);
  const { node, phase } = pod;
  return {
    insertLabel: database.prepare<[PairRow]>(builder.insertInto('labels').values(pair).compile().sql),
    removeLabel: database.prepare<[Pick<PairRow, 'key' | 'object'>]>(
      builder.deleteFrom('labels').where('key', '=', key).where('object', '=', object).compile().sql,
    ),
    insertAnnotation: database.prepare<[PairRow]>(builder.insertInto('annotations').values(pair).compile().sql),
    removeAnnotation: database.prepare<[Pick<PairRow, 'key' | 'object'>]>(
      builder.deleteFrom('annotations').where('key', '=', key).where('object', '=', object).compile().sql,
    ),
    insertDeadline: database.prepare<[DeadlineRow]>(builder.insertInto('deadlines').values(deadline).compile().sql),
    removeDeadline: database.prepare<[Pick<DeadlineRow, 'object' | 'name'>]>(
      builder.deleteFrom('deadlines').where('object', '=', object).where('name', '=', deadline.name).compile().sql,
    ),
    insertPod: database.prepare<[PodRow]>(builder.insertInto('pods').values(pod).compile().sql),
    updatePod: database.prepare<[PodRow]>(
      builder.updateTable('pods').set({ node, phase }).where('object', '=', object).compile().sql,
    ),
    removePod: database.prepare<[{ readonly object: number }]>(
      builder.deleteFrom('pods').where('object', '=', object).compile().sql,
    ),
  };
}

function positionStatements(database: Connection) {
  const builder = queryBuilder(database);
  const outcomes = parameters<OutcomesRow>(['last_entry', 'first_revision', 'last_revision', 'outcomes']);
  // The oldest chunk that still holds a remembered outcome; the walk to it passes only what is deleted.
  const oldestKept = builder
    .selectFrom('outcomes as kept')
    .select('kept.last_entry')
    .where('kept.last_revision', '>=', bound<number>('forgotten_through'))
    .orderBy('kept.last_entry')
    .limit(sql.lit(1));
  return {
    readPosition: database.prepare<[], Pick<PositionRow, 'entry' | 'revision' | 'hash'>>(
      builder.selectFrom('position').select(['entry', 'revision', 'hash']).compile().sql,
    ),
    updatePosition: database.prepare<[Omit<PositionRow, 'id'>]>(
      builder.updateTable('position').set(parameters<Omit<PositionRow, 'id'>>(POSITION_COLUMNS)).compile().sql,
    ),
    insertOutcomes: database.prepare<[OutcomesRow]>(builder.insertInto('outcomes').values(outcomes).compile().sql),
    forgetOutcomes: database.prepare<[Pick<PositionRow, 'forgotten_through'>]>(
      builder.deleteFrom('outcomes').where('last_entry', '<', oldestKept).compile().sql,
    ),
  };
}
