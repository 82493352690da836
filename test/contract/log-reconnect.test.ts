// A server that goes away and comes back: nothing waits for a time-out that the broken connection has decided already.
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { systemClock } from '../../src/foundation/clock.ts';
import { silentLogger } from '../../src/foundation/logger.ts';
import { APPEND_TIMEOUT_MS, openLog, type JetStreamLog } from '../../src/log/jetstream-log.ts';
import { ChainMaker } from '../support/log-entries.ts';
import { TestNatsServer } from '../support/nats-server.ts';
import { waitFor } from '../support/wait-for.ts';

let nats: TestNatsServer;
let log: JetStreamLog;
const chain = () => new ChainMaker().next();

beforeEach(async () => {
  nats = await TestNatsServer.start();
  log = await openLog({ connection: await nats.connect(), cell: 'test', clock: systemClock, logger: silentLogger });
});
afterEach(() => nats.dispose());

describe('an append', () => {
  test('under way when the server is killed is unknown at once', async () => {
    const { number, payload } = chain();
    nats.freeze();
    const began = systemClock.monotonic();
    const appending = log.append(number, payload);
    await nats.kill();
    expect(await appending).toMatchObject({ outcome: 'unknown', cause: { name: 'AppendConnectionError' } });
    expect(systemClock.monotonic() - began).toBeLessThan(APPEND_TIMEOUT_MS / 2);
  });

  test('made while the server is away is sent once it is back', async () => {
    const connection = await nats.connect();
    await nats.kill();
    await waitFor(
      'the break is noticed',
      () =>
        connection.flush().then(
          () => Promise.reject(new Error('still connected')),
          () => undefined,
        ),
      { timeoutMs: 5_000 },
    );
    const { number, payload } = chain();
    const appending = log.append(number, payload);
    await nats.restart();
    expect(await appending).toEqual({ outcome: 'appended' });
  });
});
