/** Rules of the replication controller: what it creates, deletes, adopts and releases, why, and in which order. */
import { describe, expect, test } from 'vitest';
import type { CommandDraft } from '../../machines/index.ts';
import { MINIMUM_LIFE_MS, replication, REPLICATION_BURST } from '../../machines/replication-controller/index.ts';
import { Cell } from '../support/cell.ts';
import {
  bind,
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
  webManifest,
  WEB_KEY,
} from '../support/workload.ts';

function wants(cell: Cell): readonly CommandDraft[] {
  return cell.reconcile(replication, WEB_KEY).commands;
}

function wantsOf(cell: Cell, verb: string): readonly CommandDraft[] {
  return wants(cell).filter((command) => command.kind === 'Pod' && command.verb === verb);
}

/** A cell with two nodes and a controller whose pods exist, unbound. */
function withReplicas(replicas: number, spec: object = {}): Cell {
  const cell = Cell.begin();
  registerNode(cell, 'n1');
  registerNode(cell, 'n2');
  createWeb(cell, { replicas, ...spec });
  cell.settle([replication]);
  cell.now += 10 * MINIMUM_LIFE_MS;
  return cell;
}

/** Names of the controller's pods, in the order they were created. */
function names(cell: Cell): readonly string[] {
  return pods(cell)
    .toSorted((left, right) => left.createdRevision - right.createdRevision)
    .map(({ name }) => name);
}

function podName(cell: Cell, index: number): string {
  return names(cell)[index] ?? '';
}

