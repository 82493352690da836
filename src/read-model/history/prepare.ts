/** Makes the history file, or throws away one that is of no use. */
import { historyMigrations } from '../../../migrations/history/index.ts';
import { FOLD_VERSION } from '../../state/cell-state.ts';
import { prepareFile, type PrepareOptions } from '../migrate.ts';

/** As prepareReadModel: images are of our fold, so a file of another fold's version is begun anew. */
export function prepareHistory(options: PrepareOptions): Promise<void> {
  return prepareFile(
    {
      what: 'history file',
      migrations: historyMigrations,
      table: 'about',
      // Hundreds of megabytes; what is damaged is noticed when it is read, and the file made anew.
      checkAll: false,
      async begin(database) {
        database.prepare('insert or ignore into about (id, fold_version) values (1, ?)').run(FOLD_VERSION);
        database.prepare('insert or ignore into eras (era, begin, carried) values (0, 0, 0)').run();
      },
    },
    options,
  );
}
