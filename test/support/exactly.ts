/** What must be true of a cell's pods and containers after any fault: exactly the wanted ones run, none twice, none left over. */
import type { ContainerInfo } from 'dockerode';
import { requireThat, type RealCell } from './real-cell.ts';

const POD_PART = 'periplus.pod.uid';
const CONTAINER = 'periplus.container';
const SANDBOX = 'POD';

/** All containers of the cell on its engine, dead ones too. */
export function containersOf(cell: RealCell): Promise<ContainerInfo[]> {
  return cell.docker.listContainers({ all: true, filters: { label: [`periplus.cell=${cell.name}`] } });
}

export function runningContainers(containers: readonly ContainerInfo[], which: 'app' | 'pause'): ContainerInfo[] {
  return containers.filter(
    ({ State, Labels }) => State === 'running' && (Labels[CONTAINER] === SANDBOX) === (which === 'pause'),
  );
}

/** Ids of the running containers of applications, sorted. */
export async function runningAppIds(cell: RealCell): Promise<string[]> {
  return runningContainers(await containersOf(cell), 'app')
    .map(({ Id }) => Id)
    .toSorted();
}

export function uidOf({ Labels }: ContainerInfo): string {
  return Labels[POD_PART] ?? '';
}

/** Resolves once controller, pods and containers agree on exactly so many. */
export function expectExactly(cell: RealCell, controller: string, wanted: number, timeoutMs?: number): Promise<void> {
  return cell.eventually(
    `exactly ${wanted} pods of ${controller} run, none twice, none left over`,
    () => requireExactly(cell, controller, wanted),
    timeoutMs,
  );
}

async function requireExactly(cell: RealCell, name: string, wanted: number): Promise<void> {
  const client = await cell.client();
  const controller = await client.get('ReplicationController', name);
  const { replicas, readyReplicas = 0 } = controller?.status ?? { replicas: -1 };
  requireThat(replicas === wanted && readyReplicas === wanted, `${name} counts ${replicas}, ${readyReplicas} ready`);
  const { items } = await client.list('Pod', { namespace: 'default' });
  const pods = items.filter(({ metadata }) => metadata.labels?.['app'] === name);
  const phases = pods.map(({ status }) => status.phase).join(', ');
  requireThat(pods.length === wanted, `there are ${pods.length} pods: ${phases}`);
  requireThat(
    pods.every(({ status }) => status.phase === 'Running'),
    `the pods are ${phases}`,
  );
  const uids = pods.map(({ metadata }) => metadata.uid).toSorted();
  const every = new Set(items.map(({ metadata }) => metadata.uid));
  requireContainers(await containersOf(cell), uids, every);
}

/** `uids`: pods that must run; `every`: all pods there are, whose last dead containers are kept for `logs --previous`. */
function requireContainers(
  containers: readonly ContainerInfo[],
  uids: readonly string[],
  every: ReadonlySet<string>,
): void {
  for (const which of ['app', 'pause'] as const) {
    const running = runningContainers(containers, which)
      .map(uidOf)
      .filter((uid) => uids.includes(uid))
      .toSorted();
    requireThat(
      running.join() === uids.join(),
      `${running.length} ${which} containers run for ${uids.length} pods: ${running.join()} for ${uids.join()}`,
    );
  }
  const orphans = containers.filter((container) => !every.has(uidOf(container)));
  requireThat(
    orphans.length === 0,
    `containers without a pod: ${orphans.map(({ Names, State }) => `${Names.join()} ${State}`).join('; ')}`,
  );
}
