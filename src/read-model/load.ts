/** Reads a whole state back from the read model, for a start without replay. Not to be trusted before its hash is compared. */
import type { ObjectRecord } from '../../machines/index.ts';
import type { KeptState } from '../state/cell-state.ts';
import type { RememberedOutcome } from '../state/outcomes.ts';
import { openForReading, queryBuilder, type Connection } from './database.ts';
import { readModelError, troubleOf } from './errors.ts';
import { lastOutcomes } from './pending-changes.ts';
import { recordOf } from './record-row.ts';
import type { ObjectRow, OutcomesRow, PositionRow } from './schema.ts';

/** The state the read model holds; `records` and `outcomes` can be walked once, until it is closed. */
export interface StoredState extends KeptState, Disposable {
  /** Hash of the state at its position, as the log's entry says it: what the state made from this must have. */
  readonly stateHash: string;
  readonly foldVersion: number;
}

/**
 * Opens the state of a prepared read model; undefined where nothing has been projected yet. Dispose of it before the projector
 * starts. Raises ReadModelUnavailableError or ReadModelDamagedError, while it is walked too.
 */
export function loadReadModel(file: string): StoredState | undefined {
  return guarded(() => {
    const database = openForReading(file);
    try {
      database.exec('begin');
      const row = database
        .prepare<[], PositionRow>(queryBuilder(database).selectFrom('position').selectAll().compile().sql)
        .get();
      if (row !== undefined && row.entry > 0) return storedState(database, row);
      database.close();
      return undefined;
    } catch (error) {
      database.close();
      throw error;
    }
  });
}

function storedState(database: Connection, row: PositionRow): StoredState {
  const { lineage, entry, revision, hash } = row;
  return {
    position: { lineage, entry, revision, hash },
    time: row.time,
    stateHash: row.state_hash,
    foldVersion: row.fold_version,
    forgottenThrough: row.forgotten_through,
    records: records(database),
    outcomes: outcomes(database, row.outcome_count),
    [Symbol.dispose]: () => database.close(),
  };
}

function* records(database: Connection): Generator<ObjectRecord> {
  const query = queryBuilder(database).selectFrom('objects').selectAll().compile();
  yield* guardedRows(() => database.prepare<[], ObjectRow>(query.sql).iterate(), recordOf);
}

function* outcomes(database: Connection, count: number): Generator<RememberedOutcome> {
  const query = queryBuilder(database).selectFrom('outcomes').select('outcomes').orderBy('last_entry').compile();
  const rows = database.prepare<[], Pick<OutcomesRow, 'outcomes'>>(query.sql);
  const all: RememberedOutcome[] = [];
  for (const chunk of guardedRows(() => rows.iterate(), chunkOutcomes)) for (const outcome of chunk) all.push(outcome);
  yield* lastOutcomes(all, count);
}

function chunkOutcomes(row: Pick<OutcomesRow, 'outcomes'>): readonly RememberedOutcome[] {
  return JSON.parse(row.outcomes) as readonly RememberedOutcome[];
}

function guarded<Result>(read: () => Result): Result {
  try {
    return read();
  } catch (error) {
    throw readModelError('loading the read model', troubleOf(error), error);
  }
}

/** Walks rows; whatever SQLite or the parser says of them is the read model's error, what the consumer raises is not. */
function* guardedRows<Row, Result>(open: () => IterableIterator<Row>, parse: (row: Row) => Result): Generator<Result> {
  const rows = guarded(open);
  try {
    for (;;) {
      const next = guarded(() => {
        const { done, value } = rows.next();
        return done ? undefined : { value: parse(value) };
      });
      if (next === undefined) return;
      yield next.value;
    }
  } finally {
    rows.return?.();
  }
}
