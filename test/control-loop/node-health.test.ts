/** When silence counts against a node, and when against the observer. */
import { describe, expect, onTestFinished, test } from 'vitest';
import { isEvicting, isReachable, type NodeContext } from '../../machines/node/index.ts';
import { HEALTH_TICK_LATE_MS, HEALTH_TICK_MS, NodeHealth } from '../../src/control-loop/node-health.ts';
import { silentLogger } from '../../src/foundation/logger.ts';
import { Cell } from '../support/cell.ts';
import { CellSink, queueFull } from '../support/cell-sink.ts';
import { ManualClock, settle } from '../support/manual-clock.ts';
import { node as register } from '../support/pod.ts';

/** As the agents do it. */
const HEARTBEAT_MS = 2_000;
/** The limit of ten seconds, and the tick after it. */
const SILENCE_MS = 11_000;

class Bench {
  readonly cell = Cell.begin();
  readonly clock = new ManualClock();
  readonly sink = new CellSink(this.cell);
  readonly health: NodeHealth;
  connected = true;
  readonly #beating = new Set<string>();

  constructor(...names: readonly string[]) {
    for (const name of names) this.cell.accept(register(name));
    const { sink, clock, cell } = this;
    const connected = () => this.connected;
    this.health = new NodeHealth({ view: cell.state, sink, clock, logger: silentLogger, connected });
    const end = new AbortController();
    onTestFinished(() => end.abort());
    void this.health.run(end.signal);
    for (const [index, name] of names.entries()) this.beat(name, index * 300);
  }

