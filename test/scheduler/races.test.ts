/** What the scheduler makes of commands that are on their way, late or refused: no pod is lost, and no room. */
import { describe, expect, test } from 'vitest';
import { unschedulableMessage } from '../../machines/pod/index.ts';
import { queueFull } from '../support/cell-sink.ts';
import { settle } from '../support/manual-clock.ts';
import { createPodCommand as create, register, startWorld, type SchedulingWorld } from '../support/scheduling.ts';

const n1 = { kind: 'Node', name: 'n1' } as const;
const remove = (name: string) => ({ kind: 'Pod', name, verb: 'delete', arguments: { gracePeriodSeconds: 0 } });
const label = (name: string, value: string) => ({
  kind: 'Pod',
  name,
  verb: 'patch',
  arguments: { patch: { metadata: { labels: { changed: value } } } },
});
const sentence = (world: SchedulingWorld, name: string) => unschedulableMessage(world.pod(name));

describe('while a binding is with the writer', () => {
  test('a change of the pod loses nothing', async () => {
    const world = startWorld(register('n1'));
    world.sink.hold();
    await world.do(create('web'));
    await world.do(label('web', 'meanwhile'));
    world.sink.release();
    await settle();
    expect(world.nodeOf('web')).toBe('n1');
    expect(world.verbs).toEqual(['bind']);
  });

  test('a deletion of the pod is its end', async () => {
    const world = startWorld(register('n1'));
    world.sink.hold();
    await world.do(create('web'));
    await world.do(remove('web'));
    world.sink.release();
    await settle();
    await world.clock.advance(60_000);
    expect(world.verbs).toEqual(['bind']);
    expect(world.clock.waiting).toBe(0);
  });

  test('another pod of that name is another pod', async () => {
    const world = startWorld(register('n1'));
    world.sink.hold();
    await world.do(create('web'));
    await world.do(remove('web'), create('web'));
    world.sink.release();
    await settle();
    expect(world.nodeOf('web')).toBe('n1');
    expect(world.verbs).toEqual(['bind', 'bind']);
  });

  test('its node may be replaced by another of that name, whose room is counted anew', async () => {
    const world = startWorld(register('n1', { cpu: '2' }));
    world.sink.hold();
    await world.do(create('first', { cpu: '2' }));
    await world.do({ ...n1, verb: 'delete' }, register('n1', { cpu: '2' }));
    world.sink.release();
    await settle();
    expect(world.nodeOf('first')).toBe('n1');
    await world.do(create('second', { cpu: '1' }));
    expect(sentence(world, 'second')).toBe('0/1 nodes are available: 1 Insufficient cpu.');
  });
});

/** A pod bound behind the scheduler's back takes the room it thinks is free. */
async function raced(): Promise<SchedulingWorld> {
  const world = startWorld(register('n1', { cpu: '2' }), register('n2', { cpu: '1' }));
  world.sink.hold();
  await world.do(create('mine', { cpu: '2' }), create('theirs', { cpu: '1', spec: { nodeName: 'n1' } }));
  await world.do({ kind: 'Pod', name: 'theirs', verb: 'bind', arguments: { node: 'n1' } });
  world.sink.release();
  await settle();
  return world;
}

describe('a binding that is refused', () => {
  test('is planned again with what is there now', async () => {
    const world = await raced();
    expect(world.nodeOf('mine')).toBeUndefined();
    await world.clock.advance(10);
    expect(sentence(world, 'mine')).toBe('0/2 nodes are available: 2 Insufficient cpu.');
    await world.do(remove('theirs'));
    expect(world.nodeOf('mine')).toBe('n1');
  });

  test('gives back the room it was planned for to those who were told there is none', async () => {
    const world = startWorld(register('n1', { cpu: '2' }));
    let refusals = 1;
    world.sink.answer = (commands) => (refusals-- > 0 ? queueFull(commands) : undefined);
    world.sink.hold();
    await world.do(create('large', { cpu: '2' }));
    await world.do(create('small', { cpu: '1' }));
    world.sink.release();
    await settle();
    expect(world.nodeOf('small')).toBe('n1');
  });

  test('waits longer each time, ten seconds at most, and starts short again once it was accepted', async () => {
    const world = startWorld(register('n1'));
    world.sink.answer = queueFull;
    await world.do(create('web'));
    const waits: number[] = [];
    for (let tries = 1; tries <= 14; tries++) {
      const began = world.clock.now();
      while (world.sink.sent.length === tries) await world.clock.advance(10);
      waits.push(world.clock.now() - began);
    }
    expect(waits.slice(0, 5)).toEqual([10, 20, 40, 80, 160]);
    expect(waits.slice(-3)).toEqual([10_000, 10_000, 10_000]);
    world.sink.answer = undefined;
    await world.clock.advance(10_000);
    expect(world.nodeOf('web')).toBe('n1');
    world.sink.answer = queueFull;
    await world.do(create('next'));
    const tries = world.sink.sent.length;
    await world.clock.advance(10);
    expect(world.sink.sent.length).toBe(tries + 1);
  });
});
