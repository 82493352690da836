/** The steps of a start, each shown until it is done. */
import { Listr, type ListrTask } from 'listr2';
import type { CellClient } from '../bus/cell-client.ts';
import { systemClock } from '../foundation/clock.ts';
import { readEndpoint, type Endpoint } from '../gateway/identity/gateway-files.ts';
import type { DataDirectory } from './data-directory.ts';
import { DEMO_NAME, DEMO_REPLICAS, demoManifest } from './demo.ts';
import { runningCell, type RunningCell } from './running-cell.ts';
import { connectOperatorClient, waitUntil, type StartedSupervisor } from './start-supervisor.ts';
import { CellStartError, type UpOptions } from './up-options.ts';

/** How long the pods of an older cell are waited for. */
const PODS_AGAIN_MAX_MS = 20_000;

interface Progress {
  client?: CellClient;
}

/** Whether Ctrl-C was pressed. */
export interface Interruption {
  requested(): boolean;
}

type Wait = <Answer>(what: string, ask: () => Promise<Answer | undefined> | Answer | undefined) => Promise<Answer>;

/** Shows each step until all is ready. Rejects with CellStartError. */
export async function bringUp(
  directory: DataDirectory,
  supervisor: StartedSupervisor,
  options: UpOptions,
  interruption: Interruption,
): Promise<CellClient> {
  const wait: Wait = (what, ask) =>
    waitUntil(what, directory, supervisor, systemClock, () => {
      if (interruption.requested()) throw new CellStartError('interrupted');
      return ask();
    }).catch((error: unknown) => {
      throw interruption.requested() ? new CellStartError('interrupted') : error;
    });
  const ours = () => {
    const running = runningCell(directory);
    return running?.supervisor === supervisor.child.pid ? running : undefined;
  };
  const connect = () => connectOperatorClient(directory).catch(() => undefined);
  const steps = new Listr<Progress>(
    [...cellSteps(directory, options, wait, ours, connect), ...podSteps(options, wait)],
    {
      concurrent: false,
      rendererOptions: { collapseSubtasks: false },
      fallbackRenderer: 'simple',
      // Its own would leave at once, and the cell to itself.
      registerSignalListeners: false,
    },
  );
  const progress: Progress = {};
  try {
    await steps.run(progress);
  } catch (error) {
    // Its connection would keep this process alive.
    await progress.client?.close();
    throw error;
  }
  if (progress.client === undefined) throw new CellStartError('the cell did not come up');
  return progress.client;
}

function cellSteps(
  directory: DataDirectory,
  options: UpOptions,
  wait: Wait,
  ours: () => RunningCell | undefined,
  connect: () => Promise<CellClient | undefined>,
): ListrTask<Progress>[] {
  return [
    {
      title: 'the log: nats-server',
      task: async (progress, step) => {
        const { url } = await wait('nats-server', ours);
        progress.client = await wait('nats-server', connect);
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
      title: 'the Kubernetes API',
      task: async (_progress, step) => {
        const { url } = await wait('the Kubernetes API', () => endpointOf(directory, ours()));
        step.title = `the Kubernetes API at ${url}`;
      },
    },
    {
      title: 'the nodes',
      task: async (progress, step) => {
        const count = await wait('the nodes', () => readyNodes(progress.client, options.nodes));
        step.title = `${count} ${count === 1 ? 'node' : 'nodes'} ready`;
      },
    },
  ];
}

function podSteps(options: UpOptions, wait: Wait): ListrTask<Progress>[] {
  return [
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
        const until = systemClock.monotonic() + PODS_AGAIN_MAX_MS;
        step.title = await wait('the pods', () => podsAgain(progress.client, until));
      },
    },
  ];
}

/** Where it listens; undefined while what was written down is of an earlier process. */
function endpointOf(directory: DataDirectory, running: RunningCell | undefined): Endpoint | undefined {
  const endpoint = readEndpoint(directory.gateway);
  return endpoint !== undefined && endpoint.process === running?.processes['gateway'] ? endpoint : undefined;
}

async function readyNodes(client: CellClient | undefined, wanted: number): Promise<number | undefined> {
  const list = await client?.list('Node').catch(() => undefined);
  const ready = list?.items.filter(({ status }) =>
    status?.conditions?.some(({ type, status: state }) => type === 'Ready' && state === 'True'),
  );
  return ready !== undefined && ready.length >= wanted ? ready.length : undefined;
}

/** Undefined while pods of an older cell are waited for; one that cannot run is no reason to fail. */
async function podsAgain(client: CellClient | undefined, until: number): Promise<string | undefined> {
  const list = await client?.list('Pod').catch(() => undefined);
  const wanted = list?.items.filter(({ status }) => status?.phase === 'Pending' || status?.phase === 'Running') ?? [];
  const ready = wanted.filter(({ status }) =>
    status?.conditions?.some(({ type, status: state }) => type === 'Ready' && state === 'True'),
  );
  const all = list !== undefined && ready.length === wanted.length;
  return all || systemClock.monotonic() > until ? `${ready.length} of ${wanted.length} pods ready` : undefined;
}

async function readyReplicas(client: CellClient | undefined): Promise<number> {
  const controller = await client?.get('ReplicationController', DEMO_NAME).catch(() => undefined);
  return controller?.status?.readyReplicas ?? 0;
}
