/** Commands about a pod `web` on a node `n1`, as scheduler, agent and users send them: the steps of given/when/then. */
import type { ContainerReport } from '../../machines/pod/index.ts';
import type { PodContext, PodRecord } from '../../machines/pod/index.ts';
import type { TestCommand } from './cell.ts';
import type { Then } from './given.ts';

type Verb = 'create' | 'replace' | 'patch' | 'delete' | 'bind' | 'report' | 'fail' | 'expire';
type Mark = 'markUnschedulable' | 'markNodeLost' | 'markNodeReturned';

export function web(verb: Verb | Mark, args: object = {}, more: Partial<TestCommand> = {}): TestCommand {
  return { kind: 'Pod', name: 'web', verb, arguments: args, ...more };
}

/** A pod of one container `main`, unless the spec says more. */
export function created(spec: object = {}, metadata: object = {}): TestCommand {
  const manifest = {
    metadata: { name: 'web', ...metadata },
    spec: { containers: [{ name: 'main', image: 'demo:1' }], ...spec },
  };
  return web('create', { manifest });
}

/** A second container, for a pod of which one runs and one does not. */
export const TWO = { containers: ['main', 'side'].map((name) => ({ name, image: 'demo:1' })) };

export const HELD = { finalizers: ['example.com/hold'] };
export const unheld = web('patch', { patch: { metadata: { finalizers: null } } });

export function node(name = 'n1', resources: object = {}, labels: object = {}): TestCommand {
  const nodeInfo = {
    operatingSystem: 'linux',
    architecture: 'amd64',
    osImage: 'test',
    kernelVersion: '6',
    containerRuntimeVersion: 'hollow://1',
    kubeletVersion: 'v0.1.0',
  };
  const capacity = { cpu: '4', memory: '8Gi', ...resources };
  return { kind: 'Node', name, verb: 'register', arguments: { capacity, nodeInfo, addresses: [], labels } };
}

export const silent: TestCommand = {
  kind: 'Node',
  name: 'n1',
  verb: 'markUnreachable',
  arguments: { since: 0, silentMs: 10_000 },
};
export const heard: TestCommand = { kind: 'Node', name: 'n1', verb: 'markReachable', arguments: {} };

export const bound = web('bind', { node: 'n1' });
export const lost = web('markNodeLost', { node: 'n1', defaultTolerationSeconds: 5 });
export const returned = web('markNodeReturned', { node: 'n1' });
export const expired = web('expire', { deadline: 'eviction' });
export const givenUp = web('fail', { node: 'n1', reason: 'Evicted', message: 'the node was low on memory' });

/** What its agent sees. */
export function seen(...containers: readonly ContainerReport[]): TestCommand {
  return reported({ containers });
}

export function reported(args: object): TestCommand {
  return web('report', { node: 'n1', containers: [], ...args }, { actor: 'system:node:n1' });
}

export const cleaned = reported({ cleanedUp: true });
export const noticed = reported({ notices: [{ type: 'Normal', reason: 'Pulled', message: 'pulled demo:1' }] });

type More = Partial<Omit<ContainerReport, 'state'>>;

function level(number: number, state: ContainerReport['state'], more: More): ContainerReport {
  return { name: 'main', number, attempt: 0, state, ready: false, image: 'demo:1', ...more };
}

/** A time in the test's first day, Unix milliseconds. */
export function at(seconds: number): number {
  return Date.UTC(2026, 0, 1) + seconds * 1000;
}

export function waiting(number: number, reason = 'ImagePullBackOff', more: More = {}): ContainerReport {
  return level(number, { waiting: { reason } }, more);
}

export function running(number: number, more: More = {}): ContainerReport {
  return level(number, { running: { startedAt: at(1) } }, { ready: true, ...more });
}

export function ended(seconds: number, exitCode = 0) {
  return { exitCode, reason: exitCode === 0 ? 'Completed' : 'Error', finishedAt: at(seconds) };
}

export function terminated(number: number, exitCode = 0, seconds = 10, more: More = {}): ContainerReport {
  return level(number, { terminated: ended(seconds, exitCode) }, more);
}

/** The pod afterwards; raises when it is gone. */
export function podAfter(then: Then): PodRecord {
  return then.cell.get<PodContext>('Pod', 'web');
}

export function statusAfter(then: Then): PodContext['status'] {
  return podAfter(then).context.status;
}

export function mainStatus(then: Then) {
  return statusAfter(then).containerStatuses?.[0];
}

export function condition(then: Then, type: string) {
  return statusAfter(then).conditions?.find((candidate) => candidate.type === type);
}