describe('creating what is missing', () => {
  test('a new controller gets its pods, of its template, owned and named by it', () => {
    const cell = withReplicas(3);
    expect(pods(cell)).toHaveLength(3);
    for (const pod of pods(cell)) {
      expect(pod.name).toMatch(/^web-[a-z0-9]{5}$/);
      expect(pod.context.metadata).toMatchObject({
        generateName: 'web-',
        labels: { app: 'web' },
        ownerReferences: [
          {
            apiVersion: 'v1',
            kind: 'ReplicationController',
            name: 'web',
            uid: web(cell).uid,
            controller: true,
            blockOwnerDeletion: true,
          },
        ],
      });
    }
  });

  test('once all are there it wants nothing more than to tell so', () => {
    const cell = withReplicas(3);
    expect(wants(cell)).toEqual([]);
    expect(web(cell).context.status).toEqual({ replicas: 3, fullyLabeledReplicas: 3, observedGeneration: 1 });
  });

  test('a pod that is being deleted is replaced in its slot, and the reason names it', () => {
    const cell = withReplicas(3);
    run(cell, podName(cell, 1), 'n1');
    deletePod(cell, podName(cell, 1));
    const gone = cell.get('Pod', podName(cell, 1));
    const creations = wantsOf(cell, 'create');
    expect(creations).toHaveLength(1);
    expect(creations[0]).toMatchObject({
      cause: gone.revision,
      correlation: gone.correlation,
      reason: `replica missing: pod ${gone.name} was deleted (revision ${gone.revision})`,
      arguments: { slot: 1 },
    });
  });

  test('a pod that is gone without a trace is replaced in the lowest free slot', () => {
    const cell = withReplicas(3);
    deletePod(cell, podName(cell, 0), 0);
    expect(wantsOf(cell, 'create')).toEqual([
      expect.objectContaining({
        cause: web(cell).revision,
        reason: 'replica missing: 3 wanted, 2 live',
        arguments: expect.objectContaining({ slot: 0 }),
      }),
    ]);
  });

  test('a pod that failed is deleted and replaced', () => {
    const cell = withReplicas(2);
    run(cell, podName(cell, 0), 'n1');
    fail(cell, podName(cell, 0));
    const failed = cell.get('Pod', podName(cell, 0));
    expect(wantsOf(cell, 'delete')).toEqual([
      expect.objectContaining({
        name: failed.name,
        cause: failed.revision,
        reason: 'it is Failed and its controller replaces it',
      }),
    ]);
    expect(wantsOf(cell, 'create')[0]?.reason).toBe(
      `replica missing: pod ${failed.name} has ended (revision ${failed.revision})`,
    );
    cell.settle([replication]);
    expect(cell.find('Pod', failed.name)).toBeUndefined();
    expect(pods(cell)).toHaveLength(2);
  });

  test('a pod that failed right after its creation is replaced only after its minimum life', () => {
    const cell = withReplicas(1);
    cell.now -= 10 * MINIMUM_LIFE_MS;
    run(cell, podName(cell, 0), 'n1');
    fail(cell, podName(cell, 0));
    const soon = cell.reconcile(replication, WEB_KEY);
    expect(soon.commands.filter(({ kind }) => kind === 'Pod')).toEqual([]);
    expect(soon.requeueAfterMs).toBe(MINIMUM_LIFE_MS);
    cell.now += MINIMUM_LIFE_MS;
    expect(wantsOf(cell, 'create')).toHaveLength(1);
  });

  test('one pass creates at most a burst, and the next the rest', () => {
    const cell = Cell.begin();
    createWeb(cell, { replicas: REPLICATION_BURST + 1 });
    const first = cell.reconcile(replication, WEB_KEY);
    expect(first.commands.filter(({ verb }) => verb === 'create')).toHaveLength(REPLICATION_BURST);
    expect(first.requeueAfterMs).toBe(1);
    cell.settle([replication]);
    expect(pods(cell)).toHaveLength(REPLICATION_BURST + 1);
  });

  test('no two pods of a pass have one name, and none has one that is taken', () => {
    const cell = Cell.begin();
    createWeb(cell, { replicas: 3 });
    createPod(cell, 'web-aaaaa', { labels: {} });
    const suffixes = ['aaaaa', 'bbbbb', 'bbbbb', 'ccccc', 'ddddd'];
    const { commands } = replication.reconcile({
      key: WEB_KEY,
      view: cell.state,
      now: cell.now,
      suffixOf: () => suffixes.shift() ?? '',
    });
    expect(commands.filter(({ verb }) => verb === 'create').map((command) => command.name)).toEqual([
      'web-bbbbb',
      'web-ccccc',
      'web-ddddd',
    ]);
  });

  test('the name of a controller is cut so that its pods have at most 63 characters', () => {
    const cell = Cell.begin();
    const long = 'w'.repeat(80);
    cell.create('ReplicationController', { ...webManifest(), metadata: { name: long } });
    cell.settle([replication]);
    expect(names(cell).map(({ length }) => length)).toEqual([63, 63, 63]);
  });

  test('a creation whose slot was taken meanwhile, or that nobody wants any more, is refused', () => {
    const cell = withReplicas(2);
    deletePod(cell, podName(cell, 0), 0);
    const [creation] = wantsOf(cell, 'create');
    if (creation === undefined) throw new Error('a pod is missing');
    cell.create('ConfigMap', { metadata: { name: 'time-goes-on' } });
    const again = wantsOf(cell, 'create');
    expect(again[0]?.id).not.toBe(creation.id);
    cell.sendAs(replication, again);
    expect(cell.sendAs(replication, [creation])).toEqual([expect.objectContaining({ outcome: 'refused' })]);
    scale(cell, 3);
    const [third] = wantsOf(cell, 'create');
    if (third === undefined) throw new Error('a pod is missing');
    scale(cell, 2);
    expect(cell.sendAs(replication, [third])).toEqual([expect.objectContaining({ outcome: 'refused' })]);
    cell.accept({ ...WEB_KEY, verb: 'delete' });
    expect(cell.sendAs(replication, [{ ...third, id: 'late' }])).toEqual([
      expect.objectContaining({ outcome: 'refused' }),
    ]);
  });
});

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