  /** The node is heard from now on, until it is silenced. */
  beat(name: string, afterMs = 0): void {
    this.#beating.add(name);
    this.clock.after(afterMs, () => this.#beat(name));
  }

  silence(...names: readonly string[]): void {
    for (const name of names) this.#beating.delete(name);
  }

  /** `Ready`, or how it is not. */
  state(name: string): 'Ready' | 'evicting' | 'silent' {
    const record = this.cell.get<NodeContext>('Node', name);
    if (isReachable(record)) return 'Ready';
    return isEvicting(record) ? 'evicting' : 'silent';
  }

  states(): string {
    return this.cell
      .list('Node')
      .map(({ name }) => this.state(name))
      .join(' ');
  }

  get verbs(): readonly string[] {
    return this.sink.sent.map(({ verb, name }) => `${verb} ${name}`);
  }

  #beat(name: string): void {
    if (!this.#beating.has(name)) return;
    if (this.connected) this.health.heard(name);
    this.clock.after(HEARTBEAT_MS, () => this.#beat(name));
  }
}

test('nodes that are heard are left alone', async () => {
  const bench = new Bench('n1', 'n2');
  await bench.clock.advance(60_000);
  expect(bench.verbs).toEqual([]);
});

test('a node that says nothing for ten seconds is unreachable, which is said once', async () => {
  const bench = new Bench('n1', 'n2');
  await bench.clock.advance(20_000);
  bench.silence('n1');
  await bench.clock.advance(9_000);
  expect(bench.state('n1')).toBe('Ready');
  await bench.clock.advance(3_000);
  expect(bench.state('n1')).toBe('evicting');
  await bench.clock.advance(60_000);
  expect(bench.verbs).toEqual(['markUnreachable n1']);
  expect(bench.sink.sent[0]?.arguments).toMatchObject({ silentMs: 10_000 });
});

test("the limit is the cell's, and may change while it runs", async () => {
  const bench = new Bench('n1', 'n2');
  const patch = { spec: { nodeSilenceSeconds: 30 } };
  bench.cell.accept({ kind: 'CellConfiguration', name: 'cell', verb: 'patch', arguments: { patch } });
  bench.silence('n1');
  await bench.clock.advance(29_000);
  expect(bench.state('n1')).toBe('Ready');
  await bench.clock.advance(4_000);
  expect(bench.state('n1')).toBe('evicting');
});

test('a node that was never heard is unreachable as long after its first judgement', async () => {
  const bench = new Bench('n1');
  bench.cell.accept(register('n2'));
  await bench.clock.advance(10_999);
  expect(bench.state('n2')).toBe('Ready');
  await bench.clock.advance(1);
  expect(bench.state('n2')).toBe('evicting');
});

test('a node whose agent never registered is not judged, nor told that it is reachable', async () => {
  const bench = new Bench('n1');
  bench.cell.create('Node', { metadata: { name: 'n2' } });
  bench.beat('n2');
  await bench.clock.advance(30_000);
  bench.silence('n2');
  await bench.clock.advance(30_000);
  expect(bench.verbs).toEqual([]);
});

test('a heartbeat of a node that does not exist means nothing', async () => {
  const bench = new Bench('n1');
  bench.health.heard('nobody');
  await bench.clock.advance(30_000);
  expect(bench.verbs).toEqual([]);
});

describe('a node that is heard again', () => {
  test('is reachable at once, which is said once', async () => {
    const bench = new Bench('n1', 'n2');
    bench.silence('n1');
    await bench.clock.advance(20_000);
    bench.beat('n1');
    await bench.clock.advance(1);
    expect(bench.state('n1')).toBe('Ready');
    await bench.clock.advance(60_000);
    expect(bench.verbs).toEqual(['markUnreachable n1', 'markReachable n1']);
  });

  test('sends no more than one command while the writer is slow', async () => {
    const bench = new Bench('n1', 'n2');
    bench.silence('n1');
    await bench.clock.advance(20_000);
    bench.sink.hold();
    bench.beat('n1');
    await bench.clock.advance(60_000);
    expect(bench.verbs).toEqual(['markUnreachable n1', 'markReachable n1']);
    bench.sink.release();
    await settle();
    expect(bench.state('n1')).toBe('Ready');
  });

  test('is told so with the next heartbeat where the writer had no room', async () => {
    const bench = new Bench('n1', 'n2');
    bench.silence('n1');
    await bench.clock.advance(20_000);
    bench.sink.answer = queueFull;
    bench.beat('n1');
    await bench.clock.advance(1);
    bench.sink.answer = undefined;
    await bench.clock.advance(HEARTBEAT_MS);
    expect(bench.state('n1')).toBe('Ready');
  });
});

test('a slow writer is no reason to count anew, and is asked once', async () => {
  const bench = new Bench('n1', 'n2', 'n3', 'n4');
  await bench.clock.advance(10_000);
  bench.silence('n1');
  bench.sink.hold();
  await bench.clock.advance(20_000);
  expect(bench.verbs).toEqual(['markUnreachable n1']);
  bench.silence('n2');
  await bench.clock.advance(13_000);
  expect(bench.verbs).toEqual(['markUnreachable n1', 'markUnreachable n2']);
});

describe('silence is counted anew for every node', () => {
  test('when the observer stood still', async () => {
    const bench = new Bench('n1', 'n2');
    bench.silence('n1');
    await bench.clock.advance(8_000);
    bench.clock.pass(HEALTH_TICK_LATE_MS + HEALTH_TICK_MS);
    await bench.clock.advance(9_000);
    expect(bench.state('n1')).toBe('Ready');
    await bench.clock.advance(4_000);
    expect(bench.state('n1')).toBe('evicting');
  });

  test('but not for a tick that was a little late', async () => {
    const bench = new Bench('n1', 'n2');
    bench.silence('n1');
    await bench.clock.advance(8_000);
    bench.clock.pass(HEALTH_TICK_MS);
    await bench.clock.advance(4_000);
    expect(bench.state('n1')).toBe('evicting');
  });

  test('when the observer was not connected', async () => {
    const bench = new Bench('n1', 'n2');
    await bench.clock.advance(8_000);
    bench.connected = false;
    await bench.clock.advance(60_000);
    expect(bench.verbs).toEqual([]);
    bench.silence('n1');
    bench.connected = true;
    await bench.clock.advance(9_000);
    expect(bench.states()).toBe('Ready Ready');
    await bench.clock.advance(4_000);
    expect(bench.states()).toBe('evicting Ready');
  });

  test('when it is told of a reconnect between two ticks', async () => {
    const bench = new Bench('n1', 'n2');
    bench.silence('n1');
    await bench.clock.advance(9_500);
    bench.health.restart();
    await bench.clock.advance(10_000);
    expect(bench.state('n1')).toBe('Ready');
    await bench.clock.advance(2_000);
    expect(bench.state('n1')).toBe('evicting');
  });

  test('and how long nodes were watched, before a late tick is noticed too', async () => {
    const bench = new Bench('n1');
    await bench.clock.advance(8_000);
    expect(bench.health.watchedMs()).toBe(8_000);
    bench.clock.pass(HEALTH_TICK_LATE_MS + HEALTH_TICK_MS);
    expect(bench.health.watchedMs()).toBe(0);
    await bench.clock.advance(5_000);
    expect(bench.health.watchedMs()).toBe(5_000);
    bench.connected = false;
    expect(bench.health.watchedMs()).toBe(0);
  });
});

describe('when most nodes fall silent in one period', () => {
  test('nothing is evicted, though their heartbeats stopped at different moments', async () => {
    const bench = new Bench('n1', 'n2', 'n3', 'n4', 'n5');
    await bench.clock.advance(20_000);
    bench.silence('n1', 'n2', 'n3');
    await bench.clock.advance(SILENCE_MS + HEARTBEAT_MS);
    expect(bench.states()).toBe('silent silent silent Ready Ready');
    expect(bench.health.massSilence).toBe(true);
    await bench.clock.advance(600_000);
    expect(bench.states()).toBe('silent silent silent Ready Ready');
    expect(bench.verbs).toHaveLength(3);
  });

  test('evictions resume for those still silent once no more than half of them are', async () => {
    const bench = new Bench('n1', 'n2', 'n3', 'n4', 'n5');
    await bench.clock.advance(20_000);
    bench.silence('n1', 'n2', 'n3');
    await bench.clock.advance(20_000);
    bench.beat('n2');
    await bench.clock.advance(HEALTH_TICK_MS);
    expect(bench.states()).toBe('evicting Ready evicting Ready Ready');
    expect(bench.health.massSilence).toBe(false);
    await bench.clock.advance(60_000);
    expect(bench.verbs).toHaveLength(6);
  });

  test('half of them is not most', async () => {
    const bench = new Bench('n1', 'n2', 'n3', 'n4', 'n5', 'n6');
    await bench.clock.advance(20_000);
    bench.silence('n1', 'n2', 'n3');
    await bench.clock.advance(SILENCE_MS + HEARTBEAT_MS);
    expect(bench.states()).toBe('evicting evicting evicting Ready Ready Ready');
  });

  test('and there are only two of them, both are evicted', async () => {
    const bench = new Bench('n1', 'n2');
    await bench.clock.advance(20_000);
    bench.silence('n1', 'n2');
    await bench.clock.advance(SILENCE_MS + HEARTBEAT_MS);
    expect(bench.states()).toBe('evicting evicting');
  });

  test('those that fell silent long before do not count', async () => {
    const bench = new Bench('n1', 'n2', 'n3', 'n4', 'n5');
    for (const name of ['n1', 'n2', 'n3']) {
      await bench.clock.advance(20_000);
      bench.silence(name);
    }
    await bench.clock.advance(20_000);
    expect(bench.states()).toBe('evicting evicting evicting Ready Ready');
    bench.silence('n4');
    await bench.clock.advance(SILENCE_MS + HEARTBEAT_MS);
    expect(bench.states()).toBe('evicting evicting evicting evicting Ready');
  });

  test('a new term counts anew and then judges alike', async () => {
    const bench = new Bench('n1', 'n2', 'n3');
    await bench.clock.advance(20_000);
    bench.silence('n1', 'n2', 'n3');
    await bench.clock.advance(20_000);
    bench.health.restart();
    await bench.clock.advance(60_000);
    expect(bench.states()).toBe('silent silent silent');
    expect(bench.verbs).toHaveLength(3);
  });
});
