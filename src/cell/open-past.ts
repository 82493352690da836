/** Opens a process's past: the history file beside its read model, recorded behind the same fold. What of it is not on the log is forgotten. */
import { HistoryFailure } from '../bus/query-source.ts';
import type { Clock } from '../foundation/clock.ts';
import type { Logger } from '../foundation/logger.ts';
import { endingEventsByKind } from '../history/ending-events.ts';
import type { Past } from '../history/past.ts';
import { SqlitePast } from '../history/sqlite-past.ts';
import { hashOf, type Position } from '../log/entry.ts';
import type { EventLog } from '../log/event-log.ts';
import {
  createHistoryRecorder,
  discardReadModel,
  HistoryReader,
  historyPositions,
  prepareHistory,
  ReadModelDamagedError,
  type HistoryRecorder,
} from '../read-model/index.ts';

export interface OpenPastOptions {
  readonly file: string;
  readonly log: EventLog;
  readonly clock: Clock;
  readonly logger: Logger;
  /** Where the fold begins. */
  readonly from: Position;
}

/** The past of a process. */
export interface OpenPast {
  readonly past: Past;
  /** To be told of every entry, and the companion of the projector. */
  readonly recorder: HistoryRecorder;
  /** Resolves once the revision is recorded. Rejects with HistoryFailure where that takes longer than a moment. */
  reach(revision: number, timeoutMs: number): Promise<void>;
  /** To be called before the projector is closed. */
  close(): Promise<void>;
}

/** Raises LogUnavailableError, and then nothing was forgotten. */
export async function openPast({ file, log, clock, logger, from }: OpenPastOptions): Promise<OpenPast> {
  await prepareHistory({ file, logger });
  const keepThrough = await lastOnLog(file, log, logger);
  let reader: HistoryReader | undefined;
  const past = new SqlitePast({
    reader: () => (reader ??= new HistoryReader(file, (error) => recorder.discard(error))),
    isBehind: () => !recorder.isCurrent,
  });
  const closeReader = () => {
    reader?.[Symbol.dispose]();
    reader = undefined;
  };
  const recorder = createHistoryRecorder({
    file,
    log,
    clock,
    logger,
    from,
    keepThrough,
    endings: endingEventsByKind(),
    imageOf: (wanted) => past.imageOf(wanted),
    onDiscard: closeReader,
  });
  return {
    past,
    recorder,
    reach: (revision, timeoutMs) => reach(recorder, revision, timeoutMs),
    async close() {
      await recorder.close();
      closeReader();
    },
  };
}

async function reach(recorder: HistoryRecorder, revision: number, timeoutMs: number): Promise<void> {
  if (recorder.recordedRevision >= revision) return;
  if (!recorder.isCurrent) {
    const progress = `it has got to revision ${recorder.recordedRevision} of ${revision}`;
    throw new HistoryFailure('Behind', `the history is being read from the log: ${progress}; try again in a moment`);
  }
  try {
    await recorder.waitFor(revision, timeoutMs);
  } catch (error) {
    throw new HistoryFailure('Behind', error instanceof Error ? error.message : 'the history is behind');
  }
}

/** The last position of the file that is on the log: all before it are then too. A file that cannot be read is begun anew. */
async function lastOnLog(file: string, log: EventLog, logger: Logger): Promise<number> {
  try {
    using positions = historyPositions(file);
    const entryAt = async (index: number) => {
      const position = positions.at(index);
      const stored = position && (await log.get(position.entry));
      const isOnLog = stored !== undefined && hashOf(stored.payload) === position?.hash;
      return isOnLog ? position?.entry : undefined;
    };
    const newest = positions.count === 0 ? 0 : await entryAt(positions.count - 1);
    if (newest !== undefined) return newest;
    let [low, high, found] = [0, positions.count - 1, 0];
    while (low < high) {
      const middle = Math.floor((low + high) / 2);
      const entry = await entryAt(middle);
      if (entry === undefined) high = middle;
      else [low, found] = [middle + 1, entry];
    }
    return found;
  } catch (error) {
    if (!(error instanceof ReadModelDamagedError)) throw error;
    logger.warn('history discarded', { file, error });
    discardReadModel(file);
    await prepareHistory({ file, logger });
    return 0;
  }
}
