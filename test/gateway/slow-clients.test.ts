// Clients that do not keep up: none of them costs the gateway more than a socket's buffer, and others notice nothing.
import { connect as connectTcp } from 'node:net';
import { connect as connectTls } from 'node:tls';
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import { systemClock, type Clock } from '../../src/foundation/clock.ts';
import { DRAIN_MAX_MS } from '../../src/gateway/verbs/watch.ts';
import { GatewayCell, Watching } from '../support/gateway-cell.ts';
import { waitFor } from '../support/wait-for.ts';

const CONFIG_MAPS = '/api/v1/namespaces/default/configmaps';
/** More than both ends of a connection buffer. */
const OBJECTS = 60;
const OBJECT_BYTES = 500_000;

/** Does not wait as long for a client that reads nothing. */
const impatient: Clock = {
  ...systemClock,
  after: (delayMs, callback, options) =>
    systemClock.after(delayMs === DRAIN_MAX_MS ? DRAIN_MAX_MS / 100 : delayMs, callback, options),
};

let cell: GatewayCell;
beforeAll(async () => {
  cell = await GatewayCell.start(impatient);
});
afterAll(() => cell.dispose());

describe('a client', () => {
  test('that watches and reads nothing loses its connection, while another misses nothing', async () => {
    const lazy = await cell.open(`${CONFIG_MAPS}?watch=true`);
    const eager = await cell.watch(`${CONFIG_MAPS}?watch=true`);
    onTestFinished(() => eager.stop());
    for (let number = 0; number < OBJECTS; number++) {
      const { code } = await cell.configMap(`large-${number}`, { a: 'x'.repeat(OBJECT_BYTES) });
      expect(code).toBe(201);
    }
    await eager.until(OBJECTS);
    await systemClock.sleep(DRAIN_MAX_MS / 50);
    const late = new Watching(lazy);
    await waitFor('the end of the lazy one', () => expect(late.ended).toBe(true), { timeoutMs: 20_000 });
    expect(late.events.length).toBeLessThan(OBJECTS);
  });

  test('that says nothing, or something else than TLS, keeps nobody waiting', async () => {
    const { port } = cell.gateway.endpoint;
    const silent = connectTcp(port, '127.0.0.1');
    const garbled = connectTcp(port, '127.0.0.1', () => garbled.write('GET / HTTP/1.1\r\n\r\n'));
    const halfway = connectTls({ port, host: '127.0.0.1', ca: cell.authority.certificate }, () =>
      halfway.write('POST /api/v1/namespaces HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\n{'),
    );
    for (const socket of [silent, garbled, halfway]) {
      socket.on('error', () => undefined);
      onTestFinished(() => void socket.destroy());
    }
    expect((await cell.ask('/readyz')).code).toBe(200);
  });
});
