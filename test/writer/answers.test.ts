/** Who is told what, and when: subscribers in log order, callers after them, and everybody when a term ends. */
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Command, Outcome } from '../../machines/index.ts';
import { Batch } from '../../src/writer/batch.ts';
import { WRITER_LIMITS } from '../../src/writer/limits.ts';
import { createMap, Harness } from './harness.ts';

let harness: Harness;
beforeEach(async () => {
  harness = new Harness();
  await harness.begin();
});
afterEach(() => harness.end());

describe('subscribers', () => {
  it('are told of every entry, own and foreign, barriers and refusals too, once and in log order', async () => {
    const rival = new Harness({ log: harness.log, name: 'rival' });
    const told: string[] = [];
    const begin = harness.fold.state.position.entry;
    harness.fold.subscribe(({ entry }) => told.push(`${entry.number} ${entry.writer}`));
    await harness.send(createMap('a'));
    await harness.send(createMap('a', { id: 'refused' }));
    harness.log.script('lost-unknown');
    await harness.send(createMap('b'));
    await harness.end();
    await rival.hold();
    await rival.send(createMap('theirs'));
    const again = harness.again();
    await again.hold();
    await again.send(createMap('c'));
    const written = harness
      .entries()
      .slice(begin)
      .map(({ number, writer }) => `${number} ${writer}`);
    expect(told).toEqual(written);
    expect(new Set(harness.entries().map(({ writer }) => writer))).toEqual(new Set(['first', 'rival']));
    await again.end();
    await rival.end();
  });

  it('have seen an entry before any caller has its answer', async () => {
    const happened: string[] = [];
    harness.fold.subscribe(({ entry }) => happened.push(`told of ${entry.commits.map(({ name }) => name).join()}`));
    const answered = ['a', 'b'].map(async (name) => {
      await harness.send(createMap(name));
      happened.push(`answered ${name}`);
    });
    await Promise.all(answered);
    expect(happened).toEqual(['told of a,b', 'answered a', 'answered b']);
  });

  it('find the state as the entry left it, and may send commands at once', async () => {
    let sent: Promise<Outcome> | undefined;
    const stop = harness.fold.subscribe(() => {
      if (harness.fold.state.get('ConfigMap', 'default', 'a')) sent ??= harness.send(createMap('consequence'));
    });
    await harness.send(createMap('a'));
    expect(await sent).toMatchObject({ outcome: 'accepted' });
    stop();
  });
});

describe('an answer', () => {
  it('carries the revision it was decided at', async () => {
    const outcomes = await harness.writer.submit([
      createMap('a'),
      createMap('a', { id: 'exists' }),
      createMap('b'),
      createMap('b', { id: 'same', verb: 'patch', arguments: { patch: { data: { key: 'value' } } } }),
    ]);
    const first = harness.entries().at(-1)?.firstRevision ?? 0;
    expect(outcomes).toMatchObject([
      { outcome: 'accepted', revision: first },
      { outcome: 'refused', revision: first },
      { outcome: 'accepted', revision: first + 1 },
      { outcome: 'unchanged', revision: first + 1 },
    ]);
  });

  it('to a repeat within the horizon is as good as the first one after everything was replayed', async () => {
    const commands = [createMap('a'), createMap('a', { id: 'exists' })];
    const first = await harness.writer.submit(commands);
    const next = new Harness({ log: harness.log, name: 'next' });
    await next.hold();
    expect(await next.writer.submit(commands)).toEqual(first);
    await next.end();
  });

  it('is not given while the entry is in flight', async () => {
    const answered: string[] = [];
    let inFlight: readonly string[] | undefined;
    harness.log.beforeAppend = async () => {
      harness.log.beforeAppend = undefined;
      await new Promise((resolve) => setImmediate(resolve));
      inFlight = [...answered];
    };
    const sent = [createMap('a'), createMap('missing', { id: 'x', verb: 'delete', arguments: {} })].map((command) =>
      harness.send(command).then(({ outcome }) => answered.push(outcome)),
    );
    await Promise.all(sent);
    expect(inFlight).toEqual([]);
    expect(answered).toEqual(['accepted', 'refused']);
  });
});

