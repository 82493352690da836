/** Rules of which pods the replication controller deletes when there are too many: Kubernetes' order. */
import { describe, expect, test } from 'vitest';
import { replication, REPLICATION_BURST } from '../../machines/replication-controller/index.ts';
import type { Cell } from '../support/cell.ts';
import { names, podName, wantsOf, withReplicas } from '../support/replicas.ts';
import { bind, pods, run, scale, web, WEB_KEY } from '../support/workload.ts';

/** Scales to one less and says which pods go, by their place in order of creation. */
function victims(cell: Cell, count = 1): readonly number[] {
  const before = names(cell);
  scale(cell, before.length - count);
  return wantsOf(cell, 'delete').map((command) => before.indexOf(command.name));
}

describe('deleting surplus', () => {
  test('an unbound pod goes before a bound one', () => {
    const cell = withReplicas(3);
    for (const index of [0, 2]) bind(cell, podName(cell, index), 'n1');
    expect(victims(cell)).toEqual([1]);
  });

  test('a pending pod goes before a running one', () => {
    const cell = withReplicas(3);
    for (const index of [0, 2]) run(cell, podName(cell, index), 'n1');
    bind(cell, podName(cell, 1), 'n2');
    expect(victims(cell)).toEqual([1]);
  });

  test('a pod that is not ready goes before one that is', () => {
    const cell = withReplicas(3);
    for (const index of [0, 1, 2]) run(cell, podName(cell, index), 'n1', { ready: index !== 1 });
    expect(victims(cell)).toEqual([1]);
  });

  test('a pod of lower deletion cost goes first, and a cost that is no number counts as none', () => {
    const cell = withReplicas(3);
    const cost = (index: number, value: string) => {
      const annotations = { 'controller.kubernetes.io/pod-deletion-cost': value };
      cell.accept({
        kind: 'Pod',
        name: podName(cell, index),
        verb: 'patch',
        arguments: { patch: { metadata: { annotations } } },
      });
    };
    for (const index of [0, 1, 2]) run(cell, podName(cell, index), 'n1');
    cost(1, '-5');
    cost(2, 'cheap');
    expect(victims(cell)).toEqual([1]);
  });

  test('a pod on the node that has more of them goes first', () => {
    const cell = withReplicas(3);
    run(cell, podName(cell, 0), 'n1');
    run(cell, podName(cell, 1), 'n1');
    cell.now += 60_000;
    run(cell, podName(cell, 2), 'n2');
    expect(victims(cell)).toEqual([1]);
  });

  test('a pod that has been ready for a shorter time goes first', () => {
    const cell = withReplicas(2);
    run(cell, podName(cell, 1), 'n1');
    cell.now += 60_000;
    run(cell, podName(cell, 0), 'n1');
    expect(victims(cell)).toEqual([0]);
  });

  test('a pod that was restarted more often goes first', () => {
    const cell = withReplicas(2);
    run(cell, podName(cell, 0), 'n1', { attempt: 2 });
    run(cell, podName(cell, 1), 'n1');
    expect(victims(cell)).toEqual([0]);
  });

  test('of equals the newest goes first', () => {
    expect(victims(withReplicas(4), 2)).toEqual([3, 2]);
  });

  test('the deletion says how many were wanted and how many there were, and is refused when that is so no more', () => {
    const cell = withReplicas(2);
    scale(cell, 1);
    const [deletion] = wantsOf(cell, 'delete');
    if (deletion === undefined) throw new Error('one is too many');
    expect(deletion).toMatchObject({ cause: web(cell).revision, reason: 'surplus: 1 wanted, 2 live' });
    scale(cell, 2);
    expect(cell.sendAs(replication, [deletion])).toEqual([expect.objectContaining({ outcome: 'refused' })]);
  });

  test('one pass deletes at most a burst, and the next the rest', () => {
    const cell = withReplicas(REPLICATION_BURST + 1);
    scale(cell, 0);
    const first = cell.reconcile(replication, WEB_KEY);
    expect(first.commands.filter(({ verb }) => verb === 'delete')).toHaveLength(REPLICATION_BURST);
    expect(first.requeueAfterMs).toBe(1);
    cell.settle([replication]);
    expect(pods(cell)).toEqual([]);
  });
});
