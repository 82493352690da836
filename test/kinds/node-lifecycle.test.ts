/** Rules of what a node's health means for its pods: marked when it is lost, unmarked when it returns, removed when it is no more. */
import { describe, expect, test } from 'vitest';
import type { CommandDraft } from '../../machines/index.ts';
import { nodeLifecycle } from '../../machines/node-lifecycle.ts';
import { isNodeLost, type PodContext } from '../../machines/pod/index.ts';
import { Cell } from '../support/cell.ts';
import { bind, createPod, deletePod, fail, registerNode, run } from '../support/workload.ts';

const key = { kind: 'Node', namespace: '', name: 'n1' };

/** Node n1 with a running pod `a`. */
function withPod(): Cell {
  const cell = Cell.begin();
  registerNode(cell, 'n1');
  createPod(cell, 'a');
  run(cell, 'a', 'n1');
  return cell;
}

function silence(cell: Cell, more: object = {}): void {
  cell.accept({ ...key, verb: 'markUnreachable', arguments: { since: 0, silentMs: 11_000, ...more } });
}

function hear(cell: Cell): void {
  cell.accept({ ...key, verb: 'markReachable' });
}

function wants(cell: Cell): readonly CommandDraft[] {
  return cell.reconcile(nodeLifecycle, key).commands;
}

function isLost(cell: Cell, name: string): boolean {
  return isNodeLost(cell.get<PodContext>('Pod', name));
}

describe('a node that falls silent', () => {
  test('has each of its pods marked, with the toleration of the cell and the silence as cause', () => {
    const cell = withPod();
    silence(cell);
    expect(cell.observed(nodeLifecycle)).toEqual([key]);
    const node = cell.get('Node', 'n1');
    expect(wants(cell)).toEqual([
      expect.objectContaining({
        name: 'a',
        verb: 'markNodeLost',
        arguments: { node: 'n1', defaultTolerationSeconds: 5 },
        cause: node.revision,
        correlation: node.correlation,
        reason: 'node n1 is unreachable',
      }),
    ]);
    cell.settle([nodeLifecycle]);
    expect(isLost(cell, 'a')).toBe(true);
    expect(wants(cell)).toEqual([]);
  });

  test('takes the toleration from the configuration of the cell', () => {
    const cell = withPod();
    const patch = { spec: { evictionTolerationSeconds: 60 } };
    cell.accept({ kind: 'CellConfiguration', name: 'cell', verb: 'patch', arguments: { patch } });
    silence(cell);
    expect(wants(cell)[0]?.arguments).toEqual({ node: 'n1', defaultTolerationSeconds: 60 });
  });

  test('leaves pods alone while evictions are suspended, and marks them when they resume', () => {
    const cell = withPod();
    silence(cell, { evictionsSuspended: true });
    expect(wants(cell)).toEqual([]);
    silence(cell);
    expect(cell.observed(nodeLifecycle)).toEqual([key]);
    cell.settle([nodeLifecycle]);
    expect(isLost(cell, 'a')).toBe(true);
  });

  test('leaves pods alone that have ended, and those of other nodes', () => {
    const cell = withPod();
    registerNode(cell, 'n2');
    createPod(cell, 'b');
    run(cell, 'b', 'n2');
    fail(cell, 'a');
    silence(cell);
    expect(wants(cell)).toEqual([]);
  });

  test('has a pod marked that was bound while it fell silent', () => {
    const cell = Cell.begin();
    registerNode(cell, 'n1');
    createPod(cell, 'late');
    bind(cell, 'late', 'n1');
    expect(cell.observed(nodeLifecycle)).toEqual([key]);
    silence(cell);
    cell.settle([nodeLifecycle]);
    expect(isLost(cell, 'late')).toBe(true);
  });
});

describe('a node that is heard again', () => {
  test('has its pods unmarked', () => {
    const cell = withPod();
    silence(cell);
    cell.settle([nodeLifecycle]);
    hear(cell);
    expect(wants(cell)).toEqual([
      expect.objectContaining({
        verb: 'markNodeReturned',
        arguments: { node: 'n1' },
        reason: 'node n1 is heard again',
      }),
    ]);
    cell.settle([nodeLifecycle]);
    expect(isLost(cell, 'a')).toBe(false);
    silence(cell);
    cell.settle([nodeLifecycle]);
    expect(isLost(cell, 'a')).toBe(true);
  });
});

describe('a node that is no more', () => {
  test('leaves no pod behind, not even one that waits for its agent', () => {
    const cell = withPod();
    createPod(cell, 'leaving');
    run(cell, 'leaving', 'n1');
    deletePod(cell, 'leaving');
    cell.accept({ ...key, verb: 'delete' });
    expect(cell.observed(nodeLifecycle)).toEqual([key]);
    expect(wants(cell)[0]).toMatchObject({ verb: 'delete', arguments: { gracePeriodSeconds: 0 } });
    cell.settle([nodeLifecycle]);
    expect(cell.list('Pod')).toEqual([]);
  });
});

test('a change of a node or pod that says nothing of health or place is not looked at', () => {
  const cell = withPod();
  cell.accept({ ...key, verb: 'patch', arguments: { patch: { metadata: { labels: { zone: 'a' } } } } });
  expect(cell.observed(nodeLifecycle)).toEqual([]);
  cell.accept({ kind: 'Pod', name: 'a', verb: 'patch', arguments: { patch: { metadata: { labels: { x: 'y' } } } } });
  expect(cell.observed(nodeLifecycle)).toEqual([]);
});
