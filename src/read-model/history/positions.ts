/** Where the transactions of a history file ended, for a start to find out how much of it is on the log. */
import { openForReading } from '../database.ts';
import { readModelError, troubleOf } from '../errors.ts';
import type { HistoryPosition } from './schema.ts';

/** How many positions there are, and any of them in order from 0; all oldest first. */
export interface HistoryPositions extends Disposable {
  readonly count: number;
  at(index: number): HistoryPosition | undefined;
}

/** Opens a prepared file. Raises ReadModelUnavailableError or ReadModelDamagedError. */
export function historyPositions(file: string): HistoryPositions {
  try {
    const database = openForReading(file);
    const at = database.prepare<[number], HistoryPosition>(
      'select lineage, entry, revision, hash from positions order by entry limit 1 offset ?',
    );
    const count = database.prepare<[], number>('select count(*) from positions').pluck().get() ?? 0;
    return { count, at: (index) => at.get(index), [Symbol.dispose]: () => database.close() };
  } catch (error) {
    throw readModelError('opening the history', troubleOf(error), error);
  }
}
