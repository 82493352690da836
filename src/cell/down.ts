/** `periplus down`: stops everything of a cell on this machine; containers are removed, objects are kept. */
import { systemClock } from '../foundation/clock.ts';
import { dataDirectory, type DataDirectory } from './data-directory.ts';
import { isOurProcess, runningCell, type RunningCell } from './running-cell.ts';
import { CellStartError, type DownOptions } from './up-options.ts';

/** How long stopping may take: agents give their containers up to a minute. */
export const DOWN_MAX_MS = 90_000;
const POLL_MS = 50;

/** Resolves with the exit code once all has ended; stopping what does not run is no error. Raises CellStartError. */
export async function down({ data }: DownOptions): Promise<number> {
  const directory = dataDirectory(data);
  const running = runningCell(directory);
  if (running === undefined) {
    process.stdout.write(`No cell runs under ${directory.root}.\n`);
    return 0;
  }
  askToStop(running);
  await untilStopped(running, directory);
  process.stdout.write(`Cell ${running.cell} is stopped. Its objects are kept under ${directory.root}.\n`);
  return 0;
}

/** Resolves once a cell that was told to stop has. Raises CellStartError. */
export async function untilStopped({ supervisor }: RunningCell, { root, logs }: DataDirectory): Promise<void> {
  const until = systemClock.monotonic() + DOWN_MAX_MS;
  while (isOurProcess(supervisor, root)) {
    if (systemClock.monotonic() > until) {
      throw new CellStartError(`the supervisor (process ${supervisor}) does not end: see ${logs}`);
    }
    await systemClock.sleep(POLL_MS);
  }
}

function askToStop({ supervisor }: RunningCell): void {
  try {
    process.kill(supervisor, 'SIGTERM');
  } catch (error) {
    // It has just ended, as it was to.
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') {
      throw new CellStartError(`cannot stop process ${supervisor}: ${(error as Error).message}`, { cause: error });
    }
  }
}
