/** Nodes, controllers and pods as tests of rules need them, driven by the verbs that agents and the scheduler use. */
import type { ObjectKey, ObjectRecord } from '../../machines/index.ts';
import type { PodContext } from '../../machines/pod/index.ts';
import type { ReplicationControllerContext } from '../../machines/replication-controller/index.ts';
import type { Cell } from './cell.ts';

export const WEB_KEY: ObjectKey = { kind: 'ReplicationController', namespace: 'default', name: 'web' };

/** A ReplicationController `web` of pods labelled app=web. */
export function webManifest(spec: object = {}): object {
  return {
    metadata: { name: 'web' },
    spec: {
      replicas: 3,
      template: { metadata: { labels: { app: 'web' } }, spec: { containers: [{ name: 'main', image: 'demo:1' }] } },
      ...spec,
    },
  };
}

export function createWeb(cell: Cell, spec: object = {}): ObjectRecord {
  return cell.create('ReplicationController', webManifest(spec));
}

export function web(cell: Cell): ObjectRecord<ReplicationControllerContext> {
  return cell.get<ReplicationControllerContext>('ReplicationController', 'web');
}

export function scale(cell: Cell, replicas: number): void {
  cell.send({ kind: 'ReplicationController', name: 'web', verb: 'scale', arguments: { replicas } });
}

export function pods(cell: Cell): readonly ObjectRecord<PodContext>[] {
  return cell.list<PodContext>('Pod');
}

/** A node with room for everything. */
export function registerNode(cell: Cell, name: string): void {
  cell.accept({
    kind: 'Node',
    name,
    verb: 'register',
    arguments: {
      capacity: { cpu: '64', memory: '256Gi', pods: '10000' },
      nodeInfo: {
        operatingSystem: 'linux',
        architecture: 'amd64',
        osImage: 'test',
        kernelVersion: '6',
        containerRuntimeVersion: 'hollow://1',
        kubeletVersion: 'v0.1.0',
      },
      addresses: [],
    },
  });
}

/** A bare pod labelled app=web. */
export function createPod(cell: Cell, name: string, metadata: object = {}): ObjectRecord<PodContext> {
  const spec = { containers: [{ name: 'main', image: 'demo:1' }] };
  cell.create('Pod', { metadata: { name, labels: { app: 'web' }, ...metadata }, spec });
  return cell.get<PodContext>('Pod', name);
}

function tell(cell: Cell, name: string, verb: string, args: object): void {
  cell.accept({ kind: 'Pod', name, verb, arguments: args });
}

export function bind(cell: Cell, name: string, node: string): void {
  tell(cell, name, 'bind', { node });
}

let reports = 0;

/** The agent reports the pod's container running. */
export function reportRunning(cell: Cell, name: string, more: { ready?: boolean; attempt?: number } = {}): void {
  const { ready = true, attempt = 0 } = more;
  const node = cell.get<PodContext>('Pod', name).context.spec.nodeName;
  const state = { running: { startedAt: cell.now } };
  const container = { name: 'main', number: ++reports, attempt, state, ready, image: 'demo:1' };
  tell(cell, name, 'report', { node, sandbox: { attempt: 0, podIP: '10.1.0.1' }, containers: [container] });
}

/** Binds the pod and has it run. */
export function run(cell: Cell, name: string, node: string, more: { ready?: boolean; attempt?: number } = {}): void {
  bind(cell, name, node);
  reportRunning(cell, name, more);
}

/** The agent gives the pod up for good. */
export function fail(cell: Cell, name: string): void {
  const node = cell.get<PodContext>('Pod', name).context.spec.nodeName;
  tell(cell, name, 'fail', { node, reason: 'Evicted', message: 'the node was low on memory' });
}

export function deletePod(cell: Cell, name: string, gracePeriodSeconds?: number): void {
  tell(cell, name, 'delete', gracePeriodSeconds === undefined ? {} : { gracePeriodSeconds });
}

/** The agent reports that nothing of a pod being deleted is left. */
export function cleanUp(cell: Cell, name: string): void {
  const node = cell.get<PodContext>('Pod', name).context.spec.nodeName;
  tell(cell, name, 'report', { node, containers: [], cleanedUp: true });
}
