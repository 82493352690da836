/** Why a pod is on no node: the scheduler's own filters, asked now and of the past. */
import { describe, expect, test } from 'vitest';
import type { Query } from '../../src/bus/query-messages.ts';
import { describeWhyNot } from '../../src/cli/why-not-lines.ts';
import { answerWhyNot, LOOKED_THROUGH_MAX } from '../../src/history/answers/why-not.ts';
import { sourceOf } from '../support/past.ts';
import { createPodCommand, register, startWorld, type SchedulingWorld } from '../support/scheduling.ts';

const BIG: Query<'why-not'> = { namespace: 'default', name: 'big' };
const cordon = (name: string, unschedulable: boolean | null = true) =>
  ({ kind: 'Node', name, verb: 'patch', arguments: { patch: { spec: { unschedulable } } } }) as const;

function whyNot(world: SchedulingWorld, query: Query<'why-not'> = BIG) {
  return answerWhyNot(sourceOf(world.cell), query);
}

async function waiting(): Promise<SchedulingWorld> {
  const world = startWorld(register('n1', { cpu: '2' }), register('n2', { cpu: '2' }), register('n3', { cpu: '2' }));
  await world.do(createPodCommand('small', { cpu: '1800m', spec: { nodeName: 'n1' } }), cordon('n3'));
  await world.do(createPodCommand('big', { cpu: '2500m' }));
  return world;
}

test('each node says all it has against the pod, and by how much', async () => {
  expect(describeWhyNot(whyNot(await waiting()))).toBe(
    `
Pod default/big waits for a node since 2026-01-01T00:00:00Z; 0 of 3 would do
The scheduler said at revision 11, 2026-01-01T00:00:00Z: 0/3 nodes are available: 1 node(s) were unschedulable, 2 Insufficient cpu.

NODE   FITS   WHY NOT                                        DETAIL
n1     no     Insufficient cpu                               cpu: 2500m asked, 200m of 2 free
n2     no     Insufficient cpu                               cpu: 2500m asked, 2 of 2 free
n3     no     node(s) were unschedulable, Insufficient cpu   it is cordoned; cpu: 2500m asked, 2 of 2 free
`.trimStart(),
  );
});

test('since when goes back to the first time no node was found, however often the reason changed', async () => {
  const world = await waiting();
  const { unschedulableSince } = whyNot(world);
  world.cell.now += 60_000;
  await world.do(cordon('n3', null));
  const later = whyNot(world);
  expect(later.unschedulableSince).toBe(unschedulableSince);
  expect(later.said?.time).toBe(world.cell.now);
  expect(later.message).toBe('0/3 nodes are available: 3 Insufficient cpu.');
});

test('a past moment is told as it was then', async () => {
  const world = await waiting();
  const then = world.cell.state.revision;
  await world.do(cordon('n3', null), register('n4', { cpu: '4' }));
  expect(whyNot(world).standing).toBe('Bound');
  const { standing, nodes, at } = whyNot(world, { ...BIG, at: { revision: then } });
  expect({ standing, revision: at.revision }).toEqual({ standing: 'Waiting', revision: then });
  expect(nodes.map(({ node, objections }) => [node, objections.length])).toEqual([
    ['n1', 1],
    ['n2', 1],
    ['n3', 2],
  ]);
});

describe('a pod that does not wait says where it is', () => {
  test('and why there', async () => {
    const world = startWorld(register('n1'), register('n2', { cpu: '1' }));
    await world.do(createPodCommand('big', { cpu: '2' }));
    expect(describeWhyNot(whyNot(world))).toMatch(
      /^Pod default\/big is on a node: bound to n1: 1 of 2 nodes fit, n2 lacks cpu \(revision \d+, .*, system:scheduler\)\n$/,
    );
  });

  test('or how it ended', async () => {
    const world = startWorld(register('n1'));
    await world.do(createPodCommand('big'));
    await world.do({
      kind: 'Pod',
      name: 'big',
      verb: 'fail',
      arguments: { node: 'n1', reason: 'Evicted', message: 'low on memory' },
    });
    expect(whyNot(world)).toMatchObject({ standing: 'Ended', said: { sentence: 'failed (Evicted: low on memory)' } });
  });

  test('or that it is being deleted', async () => {
    const world = startWorld();
    await world.do(createPodCommand('big'));
    const patch = { metadata: { finalizers: ['example.com/hold'] } };
    await world.do(
      { kind: 'Pod', name: 'big', verb: 'patch', arguments: { patch } },
      { kind: 'Pod', name: 'big', verb: 'delete' },
    );
    expect(whyNot(world)).toMatchObject({ standing: 'Leaving', nodes: [] });
  });

  test('or that it is gone, or never was', async () => {
    const world = startWorld();
    await world.do(createPodCommand('big'));
    await world.do({ kind: 'Pod', name: 'big', verb: 'delete', arguments: { gracePeriodSeconds: 0 } });
    expect(() => whyNot(world)).toThrow(/pods "big" is gone since revision \d+: "why pod\/big" tells why/);
    expect(() => whyNot(world, { ...BIG, name: 'none' })).toThrow('pods "none" not found, and there never was one');
  });
});

test('without nodes, and before the scheduler looked, it says so', () => {
  const world = startWorld();
  world.cell.accept(createPodCommand('big'));
  expect(describeWhyNot(whyNot(world))).toBe(
    `
Pod default/big waits for a node; 0 of 0 would do
The scheduler has not said anything of it yet.

There are no nodes.
`.trimStart(),
  );
});

test('a bound is kept to where a pod has thousands of commits', async () => {
  const world = await waiting();
  for (let count = 0; count <= LOOKED_THROUGH_MAX; count++) {
    const patch = { metadata: { labels: { count: String(count) } } };
    world.cell.accept({ kind: 'Pod', name: 'big', verb: 'patch', arguments: { patch } });
  }
  expect(whyNot(world)).toMatchObject({ standing: 'Waiting', said: null, message: null });
});
