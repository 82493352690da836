/** Holds every row of the read model's file against what the log makes of it: rows are made anew from a folded state, not by the path that wrote them. */
import type { ObjectRecord } from '../../machines/index.ts';
import { FOLD_VERSION, type CellState } from '../state/cell-state.ts';
import { allRecords } from '../state/state-digest.ts';
import { openForReading, type Connection } from './database.ts';
import { readModelError, troubleOf } from './errors.ts';
import { compareValues, RowCursor, type Row, type RowDifference } from './row-difference.ts';
import { rowUpdate } from './row-update.ts';
import type { PositionRow } from './schema.ts';
import { outcomesDifference } from './verify-outcomes.ts';

/** The file's rows at one moment, while it is written to. */
export interface StoredRows extends Disposable {
  /** Where they are. */
  readonly position: Pick<PositionRow, 'lineage' | 'entry' | 'revision' | 'hash'>;
  /** Compares all of them with a state folded to that position. */
  compare(state: CellState): RowComparison;
}

export interface RowComparison {
  /** How many rows were looked at. */
  readonly rows: number;
  readonly difference?: RowDifference;
}

/** Tables besides the position, with their keys in the order of their rows. */
const KEYS = {
  objects: ['created_revision'],
  labels: ['object', 'key'],
  annotations: ['object', 'key'],
  deadlines: ['object', 'name'],
  pods: ['object'],
} as const;
const OTHER_TABLES = ['kysely_migration', 'kysely_migration_lock', 'outcomes', 'position'];

type Cursors = Readonly<Record<keyof typeof KEYS, RowCursor>>;

/** Opens them. Raises ReadModelUnavailableError or ReadModelDamagedError, while they are compared too. */
export function openStoredRows(file: string): StoredRows {
  return guarded(() => {
    const database = openForReading(file);
    try {
      database.exec('begin');
      const position = database.prepare<[], PositionRow>('select * from position').get();
      if (position === undefined) throw new Error('its table position is empty');
      return {
        position,
        compare: (state) => guarded(() => compareAll(database, position, state)),
        [Symbol.dispose]: () => database.close(),
      };
    } catch (error) {
      database.close();
      throw error;
    }
  });
}

function guarded<Result>(read: () => Result): Result {
  try {
    return read();
  } catch (error) {
    throw readModelError('verifying the read model', troubleOf(error), error);
  }
}

function compareAll(database: Connection, position: PositionRow, state: CellState): RowComparison {
  const first = tablesDifference(database) ?? positionDifference(position, state);
  if (first !== undefined) return { rows: 0, difference: first };
  const cursors = openCursors(database);
  try {
    const difference = objectsDifference(cursors, state) ?? outcomesDifference(database, position, state);
    const rows = Object.values(cursors).reduce((sum, { count }) => sum + count, 1);
    return { rows, ...(difference ? { difference } : {}) };
  } finally {
    for (const cursor of Object.values(cursors)) cursor.close();
  }
}

/** What SQLite itself finds wrong (an index that does not fit its table, a damaged page), then the list of tables. */
function tablesDifference(database: Connection): RowDifference | undefined {
  const integrity: unknown = database.pragma('integrity_check(1)', { simple: true });
  if (integrity !== 'ok') return { table: 'all', key: '', expected: 'an undamaged file', actual: String(integrity) };
  const tables = new Set<unknown>(
    database.prepare(`select name from sqlite_schema where type = 'table' and name not like 'sqlite_%'`).pluck().all(),
  );
  const expected = [...Object.keys(KEYS), ...OTHER_TABLES];
  const missing = expected.find((name) => !tables.has(name));
  if (missing !== undefined) return { table: missing, key: '', expected: 'a table', actual: 'no such table' };
  const strange = [...tables].map(String).find((name) => !expected.includes(name));
  return strange === undefined ? undefined : { table: strange, key: '', expected: 'no such table', actual: 'a table' };
}

function positionDifference(actual: PositionRow, state: CellState): RowDifference | undefined {
  const { lineage, entry, revision, hash } = state.position;
  const expected: PositionRow = {
    id: 1,
    lineage,
    entry,
    revision,
    hash,
    time: state.time,
    state_hash: state.stateHash(),
    fold_version: FOLD_VERSION,
    forgotten_through: state.forgottenThrough,
    outcome_count: state.outcomeCount,
  };
  return new RowCursor('position', ['id'], [{ ...actual }].values()).expect({ ...expected });
}

function openCursors(database: Connection): Cursors {
  const cursor = (table: keyof typeof KEYS) => {
    const rows = database.prepare<[], Row>(`select * from ${table} order by ${KEYS[table].join(', ')}`);
    return new RowCursor(table, KEYS[table], rows.iterate());
  };
  return {
    objects: cursor('objects'),
    labels: cursor('labels'),
    annotations: cursor('annotations'),
    deadlines: cursor('deadlines'),
    pods: cursor('pods'),
  };
}

/** Object by object in the order of their creation, each with its rows in all tables. */
function objectsDifference(cursors: Cursors, state: CellState): RowDifference | undefined {
  const records = allRecords(state).toSorted((one, other) => one.createdRevision - other.createdRevision);
  for (const record of records) {
    const difference = objectDifference(cursors, record);
    if (difference !== undefined) return difference;
  }
  for (const cursor of Object.values(cursors)) {
    const difference = cursor.end();
    if (difference !== undefined) return difference;
  }
  return undefined;
}

function objectDifference(cursors: Cursors, record: ObjectRecord): RowDifference | undefined {
  const object = record.createdRevision;
  const update = rowUpdate(object, { before: undefined, after: record });
  if (update.change !== 'insert') throw new Error('an object that was not there is inserted');
  const pairs = (added: readonly (readonly [string, string | number])[] = [], key: string, value: string): Row[] =>
    added.map((pair) => ({ object, [key]: pair[0], [value]: pair[1] }));
  return (
    cursors.objects.expect({ ...update.columns }) ??
    all(cursors.labels, pairs(update.labels?.added, 'key', 'value'), 'key') ??
    all(cursors.annotations, pairs(update.annotations?.added, 'key', 'value'), 'key') ??
    all(cursors.deadlines, pairs(update.deadlines?.added, 'name', 'at'), 'name') ??
    (update.pod && cursors.pods.expect({ object, ...update.pod }))
  );
}

function all(cursor: RowCursor, rows: readonly Row[], key: string): RowDifference | undefined {
  const sorted = rows.length > 1 ? rows.toSorted((one, other) => compareValues(one[key], other[key])) : rows;
  for (const row of sorted) {
    const difference = cursor.expect(row);
    if (difference !== undefined) return difference;
  }
  return undefined;
}
