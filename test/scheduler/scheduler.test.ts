/** What the scheduler does about pods that wait: binds them, says why not, and tries again when it matters. */
import { describe, expect, test } from 'vitest';
import { unschedulableMessage } from '../../machines/pod/index.ts';
import { PASS_MAX_COMMANDS, UNSCHEDULABLE_RETRY_MS } from '../../src/scheduler/scheduler.ts';
import { queueFull } from '../support/cell-sink.ts';
import { settle } from '../support/manual-clock.ts';
import { createPodCommand, register, startWorld, type Asked, type SchedulingWorld } from '../support/scheduling.ts';

const n1 = { kind: 'Node', name: 'n1' } as const;
const cordon = (unschedulable: boolean) => ({
  ...n1,
  verb: 'patch',
  arguments: { patch: { spec: { unschedulable } } },
});
const create = (name: string, asked?: Asked) => createPodCommand(name, asked);
const remove = (name: string) => ({ kind: 'Pod', name, verb: 'delete', arguments: { gracePeriodSeconds: 0 } });
const label = (name: string, value: string) => ({
  kind: 'Pod',
  name,
  verb: 'patch',
  arguments: { patch: { metadata: { labels: { changed: value } } } },
});
const sentence = (world: SchedulingWorld, name: string) => unschedulableMessage(world.pod(name));

describe('a pod that fits', () => {
  test('is bound, and the commit says where, why there and why not elsewhere', async () => {
    const world = startWorld(register('n1'), register('n2', { cpu: '1' }));
    await world.do(create('web', { cpu: '2' }));
    expect(world.nodeOf('web')).toBe('n1');
    const { commit } = world.cell.changes.at(-1) ?? {};
    expect(commit).toMatchObject({
      actor: 'system:scheduler',
      reason: '1 of 2 nodes fit, n2 lacks cpu',
      events: [
        {
          type: 'PodScheduled',
          data: {
            node: 'n1',
            score: 94,
            scores: { leastAllocated: 82, ownerSpread: 100 },
            feasibleNodes: 1,
            totalNodes: 2,
            ruledOut: { 'Insufficient cpu': 1 },
          },
        },
      ],
    });
  });

  test('has its own creation as the cause of its binding', async () => {
    const world = startWorld(register('n1'));
    await world.do(create('web'));
    const [created, bound] = world.cell.changes.slice(-2).map(({ commit }) => commit);
    expect(bound).toMatchObject({ verb: 'bind', cause: created?.revision, correlation: created?.correlation });
  });

  test('and names its node goes there, and to no other', async () => {
    const world = startWorld(register('n1'), register('n2'));
    await world.do(create('there', { spec: { nodeName: 'n2' } }), create('nowhere', { spec: { nodeName: 'n9' } }));
    expect(world.nodeOf('there')).toBe('n2');
    expect(sentence(world, 'nowhere')).toBe("0/2 nodes are available: 2 node(s) didn't match the requested node name.");
  });

  test('and wants a port of its node gets one where it is free', async () => {
    const world = startWorld(register('n1'), register('n2'));
    await world.do(...['a', 'b', 'c'].map((name) => create(name, { hostPort: 8080 })));
    expect(['a', 'b', 'c'].map((name) => world.nodeOf(name))).toEqual(['n1', 'n2', undefined]);
    await world.do(remove('b'));
    expect(world.nodeOf('c')).toBe('n2');
  });
});

test('pods of one owner are spread over the nodes', async () => {
  const world = startWorld(register('n1'), register('n2'), register('n3'));
  await world.do(...Array.from({ length: 12 }, (_, index) => create(`web-${index}`, { owner: 'web' })));
  expect(world.spread()).toEqual({ n1: 4, n2: 4, n3: 4 });
});

test('all that wait when the scheduler begins are placed, the oldest first', async () => {
  const world = startWorld(register('n1', { pods: '2' }));
  world.start().stop();
  await world.do(create('b'), create('a'), create('c'));
  world.start();
  await settle();
  expect(['b', 'a', 'c'].map((name) => world.nodeOf(name))).toEqual(['n1', 'n1', undefined]);
});

test('what one entry brings is planned together, in passes of bounded size', async () => {
  const world = startWorld(register('n1', { pods: '5000' }));
  world.sink.hold();
  const count = PASS_MAX_COMMANDS + 5;
  await world.do(...Array.from({ length: count }, (_, index) => create(`web-${index}`)));
  expect(world.sink.sent).toHaveLength(PASS_MAX_COMMANDS);
  world.sink.release();
  world.sink.hold();
  await settle();
  expect(world.sink.sent).toHaveLength(count);
  world.sink.release();
  await settle();
  expect(world.spread()).toEqual({ n1: count });
});

