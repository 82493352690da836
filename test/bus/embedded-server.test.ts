// The cell's own nats-server: ports, users, durability, and that it ends with whoever started it.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmod, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { startNatsServer } from '../../src/bus/embedded-server.ts';
import { NatsServerError, NotDurableError } from '../../src/bus/server-error.ts';
import { requireVersion } from '../../src/bus/server-executable.ts';
import { requireDurable } from '../../src/bus/server-monitoring.ts';
import type { NatsUser } from '../../src/bus/server-users.ts';
import { systemClock } from '../../src/foundation/clock.ts';
import { silentLogger } from '../../src/foundation/logger.ts';
import { TestNatsServer } from '../support/nats-server.ts';

const admin: NatsUser = { name: 'admin', password: 'a "quoted" $word\\', publish: {}, subscribe: {} };
const reader: NatsUser = { name: 'reader', password: 'r', publish: { allow: [] }, subscribe: { allow: ['news.>'] } };
const lenient = { acceptLossOnPowerFailure: false, logger: silentLogger };

describe('a running server', () => {
  let nats: TestNatsServer;
  beforeEach(async () => {
    nats = await TestNatsServer.start([admin]);
  });
  afterEach(() => nats.dispose());

  test('syncs before it acknowledges', async () => {
    await expect(requireDurable([nats.server.monitoringUrl], lenient)).resolves.toBeUndefined();
  });

  test('lets in only its users, and new ones after a reload, on the same port', async () => {
    const credentials = { user: reader.name, pass: reader.password };
    await expect(nats.connect(credentials)).rejects.toThrow();
    const { port } = nats.server;
    await nats.server.reload([admin, reader]);
    const connection = await nats.connect(credentials);
    expect(connection.info?.port).toBe(port);
    await nats.connect({ user: admin.name, pass: admin.password });
  });

  test('lets a user who may publish nothing publish nothing', async () => {
    await nats.server.reload([admin, reader]);
    const connection = await nats.connect({ user: reader.name, pass: reader.password });
    await expect(connection.request('news.today')).rejects.toMatchObject({ code: 'PERMISSIONS_VIOLATION' });
  });

  test('refuses users it cannot understand, and goes on with those it has', async () => {
    await expect(nats.server.reload([{ ...admin, publish: { allow: ['no spaces allowed'] } }])).rejects.toBeInstanceOf(
      NatsServerError,
    );
    await nats.connect({ user: admin.name, pass: admin.password });
  });

  test('takes the same port again after kill -9, so that clients reconnect', async () => {
    const { port, monitoringUrl } = nats.server;
    const connection = await nats.connect({ user: admin.name, pass: admin.password });
    await nats.kill();
    await nats.restart();
    expect(nats.server).toMatchObject({ port, monitoringUrl });
    await vi.waitFor(() => connection.flush());
  });

  test('ends a server that a killed parent left on the same files', async () => {
    const left = nats.server;
    await nats.restart();
    await left.exited;
    expect(nats.server.port).toBe(left.port);
  });

  test('tells that it ended', async () => {
    const { exited } = nats.server;
    await nats.kill();
    await expect(exited).resolves.toMatchObject({ signal: 'SIGKILL' });
  });

  test('takes another port where the last one is used by somebody else', async () => {
    const { port } = nats.server;
    await nats.stop();
    const squatter = createServer().listen(port, '127.0.0.1');
    await once(squatter, 'listening');
    await nats.restart();
    expect(nats.server.port).not.toBe(port);
    squatter.close();
  });
});

test('ends with its parent, even when that is killed', async () => {
  const dataDirectory = await mkdtemp(join(tmpdir(), 'periplus-nats-'));
  const root = new URL('../../src/', import.meta.url).href;
  const program = `
    import { startNatsServer } from '${root}bus/embedded-server.ts';
    import { systemClock } from '${root}foundation/clock.ts';
    import { silentLogger } from '${root}foundation/logger.ts';
    const server = await startNatsServer({ dataDirectory: process.argv[1], users: [], logger: silentLogger, clock: systemClock });
    console.log(server.pid);
  `;
  const parent = spawn(process.execPath, ['--input-type=module', '-e', program, dataDirectory], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const [line] = (await once(parent.stdout, 'data')) as [Buffer];
  const pid = Number(line.toString());
  expect(await readFile(`/proc/${pid}/cmdline`, 'utf8')).toContain('nats-server');
  parent.kill('SIGKILL');
  await vi.waitFor(() => expect(isRunning(pid)).resolves.toBe(false), { timeout: 10_000 });
  await rm(dataDirectory, { recursive: true });
});

/** A zombie waits only for its parent. */
async function isRunning(pid: number): Promise<boolean> {
  const status = await readFile(`/proc/${pid}/status`, 'utf8').catch(() => 'State:\tX');
  return !/^State:\t[ZX]/m.test(status);
}

describe('a server that cannot be used', () => {
  test.each(['2.9.10', '2.10.22', ''])('is refused for its version %j', (version) => {
    expect(() => requireVersion('/usr/bin/nats-server', version)).toThrow('at least 2.10.23 is needed');
  });

  test.each(['2.10.23', '2.10.27', '2.11.0', '3.0.0-beta'])('is not refused for version %j', (version) => {
    expect(() => requireVersion('/usr/bin/nats-server', version)).not.toThrow();
  });

  test('is refused where its program is missing or ends while starting', async () => {
    const dataDirectory = await mkdtemp(join(tmpdir(), 'periplus-nats-'));
    const options = { dataDirectory, users: [], logger: silentLogger, clock: systemClock };
    await expect(startNatsServer({ ...options, executable: join(dataDirectory, 'missing') })).rejects.toThrow(
      'cannot run',
    );
    const ends = join(dataDirectory, 'ends');
    const script =
      '#!/bin/sh\n[ "$1" = --version ] && echo v2.10.27 && exit\n[ "$1" = -t ] && exit\necho bad >&2\nexit 3\n';
    await writeFile(ends, script);
    await chmod(ends, 0o755);
    await expect(startNatsServer({ ...options, executable: ends })).rejects.toThrow(/exit code 3.*bad/);
    await rm(dataDirectory, { recursive: true });
  });

  test('is refused when it acknowledges what is not on disk, unless that is accepted, loudly', async () => {
    const weak = createServer((_, response) => response.end(JSON.stringify({ config: { sync_interval: 120e9 } })));
    await once(weak.listen(0, '127.0.0.1'), 'listening');
    const url = `http://127.0.0.1:${(weak.address() as AddressInfo).port}`;
    await expect(requireDurable([url], lenient)).rejects.toBeInstanceOf(NotDurableError);
    const warn = vi.fn<typeof silentLogger.warn>();
    await requireDurable([url], { acceptLossOnPowerFailure: true, logger: { ...silentLogger, warn } });
    expect(warn).toHaveBeenCalledOnce();
    weak.close();
  });
});
