/** What the writer does when the log says yes, no, or nothing. */
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { LogDamageError } from '../../src/log/entry.ts';
import { ChainMaker } from '../support/log-entries.ts';
import { createMap, Harness } from './harness.ts';

let harness: Harness;
beforeEach(async () => {
  harness = new Harness();
  await harness.begin();
});
afterEach(() => harness.end());

/** How often a command is in the log. */
function timesCommitted(id: string): number {
  return harness
    .entries()
    .flatMap(({ commits }) => commits)
    .filter(({ commandId }) => commandId === id).length;
}

describe('an append whose outcome is unknown', () => {
  it('and that was stored is answered once, as accepted', async () => {
    harness.log.script('stored-unknown');
    expect(await harness.send(createMap('a'))).toMatchObject({ outcome: 'accepted' });
    expect(timesCommitted('create/a')).toBe(1);
  });

  it('and that never arrived is decided again after a barrier', async () => {
    harness.log.script('lost-unknown');
    const entries = harness.log.payloads.length;
    expect(await harness.send(createMap('a'))).toMatchObject({ outcome: 'accepted' });
    expect(timesCommitted('create/a')).toBe(1);
    expect(
      harness
        .entries()
        .slice(entries)
        .map(({ commits }) => commits.length),
    ).toEqual([0, 1]);
  });

  it('and that lands after its barrier is refused by the log: one outcome, never two', async () => {
    harness.log.script('late', 'lost-unknown');
    const answer = await harness.send(createMap('a'));
    harness.log.releaseLate();
    expect(answer).toMatchObject({ outcome: 'accepted' });
    expect(timesCommitted('create/a')).toBe(1);
  });

  it('and that lands before its barrier counts', async () => {
    harness.log.script('late');
    harness.log.beforeAppend = () => {
      if (harness.log.attempts.length > 0 && harness.log.attempts.at(-1)?.number === harness.log.payloads.length + 1)
        harness.log.releaseLate();
    };
    expect(await harness.send(createMap('a'))).toMatchObject({ outcome: 'accepted' });
    expect(timesCommitted('create/a')).toBe(1);
  });

  it('and whose barriers are unknown too ends once one of them is found', async () => {
    harness.log.script('lost-unknown', 'lost-unknown', 'stored-unknown');
    expect(await harness.send(createMap('a'))).toMatchObject({ outcome: 'accepted' });
    expect(timesCommitted('create/a')).toBe(1);
    expect(harness.refold().state.stateHash()).toBe(harness.fold.state.stateHash());
  });
});

describe('the barrier', () => {
  it('is one and the same entry however often it is tried, without commits, at the number in doubt', async () => {
    harness.log.script(...Array.from({ length: 20 }, () => 'lost-unknown' as const));
    const entries = harness.log.payloads.length;
    const attempts = harness.log.attempts.length;
    await harness.send(createMap('a'));
    const [first, ...barriers] = harness.log.attempts.slice(attempts, attempts + 21);
    expect(new Set([first, ...barriers].map((attempt) => attempt?.number))).toEqual(new Set([entries + 1]));
    expect(new Set(barriers.map(({ payload }) => payload)).size).toBe(1);
    expect(harness.entries()[entries]).toMatchObject({ number: entries + 1, commits: [], refused: [], unchanged: [] });
    expect(timesCommitted('create/a')).toBe(1);
  });

  it('that was stored while nobody said so is recognised', async () => {
    harness.log.script('lost-unknown', 'stored-unknown', 'lost-unknown');
    expect(await harness.send(createMap('a'))).toMatchObject({ outcome: 'accepted' });
    expect(timesCommitted('create/a')).toBe(1);
    expect(harness.refold().state.stateHash()).toBe(harness.fold.state.stateHash());
  });

  it('finds another writer’s entry in its place: the term ends as if refused', async () => {
    const rival = new Harness({ log: harness.log, name: 'rival' });
    harness.log.script('lost-unknown');
    harness.log.beforeAppend = async () => {
      if (harness.log.attempts.length < 3) return;
      harness.log.beforeAppend = undefined;
      await rival.hold();
    };
    expect(await harness.send(createMap('a'))).toMatchObject({ outcome: 'not-decided', why: 'NotTheWriter' });
    await harness.held;
    expect(timesCommitted('create/a')).toBe(0);
    await rival.end();
  });
});

