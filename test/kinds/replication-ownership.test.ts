/** Rules of whose pods are whose, and how they are counted: adopting, releasing, status. */
import { describe, expect, test } from 'vitest';
import { replication } from '../../machines/replication-controller/index.ts';
import { Cell } from '../support/cell.ts';
import { names, podName, wants, wantsOf, withReplicas } from '../support/replicas.ts';
import {
  cleanUp,
  createPod,
  createWeb,
  deletePod,
  fail,
  pods,
  registerNode,
  run,
  scale,
  web,
  WEB_KEY,
} from '../support/workload.ts';

describe('adopting and releasing', () => {
  test('a matching pod of nobody is adopted and counts', () => {
    const cell = Cell.begin();
    createPod(cell, 'stray');
    createPod(cell, 'other', { labels: { app: 'db' } });
    createWeb(cell, { replicas: 2 });
    cell.settle([replication]);
    expect(cell.get('Pod', 'stray').context.metadata.ownerReferences?.[0]?.uid).toBe(web(cell).uid);
    expect(cell.get('Pod', 'other').context.metadata.ownerReferences).toBeUndefined();
    expect(pods(cell)).toHaveLength(3);
  });

  test('a stray that appears later is noticed, and is one too many', () => {
    const cell = withReplicas(2);
    createPod(cell, 'stray');
    expect(cell.observed(replication)).toEqual([WEB_KEY]);
    const from = cell.changes.length - 1;
    cell.settle([replication], from);
    expect(names(cell)).not.toContain('stray');
    expect(pods(cell)).toHaveLength(2);
  });

  test('a pod that another controller has, or that is on its way out or has ended, is not adopted', () => {
    const cell = Cell.begin();
    registerNode(cell, 'n1');
    createPod(cell, 'ended');
    run(cell, 'ended', 'n1');
    fail(cell, 'ended');
    createPod(cell, 'leaving');
    run(cell, 'leaving', 'n1');
    deletePod(cell, 'leaving');
    const owner = { apiVersion: 'v1', kind: 'ReplicationController', name: 'x', uid: 'u', controller: true };
    createPod(cell, 'taken', { ownerReferences: [owner] });
    createWeb(cell, { replicas: 1 });
    expect(wantsOf(cell, 'patch')).toEqual([]);
    expect(wantsOf(cell, 'create')).toHaveLength(1);
  });

  test('an adoption of a pod that changed meanwhile is refused', () => {
    const cell = Cell.begin();
    createPod(cell, 'stray');
    createWeb(cell, { replicas: 1 });
    const [adoption] = wantsOf(cell, 'patch');
    if (adoption === undefined) throw new Error('the stray matches');
    const patch = { metadata: { labels: { app: 'db' } } };
    cell.accept({ kind: 'Pod', name: 'stray', verb: 'patch', arguments: { patch } });
    expect(cell.sendAs(replication, [adoption])).toEqual([expect.objectContaining({ outcome: 'refused' })]);
  });

  test('a pod whose labels do not match any more is released, replaced, and left running', () => {
    const cell = withReplicas(2);
    const loose = podName(cell, 0);
    const patch = { metadata: { labels: { app: 'debug' } } };
    cell.accept({ kind: 'Pod', name: loose, verb: 'patch', arguments: { patch } });
    expect(cell.observed(replication)).toEqual([WEB_KEY]);
    cell.settle([replication], cell.changes.length - 1);
    expect(cell.get('Pod', loose).context.metadata.ownerReferences).toBeUndefined();
    expect(pods(cell)).toHaveLength(3);
  });

  test('a controller looks again when a pod it had belongs to nobody, or to another', () => {
    const cell = withReplicas(1);
    const patch = { metadata: { ownerReferences: [], labels: { app: 'debug' } } };
    cell.accept({ kind: 'Pod', name: podName(cell, 0), verb: 'patch', arguments: { patch } });
    expect(cell.observed(replication)).toEqual([WEB_KEY]);
  });

  test('a controller that is being deleted manages no pods, but still counts them', () => {
    const cell = withReplicas(2);
    cell.accept({ ...WEB_KEY, verb: 'delete', arguments: { propagationPolicy: 'Foreground' } });
    deletePod(cell, podName(cell, 0), 0);
    expect(wants(cell)).toEqual([
      expect.objectContaining({ verb: 'reportStatus', arguments: expect.objectContaining({ replicas: 1 }) }),
    ]);
  });
});

describe('counting', () => {
  test('pods are counted by labels, readiness and availability, under the generation seen', () => {
    const cell = withReplicas(3);
    run(cell, podName(cell, 0), 'n1');
    run(cell, podName(cell, 1), 'n1', { ready: false });
    scale(cell, 3);
    cell.settle([replication]);
    expect(web(cell).context.status).toEqual({
      replicas: 3,
      fullyLabeledReplicas: 3,
      readyReplicas: 1,
      availableReplicas: 1,
      observedGeneration: 1,
    });
  });

  test('a pod is available once it has been ready for minReadySeconds, and that is looked at in time', () => {
    const cell = withReplicas(1, { minReadySeconds: 30 });
    run(cell, podName(cell, 0), 'n1');
    cell.now += 10_000;
    cell.settle([replication]);
    expect(web(cell).context.status).not.toHaveProperty('availableReplicas');
    expect(cell.reconcile(replication, WEB_KEY).requeueAfterMs).toBe(20_000);
    cell.now += 20_000;
    cell.sendAs(replication, wants(cell));
    expect(web(cell).context.status.availableReplicas).toBe(1);
  });

  test('a count names the latest change it rests on, and loses against a newer one', () => {
    const cell = withReplicas(1);
    run(cell, podName(cell, 0), 'n1');
    const [report] = wants(cell);
    if (report === undefined) throw new Error('there is something to tell');
    expect(report).toMatchObject({ verb: 'reportStatus', cause: cell.get('Pod', podName(cell, 0)).revision });
    scale(cell, 2);
    expect(cell.sendAs(replication, [report])).toEqual([expect.objectContaining({ outcome: 'refused' })]);
  });

  test('a pod that is gone is no key for a controller that is gone', () => {
    const cell = Cell.begin();
    expect(cell.reconcile(replication, WEB_KEY)).toEqual({ commands: [] });
    createPod(cell, 'bare', { labels: {} });
    expect(cell.observed(replication)).toEqual([]);
  });

  test('a pod on its way out keeps nobody from replacing it, and is gone once its agent has cleaned up', () => {
    const cell = withReplicas(1);
    const first = podName(cell, 0);
    run(cell, first, 'n1');
    deletePod(cell, first);
    cell.settle([replication]);
    expect(pods(cell)).toHaveLength(2);
    cleanUp(cell, first);
    cell.settle([replication]);
    expect(pods(cell)).toHaveLength(1);
  });
});
