/** Takes the history file back to an earlier position: after a lost end of the log, what is still true stays. */
import type { Connection } from '../database.ts';
import type { HistoryPosition } from './schema.ts';

/** To be called in a transaction. Without a position nothing stays. */
export function truncateHistory(database: Connection, position: HistoryPosition | undefined): void {
  const { entry, revision } = position ?? { entry: 0, revision: 0 };
  const after = (statement: string, bound: number) => database.prepare<[number]>(statement).run(bound);
  after('delete from positions where entry > ?', entry);
  after('delete from commits where revision > ?', revision);
  after('delete from refusals where entry > ?', entry);
  after('delete from images where revision > ?', revision);
  after('delete from objects where object > ?', revision);
  after('update objects set until = null where until > ?', revision);
  after('delete from lives where era in (select era from eras where begin > ?)', revision);
  after('delete from eras where begin > ?', revision);
  after('delete from lives where object > ?', revision);
  after('update lives set until = null where until > ?', revision);
}