describe('the end of a term', () => {
  it('answers "not the writer" to what waits, and says so of what was in flight without an outcome', async () => {
    harness.log.script('lost-unknown', 'lost-unknown', 'lost-unknown');
    let waiting: Promise<Outcome> | undefined;
    harness.log.beforeAppend = () => {
      if (harness.log.attempts.length === 3) {
        waiting = harness.send(createMap('waiting'));
        harness.abort();
      }
    };
    expect(await harness.send(createMap('in-flight'))).toMatchObject({ outcome: 'not-decided', why: 'NotTheWriter' });
    expect(await waiting).toMatchObject({ outcome: 'not-decided', why: 'NotTheWriter' });
    await harness.held;
  });

  it('leaves an entry that was stored after all to be folded by whoever writes next, and the repeat gets its answer', async () => {
    harness.log.beforeAppend = () => {
      harness.log.beforeAppend = undefined;
      harness.log.script('stored-unknown');
      harness.abort();
    };
    const command = createMap('a');
    expect(await harness.send(command)).toMatchObject({ outcome: 'not-decided', why: 'NotTheWriter' });
    await harness.held;
    const again = harness.again();
    await again.hold();
    expect(await again.send(command)).toMatchObject({ outcome: 'accepted' });
    const commits = harness.entries().flatMap(({ commits: all }) => all);
    expect(commits.filter(({ commandId }) => commandId === command.id)).toHaveLength(1);
    await again.end();
  });

  it('answers everybody also when a subscriber raises, which is our own bug', async () => {
    const stop = harness.fold.subscribe(() => {
      throw new TypeError('a bug');
    });
    const answers = harness.writer.submit([createMap('a'), createMap('b')]);
    await expect(harness.held).rejects.toThrow('a bug');
    expect(await answers).toMatchObject([{ why: 'NotTheWriter' }, { why: 'NotTheWriter' }]);
    stop();
    harness.held = Promise.resolve();
  });
});

describe('one entry in flight', () => {
  it('gathers what queues meanwhile into the next one', async () => {
    let queued: Promise<readonly Outcome[]> | undefined;
    harness.log.beforeAppend = () => {
      harness.log.beforeAppend = undefined;
      queued = harness.writer.submit([createMap('b'), createMap('c'), createMap('d')]);
    };
    const before = harness.log.payloads.length;
    await harness.send(createMap('a'));
    await queued;
    expect(
      harness
        .entries()
        .slice(before)
        .map(({ commits }) => commits.map(({ name }) => name)),
    ).toEqual([['a'], ['b', 'c', 'd']]);
    const numbers = harness.log.attempts.map(({ number }) => number);
    expect(numbers).toEqual([...new Set(numbers)]);
  });

  it('and the same id in it and in the queue is decided once', async () => {
    let repeat: Promise<Outcome> | undefined;
    harness.log.beforeAppend = () => {
      harness.log.beforeAppend = undefined;
      repeat = harness.send(createMap('a'));
    };
    const first = await harness.send(createMap('a'));
    expect(await repeat).toEqual(first);
    const commits = harness.entries().flatMap(({ commits: all }) => all);
    expect(commits.filter(({ name }) => name === 'a')).toHaveLength(1);
  });
});

function of(name: string, id: string, verb: string, args: object): Command {
  return createMap(name, { id, verb, arguments: args });
}

describe('decided in one batch', () => {
  it('are a deletion and a new object of the same name, with another uid', async () => {
    await harness.send(createMap('a'));
    const uid = harness.fold.state.get('ConfigMap', 'default', 'a')?.uid;
    const outcomes = await harness.writer.submit([
      of('a', 'delete', 'delete', {}),
      of('a', 'gone', 'delete', {}),
      createMap('a', { id: 'anew' }),
      createMap('a', { id: 'again' }),
    ]);
    expect(outcomes.map(({ outcome }) => outcome)).toEqual(['accepted', 'refused', 'accepted', 'refused']);
    expect(harness.fold.state.get('ConfigMap', 'default', 'a')?.uid).not.toBe(uid);
    expect(harness.refold().state.stateHash()).toBe(harness.fold.state.stateHash());
  });

  it('are several changes of one object, each on top of the one before', async () => {
    await harness.writer.submit([
      createMap('a'),
      of('a', 'one', 'patch', { patch: { data: { one: '1' } } }),
      of('a', 'two', 'patch', { patch: { data: { two: '2', key: null } } }),
    ]);
    const record = harness.fold.state.get('ConfigMap', 'default', 'a');
    expect(record?.context).toMatchObject({ data: { one: '1', two: '2' } });
    expect(record?.revision).toBe(harness.fold.state.revision);
    expect(harness.refold().state.stateHash()).toBe(harness.fold.state.stateHash());
  });

  it('is nothing that leaves a trace in the state before the entry is in the log', () => {
    const hash = harness.fold.state.stateHash();
    const batch = new Batch({
      state: harness.fold.state,
      identifiers: { uuid: () => 'uid', suffix: () => 'abcde', random: () => 0 },
      limits: WRITER_LIMITS,
      now: 0,
      writer: 'test',
      lineage: 'one',
    });
    batch.decide(createMap('a'));
    batch.prepare();
    expect(harness.fold.state.stateHash()).toBe(hash);
    expect(harness.fold.state.get('ConfigMap', 'default', 'a')).toBeUndefined();
  });
});
