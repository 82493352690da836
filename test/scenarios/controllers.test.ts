/** All controllers together on one cell: deletions that cascade, and a node that goes and comes back. Agents are played by the test. */
import { describe, expect, test } from 'vitest';
import { isBeingDeleted, isLive, reconcilers } from '../../machines/index.ts';
import { Cell } from '../support/cell.ts';
import { bind, cleanUp, createPod, createWeb, pods, registerNode, run, web, WEB_KEY } from '../support/workload.ts';

/** Controllers run and the agents of living nodes clean up, until nothing happens any more. */
function settle(cell: Cell, from: number): void {
  cell.settle(reconcilers, from);
  for (const pod of pods(cell)) {
    const next = cell.changes.length;
    if (!isBeingDeleted(pod.context.metadata)) continue;
    if (cell.find('Pod', pod.name, pod.namespace)) cleanUp(cell, pod.name);
    cell.settle(reconcilers, next);
  }
}

/** A controller of three running pods on n1, and an empty node n2. */
function running(): Cell {
  const cell = Cell.begin();
  registerNode(cell, 'n1');
  registerNode(cell, 'n2');
  createWeb(cell);
  cell.settle(reconcilers);
  cell.now += 60_000;
  for (const pod of pods(cell)) run(cell, pod.name, 'n1');
  cell.settle(reconcilers);
  return cell;
}

/** Does something and lets the controllers follow. */
function after(cell: Cell, act: () => void): void {
  const from = cell.changes.length;
  act();
  settle(cell, from);
}

describe('deleting a ReplicationController', () => {
  test('takes its pods along', () => {
    const cell = running();
    after(cell, () => cell.accept({ ...WEB_KEY, verb: 'delete' }));
    expect(pods(cell)).toEqual([]);
  });

  test('in the foreground goes after its pods, none of which is replaced', () => {
    const cell = running();
    const revision = cell.state.revision;
    after(cell, () => cell.accept({ ...WEB_KEY, verb: 'delete', arguments: { propagationPolicy: 'Foreground' } }));
    const since = cell.changes.filter(({ commit }) => commit.revision > revision);
    expect(since.filter(({ commit }) => commit.verb === 'create')).toEqual([]);
    expect(since.at(-1)).toMatchObject({ commit: { kind: 'ReplicationController' }, after: undefined });
  });

  test('as orphan leaves its pods running, and a new one of the same labels adopts them', () => {
    const cell = running();
    const before = pods(cell).map(({ uid }) => uid);
    after(cell, () => cell.accept({ ...WEB_KEY, verb: 'delete', arguments: { propagationPolicy: 'Orphan' } }));
    expect(pods(cell).map(({ context }) => context.metadata.ownerReferences)).toEqual([
      undefined,
      undefined,
      undefined,
    ]);
    after(cell, () => createWeb(cell));
    expect(pods(cell).map(({ uid }) => uid)).toEqual(before);
    expect(web(cell).context.status).toMatchObject({ replicas: 3, availableReplicas: 3 });
  });
});

test('deleting a namespace takes along controllers and pods, and creates nothing on the way', () => {
  const cell = Cell.begin();
  cell.create('Namespace', { metadata: { name: 'team' } });
  const manifest = { metadata: { name: 'web' }, spec: web(running()).context.spec };
  cell.create('ReplicationController', manifest, { namespace: 'team' });
  cell.settle(reconcilers);
  expect(pods(cell)).toHaveLength(3);
  const from = cell.changes.length;
  cell.accept({ kind: 'Namespace', name: 'team', verb: 'delete' });
  cell.settle(reconcilers, from);
  expect(cell.find('Namespace', 'team')).toBeUndefined();
  expect(pods(cell)).toEqual([]);
});

function silence(cell: Cell): void {
  const command = { kind: 'Node', name: 'n1', verb: 'markUnreachable', arguments: { since: 0, silentMs: 11_000 } };
  after(cell, () => cell.accept(command));
}

/** The control loop fires what is due. */
function expire(cell: Cell): void {
  const from = cell.changes.length;
  for (const pod of pods(cell))
    cell.send({ kind: 'Pod', name: pod.name, verb: 'expire', arguments: { deadline: 'eviction' } });
  cell.settle(reconcilers, from);
}

describe('a node that falls silent', () => {
  test('costs its pods their readiness at once, and their place after the toleration', () => {
    const cell = running();
    createPod(cell, 'bare', { labels: {} });
    bind(cell, 'bare', 'n1');
    silence(cell);
    expect(web(cell).context.status).not.toHaveProperty('readyReplicas');
    expect(pods(cell)).toHaveLength(4);
    cell.now += 5000;
    expire(cell);
    const live = pods(cell).filter(isLive);
    expect(live.map(({ context }) => context.spec.nodeName).toSorted()).toEqual([
      'n1',
      undefined,
      undefined,
      undefined,
    ]);
    expect(live.find(({ context }) => context.spec.nodeName === 'n1')?.name).toBe('bare');
    expect(web(cell).context.status.replicas).toBe(3);
  });

  test('and is heard again in time keeps its pods', () => {
    const cell = running();
    const before = pods(cell).map(({ uid }) => uid);
    silence(cell);
    after(cell, () => cell.accept({ kind: 'Node', name: 'n1', verb: 'markReachable' }));
    cell.now += 60_000;
    expire(cell);
    expect(pods(cell).map(({ uid }) => uid)).toEqual(before);
    expect(web(cell).context.status).toMatchObject({ readyReplicas: 3, availableReplicas: 3 });
  });

  test('and is deleted has its pods replaced, those of nobody included', () => {
    const cell = running();
    const before = pods(cell).map(({ uid }) => uid);
    silence(cell);
    after(cell, () => cell.accept({ kind: 'Node', name: 'n1', verb: 'delete' }));
    expect(pods(cell)).toHaveLength(3);
    expect(pods(cell).some(({ uid }) => before.includes(uid))).toBe(false);
  });
});
