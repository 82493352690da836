/** `periplus up`: brings a cell up step by step before people's eyes, and ends with what runs and what to try. */
import { Listr } from 'listr2';
import type { CellClient } from '../bus/cell-client.ts';
import { systemClock } from '../foundation/clock.ts';
import { dataDirectory, identityOf, markStarted, type DataDirectory } from './data-directory.ts';
import { DEMO_NAME, DEMO_REPLICAS, demoManifest } from './demo.ts';
import { makeImages } from './images.ts';
import { runningCell } from './running-cell.ts';
import { detectRuntime, type RuntimeName } from './runtime-name.ts';
import { connectOperatorClient, startSupervisor, waitUntil, type StartedSupervisor } from './start-supervisor.ts';
import { CellStartError, NODES_MAX, type UpOptions } from './up-options.ts';

/** How long the pods of an older cell are waited for, and how often they are looked at. */
const PODS_AGAIN_MAX_MS = 20_000;
const PODS_AGAIN_POLL_MS = 100;

interface Progress {
  client?: CellClient;
}

/**
 * Brings the cell up. Resolves with the exit code: at once when detached or when the cell runs already, else when it has
 * stopped. Raises CellStartError when it does not come up.
 */
export async function up(options: UpOptions): Promise<number> {
  const directory = dataDirectory(options.data);
  const running = runningCell(directory);
  if (running) {
    process.stdout.write(`Cell ${running.cell} runs already under ${directory.root}: nothing was changed.\n`);
    return 0;
  }
  if (!Number.isInteger(options.nodes) || options.nodes < 1 || options.nodes > NODES_MAX) {
    throw new CellStartError(`--nodes: must be a whole number from 1 to ${NODES_MAX}`);
  }
  const runtime = await chooseRuntime(options);
  const { startedBefore } = identityOf(directory);
  if (runtime === 'docker') await makeImages();
  const supervisor = startSupervisor(directory, options, runtime);
  const interrupted = untilInterrupted(supervisor);
  try {
    const client = await bringUp(directory, supervisor, { ...options, demo: options.demo && !startedBefore });
    markStarted(directory);
    process.stdout.write(await summary(client, options));
    await client.close();
  } catch (error) {
    supervisor.child.kill('SIGTERM');
    await supervisor.ended;
    throw error;
  }
  if (options.detach) {
    supervisor.child.unref();
    return 0;
  }
  return interrupted;
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

/** Ctrl-C stops the cell; resolves with the exit code once it has. */
function untilInterrupted(supervisor: StartedSupervisor): Promise<number> {
  const stop = () => {
    process.stdout.write('\nStopping the cell: containers are removed, objects are kept.\n');
    supervisor.child.kill('SIGTERM');
  };
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, stop);
  return supervisor.ended.then((code) => code ?? 1);
}

/** Shows each step until all is ready. */
async function bringUp(
  directory: DataDirectory,
  supervisor: StartedSupervisor,
  options: UpOptions,
): Promise<CellClient> {
  const wait = <Answer>(what: string, ask: () => Promise<Answer | undefined> | Answer | undefined) =>
    waitUntil(what, directory, supervisor, systemClock, ask);
  const steps = new Listr<Progress>(
    [
      {
        title: 'the log: nats-server',
        task: async (progress, step) => {
          const { url } = await wait('nats-server', () => runningCell(directory));
          progress.client = await wait('nats-server', () => connectOperatorClient(directory).catch(() => undefined));
          step.title = `the log: nats-server at ${url}`;
        },
      },
      {
        title: 'the control plane',
        task: async (progress, step) => {
          const { cell, revision } = await wait('the control plane', () =>
            progress.client?.status().catch(() => undefined),
          );
          step.title = `the control plane of cell ${cell}, at revision ${revision}`;
        },
      },
      {
        title: 'the nodes',
        task: async (progress, step) => {
          const count = await wait('the nodes', () => readyNodes(progress.client, options.nodes));
          step.title = `${count} ${count === 1 ? 'node' : 'nodes'} ready`;
        },
      },
      {
        title: `the demo: ${DEMO_REPLICAS} pods of a small HTTP server`,
        enabled: options.demo,
        task: async (progress, step) => {
          await progress.client?.apply(demoManifest);
          await wait('the demo', async () => {
            const ready = await readyReplicas(progress.client);
            step.title = `the demo: ${ready} of ${DEMO_REPLICAS} pods ready`;
            return ready >= DEMO_REPLICAS || undefined;
          });
        },
      },
      {
        title: 'the pods',
        enabled: !options.demo,
        task: async (progress, step) => {
          step.title = await podsAgain(progress.client);
        },
      },
    ],
    { concurrent: false, rendererOptions: { collapseSubtasks: false }, fallbackRenderer: 'simple' },
  );
  const { client } = await steps.run({});
  if (client === undefined) throw new CellStartError('the cell did not come up');
  return client;
}

async function readyNodes(client: CellClient | undefined, wanted: number): Promise<number | undefined> {
  const list = await client?.list('Node').catch(() => undefined);
  const ready = list?.items.filter(({ status }) =>
    status?.conditions?.some(({ type, status: state }) => type === 'Ready' && state === 'True'),
  );
  return ready !== undefined && ready.length >= wanted ? ready.length : undefined;
}

/** Waits a while for the pods of an older cell to run again; one that cannot is no reason to fail. */
async function podsAgain(client: CellClient | undefined): Promise<string> {
  const until = systemClock.monotonic() + PODS_AGAIN_MAX_MS;
  for (;;) {
    const list = await client?.list('Pod').catch(() => undefined);
    const wanted = list?.items.filter(({ status }) => status?.phase === 'Pending' || status?.phase === 'Running') ?? [];
    const ready = wanted.filter(({ status }) =>
      status?.conditions?.some(({ type, status: state }) => type === 'Ready' && state === 'True'),
    );
    const all = list !== undefined && ready.length === wanted.length;
    if (all || systemClock.monotonic() > until) return `${ready.length} of ${wanted.length} pods ready`;
    await systemClock.sleep(PODS_AGAIN_POLL_MS);
  }
}

async function readyReplicas(client: CellClient | undefined): Promise<number> {
  const controller = await client?.get('ReplicationController', DEMO_NAME).catch(() => undefined);
  return controller?.status?.readyReplicas ?? 0;
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
  const data = options.data;
  const first = rows[0]?.name ?? 'POD';
  return [
    '',
    ...table,
    '',
    'Try:',
    `  scripts/periplus get pods -o wide --data ${data}`,
    `  scripts/periplus logs ${first} --data ${data}`,
    `  scripts/periplus delete pod ${first} --data ${data}   # and see it replaced, then: history`,
    options.detach
      ? `\nStop it with: scripts/periplus down --data ${data}`
      : '\nCtrl-C stops it; the objects are kept.',
    '',
  ].join('\n');
}
