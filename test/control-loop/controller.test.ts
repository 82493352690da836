/** How the loop runs a reconciler: which keys it looks at and when, and what it makes of the answers. */
import { describe, expect, test } from 'vitest';
import { KEY_BACK_OFF, KeyedQueue, LOOKS_MAX, REST_FACTOR } from '../../src/control-loop/keyed-queue.ts';
import { queueFull } from '../support/cell-sink.ts';
import { ControllerBench } from '../support/controller-bench.ts';
import { ManualClock, settle } from '../support/manual-clock.ts';

describe('a key is looked at', () => {
  test('once for everything that one entry changed', async () => {
    const bench = new ControllerBench();
    await Promise.all([bench.touch('a'), bench.touch('a'), bench.touch('b')]);
    expect(bench.looks).toEqual([...new Set(bench.looks)]);
    expect(bench.looks.toSorted()).toEqual(['a', 'b']);
  });

  test('again when something changes', async () => {
    const bench = new ControllerBench();
    await bench.touch('a');
    await bench.touch('a');
    expect(bench.looks).toEqual(['a', 'a']);
  });

  test('for everything there is at the start of a term', async () => {
    const bench = new ControllerBench();
    bench.cell.create('ConfigMap', { metadata: { name: 'old' } });
    bench.controller.resync();
    await settle();
    expect(bench.looks).toEqual(['old']);
  });

  test('with no more than so many others in one go', async () => {
    const bench = new ControllerBench();
    for (let index = 0; index <= LOOKS_MAX; index++)
      bench.cell.create('ConfigMap', { metadata: { name: `m${index}` } });
    bench.controller.resync();
    await settle();
    expect(bench.looks).toHaveLength(LOOKS_MAX);
    await bench.touch('m0');
    expect(bench.looks).toHaveLength(LOOKS_MAX);
    await bench.clock.advance(1);
    expect(bench.looks).toHaveLength(LOOKS_MAX + 2);
  });

  test('and forgotten when there is nothing to do', async () => {
    const bench = new ControllerBench();
    await bench.touch('a');
    expect(bench.controller.pending).toBe(0);
    expect(bench.clock.waiting).toBe(0);
  });
});

describe('while its commands are with the writer, a key', () => {
  test('is not looked at, and nothing that changes meanwhile is lost', async () => {
    const bench = new ControllerBench();
    bench.find = () => (bench.looks.length === 1 ? { commands: [bench.change('a')] } : { commands: [] });
    bench.sink.hold();
    await bench.touch('a');
    await bench.touch('a');
    await bench.clock.advance(60_000);
    expect(bench.looks).toEqual(['a']);
    bench.sink.release();
    await settle();
    expect(bench.looks).toEqual(['a', 'a']);
    expect(bench.controller.pending).toBe(0);
  });

  test('does not keep others waiting', async () => {
    const bench = new ControllerBench();
    bench.find = ({ key }) => ({ commands: key.name === 'a' ? [bench.change('a')] : [] });
    bench.sink.hold();
    await bench.touch('a');
    await bench.touch('b');
    expect(bench.looks).toEqual(['a', 'b']);
  });
});

