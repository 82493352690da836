/** `periplus up`: brings a cell up step by step before people's eyes, and ends with what runs and what to try. */
import type { CellClient } from '../bus/cell-client.ts';
import { bringUp, type Interruption } from './bring-up.ts';
import { dataDirectory, identityOf, markStarted } from './data-directory.ts';
import { defaultDataDirectory } from './default-data-directory.ts';
import { untilStopped } from './down.ts';
import { makeImages } from './images.ts';
import { listenFault } from './listen-address.ts';
import { runningCell } from './running-cell.ts';
import { detectRuntime, type RuntimeName } from './runtime-name.ts';
import { startSupervisor, type StartedSupervisor } from './start-supervisor.ts';
import { CellStartError, NODES_MAX, type UpOptions } from './up-options.ts';

/** As a shell says it of what Ctrl-C ended. */
const EXIT_INTERRUPTED = 130;

/**
 * Brings the cell up. Resolves with the exit code: at once when detached or when the cell runs already, else when it has
 * stopped. Raises CellStartError when it does not come up.
 */
export async function up(options: UpOptions): Promise<number> {
  const directory = dataDirectory(options.data);
  const running = runningCell(directory);
  if (running?.stopping) {
    process.stdout.write(`Cell ${running.cell} is just being stopped: waiting for its end.\n`);
    await untilStopped(running, directory);
  } else if (running) {
    process.stdout.write(`Cell ${running.cell} runs already under ${directory.root}: nothing was changed.\n`);
    return 0;
  }
  if (!Number.isInteger(options.nodes) || options.nodes < 1 || options.nodes > NODES_MAX) {
    throw new CellStartError(`--nodes: must be a whole number from 1 to ${NODES_MAX}`);
  }
  const fault = options.listen === undefined ? undefined : listenFault(options.listen);
  if (fault !== undefined) throw new CellStartError(fault);
  const runtime = await chooseRuntime(options);
  const { startedBefore } = identityOf(directory);
  if (runtime === 'docker') await makeImages();
  const supervisor = startSupervisor(directory, options, runtime);
  const interruption = listenForInterruption(supervisor);
  try {
    const wanted = { ...options, demo: options.demo && !startedBefore };
    const client = await bringUp(directory, supervisor, wanted, interruption);
    markStarted(directory);
    process.stdout.write(await summary(client, options));
    await client.close();
  } catch (error) {
    // What runs from earlier must not suffer for a start that failed: the next one adopts it.
    supervisor.child.kill(startedBefore ? 'SIGHUP' : 'SIGTERM');
    await supervisor.ended;
    if (interruption.requested()) return EXIT_INTERRUPTED;
    throw error;
  }
  if (options.detach) {
    supervisor.child.unref();
    return 0;
  }
  return (await supervisor.ended) ?? 1;
}

async function chooseRuntime({ runtime }: UpOptions): Promise<RuntimeName> {
  if (runtime !== 'auto') return runtime;
  const found = await detectRuntime();
  if (found === 'process') {
    process.stdout.write(
      'No Docker engine answers: pods run as plain processes. Install Docker, or name a runtime with --runtime.\n',
    );
  }
  return found;
}

/** Ctrl-C stops the cell, however far it is. */
function listenForInterruption(supervisor: StartedSupervisor): Interruption {
  let requested = false;
  const stop = () => {
    if (!requested) process.stdout.write('\nStopping the cell: containers are removed, objects are kept.\n');
    requested = true;
    supervisor.child.kill('SIGTERM');
  };
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, stop);
  return { requested: () => requested };
}

async function summary(client: CellClient, options: UpOptions): Promise<string> {
  const { rows, columns } = await client.queries.table({ kind: 'Pod', wide: true });
  const widths = columns.map((column, index) =>
    Math.max(column.length, ...rows.map(({ cells }) => cells[index]?.length ?? 0)),
  );
  const line = (cells: readonly string[]) =>
    cells
      .map((cell, index) => cell.padEnd(widths[index] ?? 0))
      .join('   ')
      .trimEnd();
  const table = rows.length === 0 ? ['No pods yet.'] : [line(columns), ...rows.map(({ cells }) => line(cells))];
  const data = dataOption(options.data);
  const first = rows[0]?.name ?? 'POD';
  return [
    '',
    ...table,
    '',
    'Try:',
    `  scripts/periplus get pods -o wide${data}`,
    `  scripts/periplus logs ${first}${data}`,
    `  scripts/periplus kubeconfig${data} > kubeconfig; kubectl --kubeconfig kubeconfig get pods`,
    `  scripts/periplus delete pod ${first}${data}   # and see it replaced, then: history`,
    options.detach ? `\nStop it with: scripts/periplus down${data}` : '\nCtrl-C stops it; the objects are kept.',
    '',
  ].join('\n');
}

/** What has to be added to a command line so that it finds this cell, for a shell. */
function dataOption(data: string): string {
  const { root } = dataDirectory(data);
  if (root === dataDirectory(defaultDataDirectory()).root) return '';
  return ` --data ${/^[\w./~+-]+$/.test(root) ? root : `'${root.replaceAll("'", `'\\''`)}'`}`;
}
