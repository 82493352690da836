// Lineages on a real nats-server: a new one takes over the good entries byte for byte, and becomes current only as a whole.
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { NatsConnection } from 'nats';
import { systemClock } from '../../src/foundation/clock.ts';
import { systemIdentifiers } from '../../src/foundation/identifiers.ts';
import { silentLogger } from '../../src/foundation/logger.ts';
import { beginLineage } from '../../src/log/begin-lineage.ts';
import { hashOf } from '../../src/log/entry.ts';
import type { EventLog, StoredEntry } from '../../src/log/event-log.ts';
import { JetStreamApi } from '../../src/log/jetstream-api.ts';
import { currentLineage, currentOf, openLog, type JetStreamLog } from '../../src/log/jetstream-log.ts';
import { LineageError } from '../../src/log/lineage-error.ts';
import { lineageOf } from '../../src/log/lineage-stream.ts';
import { appendChain, ChainMaker, readCount, summary } from '../support/log-entries.ts';
import { TestNatsServer } from '../support/nats-server.ts';

const cell = 'test.cell';
const firstOwn = new TextEncoder().encode('first own entry');
const hashAfter = (entries: readonly StoredEntry[], number: number) =>
  hashOf(entries[number - 1]?.payload ?? new Uint8Array());

let nats: TestNatsServer;
let connection: NatsConnection;
let log: JetStreamLog;
let entries: StoredEntry[];

const ports = () => ({ connection, clock: systemClock, logger: silentLogger, identifiers: systemIdentifiers });
const begin = (lastGoodEntry: number, from: EventLog = log, firstEntry = () => firstOwn) =>
  beginLineage({ ...ports(), from, lastGoodEntry, lastGoodHash: hashAfter(entries, lastGoodEntry), firstEntry });

beforeEach(async () => {
  nats = await TestNatsServer.start();
  connection = await nats.connect();
  log = await openLog({ ...ports(), cell });
  entries = await appendChain(log, new ChainMaker(), 400);
});
afterEach(() => nats.dispose());

/** A source that breaks off after so many entries, as if the process were killed there. */
function breakingAfter(count: number): EventLog {
  return {
    cell: log.cell,
    lineage: log.lineage,
    append: (number, payload) => log.append(number, payload),
    get: (number) => log.get(number),
    lastNumber: () => log.lastNumber(),
    async *read(fromNumber) {
      yield (await readCount(log, fromNumber, count)).slice(0, count);
      throw new Error('killed');
    },
  };
}

describe('a new lineage', () => {
  test('holds the good entries under their numbers, then its own', async () => {
    const next = await begin(300);
    expect(summary(await readCount(next, 1, 301))).toEqual(
      summary([...entries.slice(0, 300), { number: 301, payload: firstOwn }]),
    );
    expect((await openLog({ ...ports(), cell })).lineage).toBe(next.lineage);
    expect(await currentLineage(connection, cell)).toBe(next.lineage);
  });

  test('can take over nothing at all', async () => {
    const next = await begin(0);
    expect(summary(await readCount(next, 1, 1))).toEqual(summary([{ number: 1, payload: firstOwn }]));
  });

  test('leaves the old one readable and closed to every writer', async () => {
    await begin(300);
    expect(await log.append(401, firstOwn)).toMatchObject({ outcome: 'unknown' });
    expect(await readCount(log, 1, 400)).toHaveLength(400);
  });

  test('is current only as a whole, and an interrupted beginning is finished by the next call', async () => {
    await expect(begin(300, breakingAfter(100))).rejects.toThrow('killed');
    expect(await currentLineage(connection, cell)).toBe('1');
    await expect(begin(300, breakingAfter(100))).rejects.toThrow('killed');
    const streams = await new JetStreamApi(connection).listStreams('>');
    expect(streams).toHaveLength(2);
    const next = await begin(300);
    expect(`${streams.map(({ config }) => config.name)}`).toContain(next.lineage);
    expect(summary(await readCount(next, 1, 301)).slice(0, 300)).toEqual(summary(entries.slice(0, 300)));
  });

  test('keeps the first own entry of an interrupted beginning', async () => {
    const api = new JetStreamApi(connection);
    const next = await begin(300);
    const info = await api.streamInfo(`test%2Ecell-log-${next.lineage}`);
    const metadata = { ...info.config.metadata, 'periplus-complete': 'false' };
    await api.updateStream({ ...info.config, metadata });
    expect(await currentLineage(connection, cell)).toBe('1');
    const again = await begin(300, log, () => new TextEncoder().encode('another'));
    expect(again.lineage).toBe(next.lineage);
    expect(summary([await again.get(301)])).toEqual(summary([{ number: 301, payload: firstOwn }]));
  });

  test('throws away an interrupted beginning that took over something else', async () => {
    await expect(begin(300, breakingAfter(100))).rejects.toThrow('killed');
    const next = await begin(200);
    expect(await next.lastNumber()).toBe(201);
    expect(await new JetStreamApi(connection).listStreams('>')).toHaveLength(2);
  });

  test('is refused when the last good entry is not the one with that hash', async () => {
    const wrong = beginLineage({
      ...ports(),
      from: log,
      lastGoodEntry: 10,
      lastGoodHash: hashAfter(entries, 11),
      firstEntry: () => firstOwn,
    });
    await expect(wrong).rejects.toBeInstanceOf(LineageError);
    expect(await currentLineage(connection, cell)).toBe('1');
  });

  test('takes over large entries without holding many of them', async () => {
    const large = await openLog({ ...ports(), cell: 'large' });
    const all = await appendChain(large, new ChainMaker(), 24, 1024 * 1024);
    const lastGoodHash = hashAfter(all, 24);
    const next = await beginLineage({
      ...ports(),
      from: large,
      lastGoodEntry: 24,
      lastGoodHash,
      firstEntry: () => firstOwn,
    });
    expect(summary(await readCount(next, 1, 24)).slice(0, 24)).toEqual(summary(all));
  });

  test('can itself be continued', async () => {
    const second = await begin(300);
    const third = await beginLineage({
      ...ports(),
      from: second,
      lastGoodEntry: 301,
      lastGoodHash: hashOf(firstOwn),
      firstEntry: () => firstOwn,
    });
    expect(await currentLineage(connection, cell)).toBe(third.lineage);
    expect(third.lineage).toMatch(/^3-/);
  });
});

test('two processes that open a fresh cell open the same log', async () => {
  const fresh = { ...ports(), cell: 'fresh' };
  const [one, other] = await Promise.all([openLog(fresh), openLog(fresh)]);
  expect(one.lineage).toBe(other.lineage);
});

test('two lineages that continue the same one are refused', async () => {
  await begin(300);
  const api = new JetStreamApi(connection);
  const lineages = (await api.listStreams('>')).map((info) => lineageOf(cell, info)).filter((one) => one !== undefined);
  const twin = lineages.map((one) => ({ ...one, lineage: `${one.lineage}-twin` }));
  expect(() => currentOf([...lineages, ...twin])).toThrow(LineageError);
});

test('a log is a stream from which nothing can be deleted and nothing expires', async () => {
  const { config } = await new JetStreamApi(connection).streamInfo('test%2Ecell-log-1');
  expect(config).toMatchObject({
    subjects: ['test%2Ecell.log.1'],
    storage: 'file',
    retention: 'limits',
    discard: 'new',
    max_age: 0,
    deny_delete: true,
    deny_purge: true,
    allow_direct: false,
  });
});
