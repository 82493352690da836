/** Opens a process's read model and the state its fold starts from: the two must be at the same position, or both begin anew. */
import { constants, copyFileSync, mkdirSync } from 'node:fs';
import { dirname } from 'node:path';
import type { Clock } from '../foundation/clock.ts';
import type { Logger } from '../foundation/logger.ts';
import { LogUnavailableError, type EventLog } from '../log/event-log.ts';
import {
  createProjector,
  discardReadModel,
  loadReadModel,
  openQueries,
  prepareReadModel,
  type Projector,
  type ReadModelQueries,
} from '../read-model/index.ts';
import { CellState } from '../state/cell-state.ts';
import { historyFileOf } from './data-directory.ts';
import { doubtOf, listSnapshots } from './snapshots.ts';
import { openPast, type OpenPast } from './open-past.ts';
import { trustedState } from './start-state.ts';

export interface OpenReadModel {
  /** What the fold starts from. */
  readonly state: CellState;
  readonly projector: Projector;
  readonly queries: ReadModelQueries;
  /** The history beside it. */
  readonly history: OpenPast;
  /** Writes what is pending of both, and ends. */
  close(): Promise<void>;
}

export interface OpenReadModelOptions {
  readonly file: string;
  /** Where snapshots are, to start from where the file is of no use; nowhere when absent. */
  readonly snapshots?: string | undefined;
  readonly log: EventLog;
  readonly clock: Clock;
  readonly logger: Logger;
  /** The read model is of no more use: this process must end, and its next start begins anew. */
  onFailure(error: Error): void;
}

/** Raises LogUnavailableError, and then nothing was discarded. */
export async function openReadModel(options: OpenReadModelOptions): Promise<OpenReadModel> {
  const { file, log, clock, logger } = options;
  // A standby keeps its own below the data directory.
  mkdirSync(dirname(file), { recursive: true, mode: 0o700 });
  await prepareReadModel({ file, logger });
  let state = (await keptState(options)) ?? (await stateOfSnapshot(options));
  if (state === undefined) {
    discardReadModel(file);
    await prepareReadModel({ file, logger });
    state = new CellState();
  }
  logger.info('the fold begins', { position: state.position, log: log.lineage });
  const history = await openPast({
    file: historyFileOf(file),
    log,
    clock,
    logger,
    from: state.position,
  });
  const onFailure = (error: Error) => options.onFailure(error);
  const projector = await createProjector({ file, clock, logger, onFailure, companion: history.recorder });
  const queries = openQueries(file);
  return {
    state,
    projector,
    queries,
    history,
    async close() {
      queries[Symbol.dispose]();
      await history.close();
      await projector.close();
    },
  };
}

/** The newest snapshot that checks out becomes the read model; undefined where none does. */
async function stateOfSnapshot(options: OpenReadModelOptions): Promise<CellState | undefined> {
  const { file, log, logger, snapshots } = options;
  for (const snapshot of snapshots === undefined ? [] : listSnapshots(snapshots)) {
    const { path, facts } = snapshot;
    const why = await doubtOf(snapshot, log);
    if (why !== undefined) {
      logger.warn('a snapshot is not used', { snapshot: path, why });
      continue;
    }
    discardReadModel(file);
    // Where the file system can, without copying a byte.
    copyFileSync(snapshot.readModel, file, constants.COPYFILE_FICLONE);
    await prepareReadModel({ file, logger });
    const state = await keptState(options);
    if (state === undefined) continue;
    logger.info('the read model begins as a snapshot', { snapshot: path, revision: facts.revision });
    return state;
  }
  return undefined;
}

async function keptState({ file, log, logger }: OpenReadModelOptions): Promise<CellState | undefined> {
  try {
    using stored = loadReadModel(file);
    return await trustedState(stored, log, logger);
  } catch (error) {
    // A bus that is away for a moment is no reason to replay days.
    if (error instanceof LogUnavailableError) throw error;
    logger.warn('the read model cannot be read: replaying the log', { error });
    return undefined;
  }
}
