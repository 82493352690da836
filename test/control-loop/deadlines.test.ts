/** When deadlines fire: once, when they are due, and never after they were called off. */
import { describe, expect, onTestFinished, test } from 'vitest';
import type { PodContext } from '../../machines/pod/index.ts';
import { Deadlines, DEADLINE_CHECK_MAX_MS } from '../../src/control-loop/deadlines.ts';
import { Cell, type TestCommand } from '../support/cell.ts';
import { CellSink, queueFull } from '../support/cell-sink.ts';
import { ManualClock, settle } from '../support/manual-clock.ts';
import { created, lost, node, returned, bound, heard, silent, web } from '../support/pod.ts';

const DAY_MS = 24 * 60 * 60 * 1000;

class Bench {
  readonly cell = Cell.begin();
  readonly clock = new ManualClock();
  readonly sink = new CellSink(this.cell);
  deadlines: Deadlines;

  constructor() {
    this.deadlines = this.#make();
    this.sink.observe((change) => this.deadlines.observe(change));
    onTestFinished(() => this.deadlines.stop());
  }

  /** When the present watch of nodes began, Unix milliseconds: long ago. */
  watchedSince = 0;

  /** Another process becomes the writer. */
  beginTerm(): void {
    this.deadlines.stop();
    this.deadlines = this.#make();
    this.deadlines.resync();
  }

  async do(...commands: readonly TestCommand[]): Promise<void> {
    for (const command of commands) {
      this.cell.now = this.clock.now();
      this.sink.change(() => this.cell.accept(command));
    }
    await settle();
  }

  async advance(ms: number): Promise<void> {
    // The cell tells the time of its entries as the clock stands when they are decided.
    const submit = this.sink.answer;
    this.sink.answer = (commands) => {
      this.cell.now = this.clock.now();
      return submit?.(commands);
    };
    await this.clock.advance(ms);
    this.sink.answer = submit;
  }

  get pod() {
    return this.cell.get<PodContext>('Pod', 'web');
  }

  #make(): Deadlines {
    return new Deadlines({
      view: this.cell.state,
      sink: this.sink,
      clock: this.clock,
      watchedMs: () => this.clock.now() - this.watchedSince,
    });
  }
}

const reference = { apiVersion: 'v1', kind: 'ReplicationController', name: 'rc', uid: 'rc', controller: true };
const owned = (spec: object = {}) => created(spec, { ownerReferences: [reference] });

/** A pod with a controller on a node that fell silent: it is evicted five seconds later. */
async function doomed(spec?: object): Promise<Bench> {
  const bench = new Bench();
  await bench.do(node(), owned(spec), bound, silent, lost);
  return bench;
}

test('one fires once, when it is due', async () => {
  const bench = await doomed();
  await bench.advance(4_999);
  expect(bench.sink.sent).toEqual([]);
  await bench.advance(1);
  expect(bench.sink.sent).toHaveLength(1);
  expect(bench.pod.context.metadata.deletionTimestamp).toBeDefined();
  await bench.advance(DAY_MS);
  expect(bench.sink.sent).toHaveLength(1);
  expect(bench.clock.waiting).toBe(0);
});

test('one that rests on the silence of a node waits until nodes have been watched long enough', async () => {
  const bench = await doomed();
  await bench.advance(4_000);
  bench.watchedSince = bench.clock.now();
  await bench.advance(4_999);
  expect(bench.sink.sent).toEqual([]);
  await bench.advance(1);
  expect(bench.sink.sent).toHaveLength(1);
});

test('it says which it was, and that the change which set it is its cause', async () => {
  const bench = await doomed();
  const { revision, correlation, uid } = bench.pod;
  await bench.advance(5_000);
  expect(bench.sink.sent[0]).toMatchObject({
    verb: 'expire',
    arguments: { deadline: 'eviction' },
    actor: 'system:controller:deadlines',
    cause: revision,
    correlation,
    preconditions: { uid },
  });
});

test('its cause stays the change that set it, whatever happened to the object meanwhile', async () => {
  const bench = await doomed();
  const { revision } = bench.pod;
  await bench.do({ ...bound, verb: 'patch', arguments: { patch: { metadata: { labels: { a: 'b' } } } } });
  expect(bench.pod.revision).toBeGreaterThan(revision);
  await bench.advance(5_000);
  expect(bench.sink.sent[0]).toMatchObject({ cause: revision });
});

