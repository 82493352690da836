/** Reads a whole state back from the read model, for a start without replay. Not to be trusted before its hash is compared. */
import type { KeptObject, KeptState } from '../state/cell-state.ts';
import type { RememberedOutcome } from '../state/outcomes.ts';
import { openForReading, queryBuilder, type Connection } from './database.ts';
import { readModelError, troubleOf } from './errors.ts';
import { KEPT_COLUMNS, KeptObjectReader, type KeptRow } from './kept-object.ts';
import type { OutcomesRow, PositionRow } from './schema.ts';

/** The state the read model holds; `objects` and `outcomes` can be walked once, until it is closed. */
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
    objects: objects(database),
    outcomes: outcomes(database),
    outcomeCount: row.outcome_count,
    [Symbol.dispose]: () => database.close(),
  };
}

function objects(database: Connection): Generator<KeptObject> {
  const query = queryBuilder(database).selectFrom('objects').select(KEPT_COLUMNS).compile();
  const reader = new KeptObjectReader();
  return guardedRows(
    () => database.prepare<[], KeptRow>(query.sql).raw().iterate(),
    (row) => reader.read(row),
  );
}

/** All that are stored, oldest first: of one command that is in it repeatedly the last stands. */
function* outcomes(database: Connection): Generator<RememberedOutcome> {
  const query = queryBuilder(database).selectFrom('outcomes').select('outcomes').orderBy('last_entry').compile();
  const rows = database.prepare<[], Pick<OutcomesRow, 'outcomes'>>(query.sql);
  for (const chunk of guardedRows(() => rows.iterate(), chunkOutcomes)) yield* chunk;
}

function chunkOutcomes(row: Pick<OutcomesRow, 'outcomes'>): readonly RememberedOutcome[] {
  return JSON.parse(row.outcomes) as readonly RememberedOutcome[];
}

function guarded<Result>(read: () => Result): Result {
  try {
    return read();
  } catch (error) {
    throw loadError(error);
  }
}

function loadError(error: unknown): Error {
  return readModelError('loading the read model', troubleOf(error), error);
}

/** Walks rows; whatever SQLite or the parser says of them is the read model's error, what the consumer raises is not. */
function* guardedRows<Row, Result>(open: () => IterableIterator<Row>, parse: (row: Row) => Result): Generator<Result> {
  const rows = guarded(open);
  try {
    for (;;) {
      let result: Result;
      // Not by guarded(): a closure for each of 150,000 rows is noticed.
      try {
        const next = rows.next();
        if (next.done === true) return;
        result = parse(next.value);
      } catch (error) {
        throw loadError(error);
      }
      yield result;
    }
  } finally {
    rows.return?.();
  }
}
