/** A ReplicationController with its pods, and what its controller wants: for tests of replication. */
import type { CommandDraft } from '../../machines/index.ts';
import { MINIMUM_LIFE_MS, replication } from '../../machines/replication-controller/index.ts';
import { Cell } from './cell.ts';
import { createWeb, pods, registerNode, WEB_KEY } from './workload.ts';

export function wants(cell: Cell): readonly CommandDraft[] {
  return cell.reconcile(replication, WEB_KEY).commands;
}

export function wantsOf(cell: Cell, verb: string): readonly CommandDraft[] {
  return wants(cell).filter((command) => command.kind === 'Pod' && command.verb === verb);
}

/** A cell with two nodes and a controller whose pods exist, unbound. */
export function withReplicas(replicas: number, spec: object = {}): Cell {
  const cell = Cell.begin();
  registerNode(cell, 'n1');
  registerNode(cell, 'n2');
  createWeb(cell, { replicas, ...spec });
  cell.settle([replication]);
  cell.now += 10 * MINIMUM_LIFE_MS;
  return cell;
}

/** Names of the controller's pods, in the order they were created. */
export function names(cell: Cell): readonly string[] {
  return pods(cell)
    .toSorted((left, right) => left.createdRevision - right.createdRevision)
    .map(({ name }) => name);
}

export function podName(cell: Cell, index: number): string {
  return names(cell)[index] ?? '';
}