test('one that is called off never fires', async () => {
  const bench = await doomed();
  await bench.do(heard, returned);
  await bench.advance(DAY_MS);
  expect(bench.sink.sent).toEqual([]);
  expect(bench.clock.waiting).toBe(0);
});

test('one whose object is gone never fires', async () => {
  const bench = await doomed();
  await bench.do(web('delete', { gracePeriodSeconds: 0 }));
  await bench.advance(DAY_MS);
  expect(bench.sink.sent).toEqual([]);
  expect(bench.clock.waiting).toBe(0);
});

test('one that is moved fires at its new time only', async () => {
  const bench = await doomed();
  await bench.advance(4_000);
  await bench.do(heard, returned, silent, lost);
  await bench.advance(4_999);
  expect(bench.sink.sent).toEqual([]);
  await bench.advance(1);
  expect(bench.sink.sent).toHaveLength(1);
});

test('a change of the object that leaves it where it is does not move it', async () => {
  const bench = await doomed();
  await bench.advance(4_000);
  await bench.do(web('patch', { patch: { metadata: { labels: { changed: 'yes' } } } }));
  await bench.advance(1_000);
  expect(bench.sink.sent).toHaveLength(1);
});

test('one of weeks from now is waited for', async () => {
  const toleration = { key: 'node.kubernetes.io/unreachable', operator: 'Exists', effect: 'NoExecute' };
  const bench = await doomed({ tolerations: [{ ...toleration, tolerationSeconds: (60 * DAY_MS) / 1000 }] });
  await bench.advance(DEADLINE_CHECK_MAX_MS * 3);
  expect(bench.sink.sent).toEqual([]);
  bench.clock.pass(60 * DAY_MS);
  await bench.advance(0);
  expect(bench.sink.sent).toHaveLength(1);
});

describe('one that is not accepted', () => {
  test('is sent again under the same id after a wait that grows, where nobody decided it', async () => {
    const bench = await doomed();
    bench.sink.answer = queueFull;
    await bench.advance(5_000);
    await bench.advance(999);
    expect(bench.sink.sent).toHaveLength(1);
    await bench.advance(1);
    expect(bench.sink.sent).toHaveLength(2);
    await bench.advance(1_999);
    expect(bench.sink.sent).toHaveLength(2);
    bench.sink.answer = undefined;
    await bench.advance(1);
    expect(bench.sink.sent).toHaveLength(3);
    expect(new Set(bench.sink.sent.map(({ id, attempt }) => `${id} ${attempt}`)).size).toBe(1);
    expect(bench.pod.context.metadata.deletionTimestamp).toBeDefined();
  });

  test('is decided anew after a refusal', async () => {
    const bench = await doomed();
    // The node is heard, but its pods have not been told yet.
    await bench.do(heard);
    await bench.advance(5_000);
    expect(bench.cell.state.outcomeOf(bench.sink.sent[0]?.id ?? '')).toMatchObject({ outcome: 'refused' });
    await bench.do(silent);
    await bench.advance(1_000);
    expect(bench.sink.sent.map(({ attempt }) => attempt)).toEqual([1, 2]);
    expect(bench.pod.context.metadata.deletionTimestamp).toBeDefined();
  });
});

test('one that was called off while its command was on its way does not come back', async () => {
  const bench = await doomed();
  bench.sink.hold();
  await bench.advance(5_000);
  await bench.do(heard, returned);
  bench.sink.release();
  await bench.advance(DAY_MS);
  expect(bench.sink.sent).toHaveLength(1);
  expect(bench.pod.context.metadata.deletionTimestamp).toBeUndefined();
});

describe('a new term', () => {
  test('takes up what is waited for', async () => {
    const bench = await doomed();
    await bench.advance(4_000);
    bench.beginTerm();
    await bench.advance(999);
    expect(bench.sink.sent).toEqual([]);
    await bench.advance(1);
    expect(bench.sink.sent).toHaveLength(1);
  });

  test('fires at once what fell due while there was no writer', async () => {
    const bench = await doomed();
    bench.deadlines.stop();
    await bench.advance(60_000);
    expect(bench.sink.sent).toEqual([]);
    bench.beginTerm();
    await bench.advance(0);
    expect(bench.sink.sent).toHaveLength(1);
  });
});
