// A store that was damaged or put back on a real nats-server: whoever checks the chain finds the first wrong entry, with and without JetStream's index.
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { systemClock } from '../../src/foundation/clock.ts';
import { systemIdentifiers } from '../../src/foundation/identifiers.ts';
import { silentLogger } from '../../src/foundation/logger.ts';
import { beginLineage } from '../../src/log/begin-lineage.ts';
import { LogDamageError } from '../../src/log/entry.ts';
import type { EventLog, StoredEntry } from '../../src/log/event-log.ts';
import { openLog } from '../../src/log/jetstream-log.ts';
import { cutLastBlock, flipByteOfEntry, keepCopy, removeIndex } from '../support/damage.ts';
import { appendChain, ChainCheck, ChainMaker, readCount } from '../support/log-entries.ts';
import { TestNatsServer } from '../support/nats-server.ts';

const COUNT = 200;
const MIDDLE = 100;
/** What the server counts is delivered at once; what it cannot read never comes. */
const QUIET_MS = 1_500;

let nats: TestNatsServer;
let entries: StoredEntry[];
let chain: ChainMaker;

beforeEach(async () => {
  nats = await TestNatsServer.start();
  chain = new ChainMaker();
  entries = await appendChain(await open(), chain, COUNT, 1000);
});
afterEach(() => nats.dispose());

const ports = async () => ({ connection: await nats.connect(), clock: systemClock, logger: silentLogger });
const open = async () => openLog({ ...(await ports()), cell: 'test' });

async function damaged(damage: (messages: string) => Promise<void>, index: 'with' | 'without'): Promise<EventLog> {
  await nats.stop();
  const messages = nats.messagesDirectory('test-log-1');
  await damage(messages);
  if (index === 'without') await removeIndex(messages);
  await nats.restart();
  return open();
}

/** Reads all there is. The last good entry, and what is wrong with the one after it, if anything. */
async function checkAll(log: EventLog): Promise<{ readonly lastGood: number; readonly error?: unknown }> {
  const check = new ChainCheck();
  const stop = new AbortController();
  let timer = systemClock.after(QUIET_MS, () => stop.abort());
  try {
    for await (const batch of log.read(1, stop.signal)) {
      timer.cancel();
      for (const entry of batch) check.check(entry);
      if (check.number === (await log.lastNumber())) break;
      timer = systemClock.after(QUIET_MS, () => stop.abort());
    }
    return { lastGood: check.number };
  } catch (error) {
    return { lastGood: check.number, error };
  } finally {
    timer.cancel();
    stop.abort();
  }
}

/** What a writer that had folded everything does first: a barrier at the number after its last. */
async function barrier(log: EventLog) {
  const { number, payload } = new ChainMaker({ number: COUNT }).next();
  return log.append(number, payload);
}

describe.each(['with', 'without'] as const)('%s the index file', (index) => {
  test('a byte flipped in the middle is found at its entry', async () => {
    const log = await damaged((messages) => flipByteOfEntry(messages, MIDDLE), index);
    const { lastGood, error } = await checkAll(log);
    // Without its index the server also drops everything after it.
    if (error === undefined) expect(await log.lastNumber()).toBeLessThan(COUNT);
    else expect(error).toMatchObject({ name: LogDamageError.name, entry: MIDDLE });
    expect(lastGood).toBe(MIDDLE - 1);
    expect(await log.get(MIDDLE)).toBeUndefined();
  });

  test('a byte flipped in the last entry: the server counts it and it cannot be read, or the log is shorter', async () => {
    const log = await damaged((messages) => flipByteOfEntry(messages, COUNT), index);
    expect((await checkAll(log)).lastGood).toBe(COUNT - 1);
    expect(await log.get(COUNT)).toBeUndefined();
    const outcome = await barrier(log);
    if (outcome.outcome === 'refused') expect(outcome.lastNumber).toBe(COUNT - 1);
    else expect(await checkAll(log)).toMatchObject({ error: { entry: COUNT } });
  });

  test('a last block cut in half is found at the first entry that is gone', async () => {
    const log = await damaged(cutLastBlock, index);
    const { lastGood } = await checkAll(log);
    expect(lastGood).toBeGreaterThan(0);
    expect(lastGood).toBeLessThan(COUNT);
    expect(await log.get(lastGood + 1)).toBeUndefined();
    const outcome = await barrier(log);
    if (outcome.outcome === 'refused') expect(outcome.lastNumber).toBe(lastGood);
    // Accepted beyond the hole: whoever reads it sees the hole first.
    else expect(await checkAll(log)).toMatchObject({ lastGood, error: { entry: lastGood + 1 } });
  });

  test('an older copy of the store refuses the writer that knows more, and names its own end', async () => {
    await nats.stop();
    const putBack = await keepCopy(`${nats.dataDirectory}/nats/store`);
    await nats.restart();
    await appendChain(await open(), chain, 50);
    await nats.stop();
    await putBack();
    if (index === 'without') await removeIndex(nats.messagesDirectory('test-log-1'));
    await nats.restart();
    const log = await open();
    const { number, payload } = chain.next();
    expect(await log.append(number, payload)).toEqual({ outcome: 'refused', lastNumber: COUNT });
    expect(await checkAll(log)).toEqual({ lastGood: COUNT });
  });

  test('what is good can be taken over into a new lineage', async () => {
    const log = await damaged((messages) => flipByteOfEntry(messages, MIDDLE), index);
    const good = new ChainCheck();
    for (const entry of entries.slice(0, MIDDLE - 1)) good.check(entry);
    const own = new ChainMaker({ lineage: '2', number: good.number, previous: good.hash });
    const next = await beginLineage({
      ...(await ports()),
      identifiers: systemIdentifiers,
      from: log,
      lastGoodEntry: good.number,
      lastGoodHash: good.hash,
      firstEntry: () => own.next().payload,
    });
    expect(await checkAll(next)).toEqual({ lastGood: MIDDLE });
  });
});

test('a reader that was there when an older copy was put back is given what the log has now', async () => {
  const log = await open();
  await nats.stop();
  const putBack = await keepCopy(`${nats.dataDirectory}/nats/store`);
  await nats.restart();
  const known = await appendChain(await open(), chain, 50);
  const stop = new AbortController();
  const seen: StoredEntry[] = [];
  const ended = (async () => {
    for await (const batch of log.read(COUNT + 1, stop.signal)) seen.push(...batch);
  })();
  await vi.waitFor(() => expect(seen).toHaveLength(known.length), { timeout: 20_000 });
  await nats.kill();
  await putBack();
  await nats.restart();
  const other = new ChainMaker({ number: COUNT, previous: 'of another history' });
  const rewritten = await appendChain(await open(), other, 60);
  // The reader is back at the same number as before, where another entry stands now.
  await vi.waitFor(() => expect(seen.length).toBeGreaterThan(known.length), { timeout: 20_000 });
  const first = seen[known.length];
  expect(first?.number).toBeLessThanOrEqual(COUNT + known.length);
  expect(Buffer.from(first?.payload ?? [])).toEqual(
    Buffer.from(rewritten.find(({ number }) => number === first?.number)?.payload ?? []),
  );
  stop.abort();
  await ended;
  expect(await readCount(log, 1, COUNT + 60)).toHaveLength(COUNT + 60);
});
