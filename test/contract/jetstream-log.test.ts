// The log on a real nats-server keeps the port's rules.
import { expect, test, vi } from 'vitest';
import { systemClock } from '../../src/foundation/clock.ts';
import { silentLogger } from '../../src/foundation/logger.ts';
import type { StoredEntry } from '../../src/log/event-log.ts';
import { JetStreamApi } from '../../src/log/jetstream-api.ts';
import { openLog } from '../../src/log/jetstream-log.ts';
import { appendChain, ChainMaker, summary } from '../support/log-entries.ts';
import { TestNatsServer } from '../support/nats-server.ts';
import { eventLogContract } from './event-log.ts';

const APPEND_TIMEOUT_MS = 500;

eventLogContract('JetStream log', async () => {
  const nats = await TestNatsServer.start();
  return {
    open: async () =>
      openLog({
        connection: await nats.connect(),
        cell: 'test',
        clock: systemClock,
        logger: silentLogger,
        appendTimeoutMs: APPEND_TIMEOUT_MS,
      }),
    crashAndRestart: async () => {
      await nats.kill();
      await nats.restart();
    },
    freeze: () => nats.freeze(),
    thaw: () => nats.thaw(),
    dispose: () => nats.dispose(),
  };
});

test('a reader whose consumer is gone notices the missing heartbeats and reads on with a new one', async () => {
  const nats = await TestNatsServer.start();
  const connection = await nats.connect();
  const log = await openLog({ connection, cell: 'test', clock: systemClock, logger: silentLogger });
  const chain = new ChainMaker();
  const entries = await appendChain(log, chain, 3);
  const stop = new AbortController();
  const seen: StoredEntry[] = [];
  const ended = (async () => {
    for await (const batch of log.read(1, stop.signal)) seen.push(...batch);
  })();
  await vi.waitFor(() => expect(seen).toHaveLength(3));
  const api = new JetStreamApi(connection);
  const { consumers } = await api.request<{ consumers: string[] }>('CONSUMER.NAMES.test-log-1', {});
  await Promise.all(consumers.map((consumer) => api.deleteConsumer('test-log-1', consumer)));
  entries.push(...(await appendChain(log, chain, 3)));
  await vi.waitFor(() => expect(summary(seen)).toEqual(summary(entries)), { timeout: 20_000 });
  stop.abort();
  await ended;
  await nats.dispose();
});

test('an append to a stream that is not there is unknown at once, and a read of it says so at the connection’s end', async () => {
  const nats = await TestNatsServer.start();
  const connection = await nats.connect();
  const log = await openLog({ connection, cell: 'test', clock: systemClock, logger: silentLogger });
  await new JetStreamApi(connection).deleteStream('test-log-1');
  expect(await log.append(1, new Uint8Array([1]))).toMatchObject({ outcome: 'unknown' });
  const reading = log.read(1, new AbortController().signal)[Symbol.asyncIterator]().next();
  await connection.close();
  await expect(reading).rejects.toMatchObject({ name: 'LogUnavailableError' });
  await nats.dispose();
});
