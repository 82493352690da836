/** For every kind a context in which any of its events can be folded, and data for each: what proofs over all states and events need. */
import type { ObjectContext } from '../../machines/index.ts';
import { Cell, type TestCommand } from './cell.ts';
import { bound, created, node, running, seen } from './pod.ts';

export interface Samples {
  readonly context: ObjectContext;
  /** By event type. */
  readonly data: Readonly<Record<string, unknown>>;
}

const controller: TestCommand = {
  kind: 'ReplicationController',
  name: 'web',
  verb: 'create',
  arguments: {
    manifest: {
      metadata: { name: 'web' },
      spec: { template: { metadata: { labels: { a: 'b' } }, spec: { containers: [{ name: 'main', image: 'x:1' }] } } },
    },
  },
};
const configuration = { kind: 'ConfigMap', name: 'web', verb: 'create', arguments: { manifest: { metadata: {} } } };

function begin(): Cell {
  const cell = Cell.begin();
  for (const command of [node(), created(), bound, seen(running(1)), controller, configuration]) cell.accept(command);
  return cell;
}

const cell = begin();
const main = { container: 'main', number: 2 };
const counted = { status: { replicas: 1 } };

const resources = { cpu: '2', memory: '4Gi', pods: '110' };

const special: Readonly<Record<string, unknown>> = {
  NodeRegistered: { labels: {}, capacity: resources, allocatable: resources, addresses: [], nodeInfo: {} },
  NodeBecameUnreachable: { since: 0, silentMs: 10_000, evictionsSuspended: true },
  ReplicationControllerScaled: { from: 1, to: 2, patch: { spec: { replicas: 2 } } },
  ReplicationControllerProgressed: counted,
  ReplicationControllerDegraded: counted,
  ReplicationControllerSettled: counted,
  PodScheduled: { node: 'n2' },
  PodUnschedulable: { message: '0/1 nodes are available', ruledOut: {} },
  PodSandboxStarted: { attempt: 1, podIP: '10.1.0.2' },
  PodNoticed: { type: 'Normal', reason: 'Pulled', message: 'pulled' },
  PodFailed: { reason: 'Evicted', message: 'low on memory' },
  PodNodeLost: { evictAt: 1 },
  ContainerWaiting: { ...main, reason: 'CrashLoopBackOff' },
  ContainerStarted: { ...main, attempt: 1, startedAt: 0, ready: true },
  ContainerBecameReady: main,
  ContainerBecameUnready: main,
  ContainerExited: { ...main, attempt: 0, exitCode: 1, reason: 'Error', finishedAt: 0 },
  ContainerConfirmed: main,
};

/** Data of the four events that all kinds have; the other events that are not special have none. */
function dataOf(type: string, context: ObjectContext): unknown {
  if (type in special) return special[type];
  if (type.endsWith('Created')) return { object: context };
  if (type.endsWith('Changed')) return { patch: { metadata: { labels: { a: 'c' } } } };
  if (type.endsWith('DeletionRequested')) return { gracePeriodSeconds: 5 };
  return {};
}

const names: Readonly<Record<string, string>> = { Namespace: 'default', Node: 'n1', CellConfiguration: 'cell' };

/** Samples of a kind's events. */
export function samplesOf(kind: string, types: readonly string[]): Samples {
  const { context } = cell.get(kind, names[kind] ?? 'web');
  return { context, data: Object.fromEntries(types.map((type) => [type, dataOf(type, context)])) };
}