describe('the expected number', () => {
  it('is that of the last entry folded, whatever the server says', async () => {
    harness.log.lastNumber = () => Promise.resolve(1_000);
    const { entry } = harness.fold.state.position;
    await harness.send(createMap('a'));
    expect(harness.log.attempts.at(-1)?.number).toBe(entry + 1);
  });
});

describe('another writer', () => {
  it('that was quicker ends the term: its entry is folded, the queue is answered "not the writer"', async () => {
    const rival = new Harness({ log: harness.log, name: 'rival' });
    harness.log.beforeAppend = async () => {
      harness.log.beforeAppend = undefined;
      await rival.hold();
      await rival.send(createMap('theirs'));
    };
    expect(await harness.send(createMap('mine'))).toMatchObject({ outcome: 'not-decided', why: 'NotTheWriter' });
    await harness.held;
    expect(harness.writer.isWriting).toBe(false);
    expect(timesCommitted('create/mine')).toBe(0);
    await rival.end();
  });

  it('is folded before a new writer takes commands', async () => {
    await harness.send(createMap('theirs'));
    const next = new Harness({ log: harness.log, name: 'next' });
    await next.hold();
    expect(next.fold.state.get('ConfigMap', 'default', 'theirs')).toBeDefined();
    expect(await next.send(createMap('theirs', { id: 'again' }))).toMatchObject({ outcome: 'refused' });
    await next.end();
  });
});

describe('a log that became shorter', () => {
  it('stops the writer, naming the first entry that is missing, and nothing more is written', async () => {
    await harness.send(createMap('a'));
    const lost = harness.log.payloads.length;
    harness.log.payloads.splice(lost - 2);
    expect(await harness.send(createMap('b'))).toMatchObject({ outcome: 'not-decided', why: 'NotTheWriter' });
    const error: unknown = await harness.held.catch((cause: unknown) => cause);
    expect(error).toBeInstanceOf(LogDamageError);
    expect((error as LogDamageError).entry).toBe(lost - 1);
    expect(harness.log.payloads.length).toBe(lost - 2);
    harness.held = Promise.resolve();
  });

  it('is noticed without a command when the log has to confirm its end', async () => {
    await harness.send(createMap('a'));
    harness.log.payloads.pop();
    harness.writer.confirm();
    await expect(harness.held).rejects.toBeInstanceOf(LogDamageError);
    harness.held = Promise.resolve();
  });
});

describe('a log that was put back and written again', () => {
  it('stops the writer after a reconnect, though it ends at the same number', async () => {
    await harness.send(createMap('a'));
    const entries = harness.log.payloads.length;
    const another = new ChainMaker({ lineage: 'one', number: entries - 1, previous: 'x' }).next();
    harness.log.payloads[entries - 1] = another.payload;
    harness.writer.confirm();
    const error: unknown = await harness.held.catch((cause: unknown) => cause);
    expect(error).toMatchObject({ name: 'LogDamageError', entry: entries });
    expect(harness.log.payloads.length).toBe(entries);
    harness.held = Promise.resolve();
  });

  it('stops it also where it took an entry that was still on its way', async () => {
    await harness.send(createMap('a'));
    await harness.send(createMap('b'));
    const entries = harness.log.payloads.length;
    const another = new ChainMaker({ lineage: 'one', number: entries - 2, previous: 'x' }).next();
    harness.log.payloads[entries - 2] = another.payload;
    harness.writer.confirm();
    const error: unknown = await harness.held.catch((cause: unknown) => cause);
    expect(error).toMatchObject({ name: 'LogDamageError', entry: entries - 1 });
    harness.held = Promise.resolve();
  });
});

describe('a log that confirms its end', () => {
  it('is content with the entry of a command that comes along', async () => {
    const entries = harness.log.payloads.length;
    harness.writer.confirm();
    expect(await harness.send(createMap('a'))).toMatchObject({ outcome: 'accepted' });
    expect(harness.log.payloads.length).toBe(entries + 1);
  });
});

describe('an answer', () => {
  it('that rests on the state comes only after an entry, also where nothing was committed', async () => {
    const entries = harness.log.payloads.length;
    await harness.send(createMap('missing', { id: 'refused', verb: 'patch', arguments: { patch: {} } }));
    expect(harness.log.payloads.length).toBe(entries + 1);
    await harness.send(createMap('missing', { id: 'refused', verb: 'patch', arguments: { patch: {} } }));
    expect(harness.log.payloads.length).toBe(entries + 2);
  });
});
