/** What the command line does with the snapshots of the cell that runs under a data directory. */
import { systemClock } from '../foundation/clock.ts';
import type { EventLog } from '../log/event-log.ts';
import { loadReadModel, ReadModelDamagedError } from '../read-model/index.ts';
import { withCellLog } from './cell-log.ts';
import { dataDirectory } from './data-directory.ts';
import { doubtOf, listSnapshots, type Snapshot } from './snapshots.ts';
import { takeSnapshot, unreadableIn } from './snapshots-take.ts';
import { doubtOfState } from './start-state.ts';

/** A snapshot, and why it is not used; nothing where it may be. */
export interface CheckedSnapshot {
  readonly path: string;
  /** Undefined where it does not even say what it is. */
  readonly snapshot: Snapshot | undefined;
  readonly doubt: string | undefined;
}

/** Takes one of the control plane's read model as it is now. Rejects as takeSnapshot does, and with CellNotRunningError. */
export function snapshotCell(data: string, keep: number): Promise<Snapshot> {
  const directory = dataDirectory(data);
  return withCellLog(data, 'snapshot', (log) =>
    takeSnapshot({
      readModelFile: directory.readModel,
      directory: directory.snapshots,
      log,
      keep,
      clock: systemClock,
    }),
  );
}

/** All there are, newest first, each checked as a start from it would. Rejects with CellNotRunningError. */
export function checkSnapshots(data: string): Promise<readonly CheckedSnapshot[]> {
  const { snapshots } = dataDirectory(data);
  return withCellLog(data, 'snapshot', async (log) => {
    const checked: CheckedSnapshot[] = [];
    for (const snapshot of listSnapshots(snapshots)) {
      checked.push({ path: snapshot.path, snapshot, doubt: await fullDoubtOf(snapshot, log) });
    }
    const unreadable = unreadableIn(snapshots).map((path) => {
      return {
        path,
        snapshot: undefined,
        doubt: 'it does not say what it is: its snapshot.json is missing or damaged',
      };
    });
    return [...checked, ...unreadable];
  });
}

async function fullDoubtOf(snapshot: Snapshot, log: EventLog): Promise<string | undefined> {
  const doubt = await doubtOf(snapshot, log);
  if (doubt !== undefined) return doubt;
  try {
    using stored = loadReadModel(snapshot.readModel);
    return stored === undefined ? 'its read model holds nothing' : await doubtOfState(stored, log);
  } catch (error) {
    if (error instanceof ReadModelDamagedError) return error.message;
    throw error;
  }
}