describe('the answers', () => {
  test('lead to another look, which finds what a burst left over', async () => {
    const bench = new ControllerBench();
    bench.find = () => ({ commands: bench.looks.length <= 3 ? [bench.change('a')] : [] });
    await bench.touch('a');
    expect(bench.looks).toHaveLength(4);
    expect(bench.controller.pending).toBe(0);
  });

  test.each([
    ['refusals', (bench: ControllerBench) => bench.refused('a')],
    ['nothing changed', (bench: ControllerBench) => bench.idle('a')],
    ['what was answered before', (bench: ControllerBench) => bench.change('a', { id: 'the same' })],
  ])('that bring nothing (%s) lead to it after a wait that doubles up to a limit', async (_what, draft) => {
    const bench = new ControllerBench();
    await bench.touch('a');
    bench.find = () => ({ commands: [draft(bench)] });
    await bench.touch('a');
    const waits = await bench.waits(16);
    expect(waits.slice(0, 6)).toEqual([5, 10, 20, 40, 80, 160]);
    expect(waits.slice(-2)).toEqual([KEY_BACK_OFF.maximumMs, KEY_BACK_OFF.maximumMs]);
  });

  test('that never come because the writer has no room do so too', async () => {
    const bench = new ControllerBench();
    bench.find = () => ({ commands: [bench.change('a')] });
    bench.sink.answer = queueFull;
    await bench.touch('a');
    expect(await bench.waits(3)).toEqual([5, 10, 20]);
  });

  test('that bring something make the next wait short again', async () => {
    const bench = new ControllerBench();
    let tries = 0;
    bench.find = () => ({ commands: [++tries === 5 ? bench.change('a') : bench.refused('a')] });
    await bench.touch('a');
    expect(await bench.waits(6)).toEqual([5, 10, 20, 40, 5, 10]);
  });

  test('that refuse some wait, even where others were accepted', async () => {
    const bench = new ControllerBench();
    bench.find = () => ({ commands: [bench.change('a'), bench.refused('a')] });
    await bench.touch('a');
    expect(await bench.waits(3)).toEqual([5, 10, 20]);
  });
});

describe('a key that backs off', () => {
  test('keeps doing so while others change what it looks at', async () => {
    const bench = new ControllerBench();
    bench.find = ({ key }) => ({ commands: [bench.refused(key.name)] });
    await bench.touch('a');
    await bench.clock.advance(1_000);
    const looks = bench.looks.length;
    await bench.touch('a', 'system:controller:test');
    expect(bench.looks).toHaveLength(looks);
  });

  test('is looked at once somebody mends the object itself', async () => {
    const bench = new ControllerBench();
    bench.find = ({ key }) => ({ commands: [bench.refused(key.name)] });
    await bench.touch('a');
    await bench.clock.advance(100_000);
    bench.find = () => ({ commands: [] });
    const looks = bench.looks.length;
    await bench.touch('a');
    expect(bench.looks).toHaveLength(looks + 1);
    expect(bench.controller.pending).toBe(0);
    expect(bench.clock.waiting).toBe(0);
  });

  test('asks with a higher attempt when it wants again what was refused', async () => {
    const bench = new ControllerBench();
    bench.find = () => ({ commands: [bench.refused('a', 'the same')] });
    await bench.touch('a');
    await bench.waits(2);
    await settle();
    expect(bench.sink.sent.map(({ attempt = 1 }) => attempt)).toEqual([1, 2, 3]);
    bench.find = () => ({ commands: bench.sink.sent.length < 4 ? [bench.change('a', { id: 'the same' })] : [] });
    await bench.waits(1);
    await settle();
    expect(bench.sink.sent.at(-1)?.attempt).toBe(4);
    expect(bench.cell.changes.at(-1)?.commit.commandId).toBe('the same');
  });
});

describe('a key that is to be looked at later', () => {
  test('is, even if nothing happens', async () => {
    const bench = new ControllerBench();
    bench.find = () => (bench.looks.length === 1 ? { commands: [], requeueAfterMs: 60_000 } : { commands: [] });
    await bench.touch('a');
    await bench.clock.advance(59_999);
    expect(bench.looks).toHaveLength(1);
    await bench.clock.advance(1);
    expect(bench.looks).toHaveLength(2);
    expect(bench.controller.pending).toBe(0);
  });

  test('is looked at before when something changes', async () => {
    const bench = new ControllerBench();
    bench.find = () => ({ commands: [], requeueAfterMs: 60_000 });
    await bench.touch('a');
    await bench.clock.advance(1_000);
    await bench.touch('a');
    expect(bench.looks).toHaveLength(2);
    await bench.clock.advance(59_999);
    expect(bench.looks).toHaveLength(2);
    await bench.clock.advance(1);
    expect(bench.looks).toHaveLength(3);
  });

  test('does not spin when it is to be at once', async () => {
    const bench = new ControllerBench();
    bench.find = () => ({ commands: [], requeueAfterMs: 0 });
    await bench.touch('a');
    expect(bench.looks).toHaveLength(1);
    await bench.clock.advance(3);
    expect(bench.looks).toHaveLength(4);
  });
});

