// What counts as an outcome of an append: the exact acknowledgement and "wrong last sequence"; everything else is unknown.
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { Msg, NatsConnection } from 'nats';
import { systemClock } from '../../src/foundation/clock.ts';
import { silentLogger } from '../../src/foundation/logger.ts';
import { JetStreamApi } from '../../src/log/jetstream-api.ts';
import { openLog, type JetStreamLog } from '../../src/log/jetstream-log.ts';
import { TestNatsServer } from '../support/nats-server.ts';

const payload = new TextEncoder().encode('entry');
const NUMBER = 7;

let nats: TestNatsServer;
let connection: NatsConnection;
let log: JetStreamLog;

/** The stream is gone; whoever listens on its subject answers in its place. */
beforeEach(async () => {
  nats = await TestNatsServer.start();
  connection = await nats.connect();
  log = await openLog({ connection, cell: 'test', clock: systemClock, logger: silentLogger, appendTimeoutMs: 300 });
  await new JetStreamApi(connection).deleteStream('test-log-1');
});
afterEach(() => nats.dispose());

async function append(answer: (message: Msg) => void) {
  const server = await nats.connect();
  const asked: Msg[] = [];
  server.subscribe('test.log.1', {
    callback: (_, message) => {
      asked.push(message);
      answer(message);
    },
  });
  await server.flush();
  return { outcome: await log.append(NUMBER, payload), asked };
}

const saying = (answer: object | string) => (message: Msg) =>
  void message.respond(typeof answer === 'string' ? answer : JSON.stringify(answer));
const refusal = (error: object) => ({ error: { code: 400, ...error } });

describe('an append', () => {
  test('is one message that names the stream and the last sequence it expects', async () => {
    const { asked } = await append(saying({ stream: 'test-log-1', seq: NUMBER }));
    expect(asked).toHaveLength(1);
    const headers = asked[0]?.headers;
    expect(headers?.get('Nats-Expected-Stream')).toBe('test-log-1');
    expect(headers?.get('Nats-Expected-Last-Sequence')).toBe(String(NUMBER - 1));
    expect(new TextDecoder().decode(asked[0]?.data)).toBe('entry');
  });

  test('is in the log when exactly that is said', async () => {
    const { outcome } = await append(saying({ stream: 'test-log-1', seq: NUMBER, domain: 'x' }));
    expect(outcome).toEqual({ outcome: 'appended' });
  });

  test('is refused when the last sequence is said to be wrong, with what it is', async () => {
    const { outcome } = await append(saying(refusal({ err_code: 10_071, description: 'wrong last sequence: 41' })));
    expect(outcome).toEqual({ outcome: 'refused', lastNumber: 41 });
  });

  test.each<[string, object | string]>([
    ['another sequence', { stream: 'test-log-1', seq: NUMBER + 1 }],
    ['another stream', { stream: 'test-log-2', seq: NUMBER }],
    ['no sequence', { stream: 'test-log-1' }],
    ['a duplicate', { stream: 'test-log-1', seq: NUMBER, duplicate: true }],
    ['an error of another kind', refusal({ code: 503, err_code: 10_008, description: 'no leader' })],
    ['a wrong sequence without saying which is right', refusal({ err_code: 10_071, description: 'wrong' })],
    ['that another one is in flight', refusal({ err_code: 10_164, description: 'wrong last sequence: 41' })],
    ['the expected stream to be another', refusal({ err_code: 10_060, description: 'expected stream does not match' })],
    ['nothing', ''],
    ['no JSON', 'OK'],
    ['JSON that is no answer', '[]'],
  ])('is unknown when the server says %s', async (_, answer) => {
    expect((await append(saying(answer))).outcome).toMatchObject({ outcome: 'unknown' });
  });

  test('is unknown when nobody answers in time', async () => {
    expect((await append(() => undefined)).outcome).toMatchObject({ outcome: 'unknown' });
  });

  test('is unknown when nobody is there, and when the connection is closed', async () => {
    expect(await log.append(NUMBER, payload)).toMatchObject({ outcome: 'unknown' });
    await connection.close();
    expect(await log.append(NUMBER, payload)).toMatchObject({ outcome: 'unknown' });
  });
});
