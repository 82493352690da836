/** Rules of what the replication controller creates: what is missing, where, under which name and why. */
import { describe, expect, test } from 'vitest';
import { MINIMUM_LIFE_MS, replication, REPLICATION_BURST } from '../../machines/replication-controller/index.ts';
import { suffixOf } from '../../src/foundation/identifiers.ts';
import { Cell } from '../support/cell.ts';
import { names, podName, wants, wantsOf, withReplicas } from '../support/replicas.ts';
import {
  createPod,
  createWeb,
  deletePod,
  fail,
  pods,
  run,
  scale,
  web,
  WEB_KEY,
  webManifest,
} from '../support/workload.ts';

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
      reason: `in place of pod ${gone.name}, being deleted`,
      arguments: { slot: 1 },
    });
  });

  test('a pod that is gone without a trace is replaced in the lowest free slot', () => {
    const cell = withReplicas(3);
    deletePod(cell, podName(cell, 0), 0);
    expect(wantsOf(cell, 'create')).toEqual([
      expect.objectContaining({
        cause: web(cell).revision,
        reason: '3 wanted, 2 live',
        arguments: expect.objectContaining({ slot: 0 }),
      }),
    ]);
  });

  test('a pod that took the place of one gone without a trace is caused by its going', () => {
    const cell = withReplicas(3);
    deletePod(cell, podName(cell, 0), 0);
    const { revision, correlation } = cell.changes.at(-1)?.commit ?? { revision: 0, correlation: 0 };
    const { commands } = replication.reconcile({
      key: WEB_KEY,
      view: cell.state,
      now: cell.now,
      suffixOf,
      cause: { revision, correlation },
    });
    expect(commands.find(({ verb }) => verb === 'create')).toMatchObject({ cause: revision, correlation });
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
    expect(wantsOf(cell, 'create')[0]?.reason).toBe(`in place of pod ${failed.name}, which is Failed`);
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
