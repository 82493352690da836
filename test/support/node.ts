/** The node `n1` in each state of its life, and the commands that lead there: for tests of nodes. */
import type { ObjectRecord } from '../../machines/index.ts';
import type { NodeContext } from '../../machines/node/index.ts';
import { Cell } from './cell.ts';

export const nodeInfo = {
  operatingSystem: 'linux',
  architecture: 'amd64',
  osImage: 'Debian GNU/Linux 13',
  kernelVersion: '6.12.0',
  containerRuntimeVersion: 'docker://28.0.0',
  kubeletVersion: 'v0.1.0',
};
export const registration = {
  capacity: { cpu: '4', memory: '8Gi' },
  nodeInfo,
  addresses: [{ type: 'InternalIP', address: '10.0.0.1' }],
};

export type Name = 'register' | 'markUnreachable' | 'markReachable' | 'delete' | 'patch';
export const node = (verb: Name, args: object = {}) => ({ kind: 'Node', name: 'n1', verb, arguments: args });
export const register = node('register', registration);
export const silence = node('markUnreachable', { since: 0, silentMs: 12_000 });
export const suspended = node('markUnreachable', { since: 0, silentMs: 12_000, evictionsSuspended: true });
export const heard = node('markReachable');
export const finalizer = { metadata: { name: 'n1', finalizers: ['example.com/hold'] } };

export function n1(cell: Cell): ObjectRecord<NodeContext> {
  return cell.get<NodeContext>('Node', 'n1');
}

export function readyNode(): Cell {
  const cell = Cell.begin();
  cell.accept(register);
  return cell;
}

export function silentNode(): Cell {
  const cell = readyNode();
  cell.accept(silence);
  return cell;
}

/** A node that is being deleted and held by a finalizer. */
export function deletingNode(): Cell {
  const cell = Cell.begin();
  cell.create('Node', finalizer);
  cell.accept(node('delete'));
  return cell;
}

export function lastEvents(cell: Cell): readonly string[] {
  return cell.changes.at(-1)?.commit.events.map(({ type }) => type) ?? [];
}
