/** `periplus down`: stops everything of a cell on this machine; containers are removed, objects are kept. */
import { systemClock } from '../foundation/clock.ts';
import { dataDirectory } from './data-directory.ts';
import { isOurProcess, runningCell } from './running-cell.ts';
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
  process.kill(running.supervisor, 'SIGTERM');
  for (
    const until = systemClock.monotonic() + DOWN_MAX_MS;
    systemClock.monotonic() < until;
    await systemClock.sleep(POLL_MS)
  ) {
    if (isOurProcess(running.supervisor, directory.root)) continue;
    process.stdout.write(`Cell ${running.cell} is stopped. Its objects are kept under ${directory.root}.\n`);
    return 0;
  }
  throw new CellStartError(`the supervisor (process ${running.supervisor}) does not end: see ${directory.logs}`);
}