test('a key whose reconciliation took long rests for a multiple of it, and its changes are not lost', async () => {
  const bench = new ControllerBench();
  bench.find = () => {
    bench.clock.pass(7);
    return { commands: [] };
  };
  await bench.touch('a');
  await bench.touch('a');
  expect(bench.looks).toHaveLength(1);
  await bench.clock.advance(7 * REST_FACTOR - 1);
  expect(bench.looks).toHaveLength(1);
  await bench.clock.advance(1);
  expect(bench.looks).toHaveLength(2);
  await bench.clock.advance(7 * REST_FACTOR);
  expect(bench.looks).toHaveLength(2);
  expect(bench.controller.pending).toBe(0);
});

describe('a command', () => {
  test('is of the change that brought its key up, unless it names its own cause', async () => {
    const bench = new ControllerBench();
    const drafts = () => [bench.change('a'), bench.change('a', { cause: 2, correlation: 1 })];
    bench.find = () => ({ commands: bench.looks.length === 1 ? drafts() : [] });
    await bench.touch('a');
    const { revision, correlation } = bench.cell.changes.at(-3)?.commit ?? {};
    expect(bench.sink.sent.map((command) => [command.cause, command.correlation])).toEqual([
      [revision, correlation],
      [2, 1],
    ]);
  });

  test('is never of what its own controller did', async () => {
    const bench = new ControllerBench();
    const causes: unknown[] = [];
    bench.find = ({ cause }) => {
      causes.push(cause?.revision);
      return { commands: bench.looks.length < 3 ? [bench.change('a')] : [] };
    };
    await bench.touch('a');
    const touched = bench.cell.changes.at(-3)?.commit.revision;
    expect(causes.slice(0, 2)).toEqual([touched, touched]);
    expect(bench.sink.sent.map(({ cause }) => cause)).toEqual([touched, touched]);
  });

  test('is of a telling change, such as the going of an object, rather than of what came along with it', async () => {
    const causes: unknown[] = [];
    const queue = new KeyedQueue(new ManualClock(), (queued) => {
      causes.push(queued.cause?.revision);
      queue.settle(queued);
    });
    const key = { kind: 'ConfigMap', namespace: 'default', name: 'a' };
    queue.add(key, { revision: 1, correlation: 1 });
    queue.add(key, { revision: 2, correlation: 1 }, { telling: true });
    queue.add(key, { revision: 3, correlation: 1 });
    await settle();
    queue.add(key, { revision: 4, correlation: 1 });
    await settle();
    expect(causes).toEqual([2, 4]);
  });

  test('says who sends it and what they had seen', async () => {
    const bench = new ControllerBench();
    bench.find = () => ({ commands: bench.looks.length === 1 ? [bench.change('a')] : [] });
    await bench.touch('a');
    const seen = bench.cell.state.revision - 1;
    expect(bench.sink.sent).toEqual([expect.objectContaining({ actor: 'system:controller:test', seen })]);
  });

  test('at the start of a term has no cause but its own', async () => {
    const bench = new ControllerBench();
    bench.cell.create('ConfigMap', { metadata: { name: 'a' } });
    bench.find = () => ({ commands: bench.looks.length === 1 ? [bench.change('a')] : [] });
    bench.controller.resync();
    await settle();
    expect(bench.sink.sent[0]?.cause).toBeUndefined();
  });
});

test('everything is forgotten when it stops', async () => {
  const bench = new ControllerBench();
  bench.find = ({ key }) =>
    key.name === 'later' ? { commands: [], requeueAfterMs: 10 } : { commands: [bench.refused(key.name)] };
  await bench.touch('later');
  await bench.touch('refused');
  bench.sink.hold();
  await bench.touch('held');
  bench.controller.stop();
  bench.sink.release();
  const looks = bench.looks.length;
  await bench.touch('late');
  await bench.clock.advance(100_000);
  expect(bench.looks).toHaveLength(looks);
  expect(bench.controller.pending).toBe(0);
  expect(bench.clock.waiting).toBe(0);
});