describe('a pod that fits nowhere', () => {
  test("is told so in Kubernetes' sentence", async () => {
    const world = startWorld(register('n1'), register('n2', { memory: '1Gi' }), register('n3', { memory: '1Gi' }));
    await world.do(cordon(true), create('web', { memory: '2Gi' }));
    expect(sentence(world, 'web')).toBe(
      '0/3 nodes are available: 1 node(s) were unschedulable, 2 Insufficient memory.',
    );
    const condition = { type: 'PodScheduled', status: 'False', reason: 'Unschedulable' };
    expect(world.pod('web').context.status.conditions).toEqual([expect.objectContaining(condition)]);
  });

  test('is told so where there are no nodes', async () => {
    const world = startWorld();
    await world.do(create('web'));
    expect(sentence(world, 'web')).toBe('no nodes available to schedule pods');
  });

  test('is not tried again for what the scheduler wrote of it, nor for a label', async () => {
    const world = startWorld(register('n1', { cpu: '1' }));
    await world.do(create('web', { cpu: '2' }));
    expect(world.verbs).toEqual(['markUnschedulable']);
    await world.do(label('web', 'once'));
    expect(world.verbs).toEqual(['markUnschedulable']);
    await world.do(register('n2', { cpu: '2' }));
    expect(world.nodeOf('web')).toBe('n2');
    expect(world.pod('web').context.metadata.labels).toEqual({ changed: 'once' });
  });

  test('is told anew when there is another reason', async () => {
    const world = startWorld(register('n1', { cpu: '1' }));
    await world.do(create('web', { cpu: '2' }), register('n2', { cpu: '1' }));
    expect(sentence(world, 'web')).toBe('0/2 nodes are available: 2 Insufficient cpu.');
    await world.do({ kind: 'Node', name: 'n2', verb: 'delete' });
    expect(sentence(world, 'web')).toBe('0/1 nodes are available: 1 Insufficient cpu.');
  });
});

/** `first` fills the only node, so that `second` waits. */
async function full(): Promise<SchedulingWorld> {
  const world = startWorld(register('n1', { cpu: '2' }));
  await world.do(create('first', { cpu: '2' }), create('second', { cpu: '1' }));
  expect(world.nodeOf('second')).toBeUndefined();
  return world;
}

describe('a pod that found no node is tried again', () => {
  test('when a node is added, which is the cause of its binding', async () => {
    const world = await full();
    await world.do(register('n2'));
    expect(world.nodeOf('second')).toBe('n2');
    expect(world.sink.sent.at(-1)?.cause).toBe(world.cell.get('Node', 'n2').createdRevision);
  });

  test('when a node is uncordoned', async () => {
    const world = startWorld(register('n1'));
    await world.do(cordon(true), create('web'));
    expect(world.nodeOf('web')).toBeUndefined();
    await world.do(cordon(false));
    expect(world.nodeOf('web')).toBe('n1');
  });

  test('when a node has more room than before', async () => {
    const world = await full();
    await world.do(register('n1', { cpu: '4' }));
    expect(world.nodeOf('second')).toBe('n1');
  });

  test('when a node is labelled as it wants', async () => {
    const world = startWorld(register('n1'));
    await world.do(create('web', { spec: { nodeSelector: { disk: 'ssd' } } }));
    expect(world.nodeOf('web')).toBeUndefined();
    await world.do(register('n1', {}, { disk: 'ssd' }));
    expect(world.nodeOf('web')).toBe('n1');
  });

  test('when a pod has gone', async () => {
    const world = await full();
    await world.do(remove('first'));
    expect(world.nodeOf('second')).toBe('n1');
  });

  test('when a pod has ended', async () => {
    const world = await full();
    const args = { node: 'n1', reason: 'Evicted', message: 'the node was low on memory' };
    await world.do({ kind: 'Pod', name: 'first', verb: 'fail', arguments: args });
    expect(world.nodeOf('second')).toBe('n1');
  });

  test('when five minutes have passed, in case something was missed', async () => {
    const world = await full();
    const { sent } = world.sink;
    await world.clock.advance(UNSCHEDULABLE_RETRY_MS - 1);
    expect(sent).toHaveLength(2);
    // Not seen by the scheduler, since it was not told.
    world.cell.accept(label('second', 'unseen'));
    world.cell.accept(remove('first'));
    await world.clock.advance(1);
    expect(sent.at(-1)).toMatchObject({ name: 'second', verb: 'markUnschedulable' });
  });
});

test('nothing is sent and no timer waits after it was stopped', async () => {
  const world = startWorld(register('n1', { cpu: '1' }));
  const scheduler = world.start();
  world.sink.answer = queueFull;
  await world.do(create('web'), create('large', { cpu: '2' }));
  scheduler.stop();
  const sent = world.sink.sent.length;
  await world.do(create('late'), register('n2'));
  await world.clock.advance(2 * UNSCHEDULABLE_RETRY_MS);
  expect(world.sink.sent).toHaveLength(sent);
  expect(world.clock.waiting).toBe(0);
});
