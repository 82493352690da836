/** Takes a snapshot in a process of its own, so that the writer gives it neither time nor memory. */
import { spawn } from 'node:child_process';
import { setPriority } from 'node:os';
import { extname } from 'node:path';
import { fileURLToPath } from 'node:url';
import { systemClock } from '../foundation/clock.ts';
import type { Logger } from '../foundation/logger.ts';
import { withCellLog } from './cell-log.ts';
import { readModelFileOf, type DataDirectory } from './data-directory.ts';
import { listSnapshots } from './snapshots.ts';
import type { SnapshotTaker } from './snapshots-schedule.ts';
import { takeSnapshot } from './snapshots-take.ts';

const PROGRAM = fileURLToPath(new URL(`./process${extname(import.meta.url)}`, import.meta.url));
/** Commands go first: nobody waits for a snapshot. */
const NICENESS = 10;

export interface SnapshotArguments {
  /** Whose read model: `control-plane`, `standby`. */
  readonly name: string;
  readonly keep: string;
}

/** What the process does. */
export async function runSnapshotProcess(
  directory: DataDirectory,
  given: SnapshotArguments,
  logger: Logger,
): Promise<void> {
  const snapshot = await withCellLog(directory.root, 'snapshot', (log) =>
    takeSnapshot({
      readModelFile: readModelFileOf(directory, given.name),
      directory: directory.snapshots,
      log,
      keep: Math.max(Number(given.keep), 1),
      clock: systemClock,
    }),
  );
  logger.info('a snapshot was taken', { snapshot: snapshot.path, revision: snapshot.facts.revision });
}

/** Takes snapshots of a control plane's read model. */
export function snapshotTaker(directory: DataDirectory, name: string): SnapshotTaker {
  return {
    newest: (lineage) =>
      listSnapshots(directory.snapshots).find(({ facts }) => facts.lineage === lineage)?.facts.entry ?? 0,
    take: (keep, signal) =>
      new Promise((resolve, reject) => {
        const words = [PROGRAM, 'snapshot', '--data', directory.root, '--name', name, '--keep', String(keep)];
        // It says in our log what it did, or why it could not.
        const child = spawn(process.execPath, words, { stdio: ['ignore', 'inherit', 'inherit'], signal });
        child.once('spawn', () => child.pid !== undefined && setPriority(child.pid, NICENESS));
        child.once('error', reject);
        child.once('exit', (code, by) => {
          if (code === 0) resolve();
          else reject(new Error(`the process that takes snapshots ended with ${by ?? `exit code ${code}`}`));
        });
      }),
  };
}
