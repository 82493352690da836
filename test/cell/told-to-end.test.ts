// A process that waits for a bus which never answers still ends when it is told to.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer, type AddressInfo, type Server } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { busUsers, writeCredentials } from '../../src/cell/bus-users.ts';
import { dataDirectory } from '../../src/cell/data-directory.ts';
import { PROCESS_PROGRAM } from '../../src/cell/supervisor.ts';

const directory = dataDirectory(mkdtempSync(join(tmpdir(), 'periplus-told-')));
/** Far below the 60 s after which a supervisor kills, so that a test which only waits fails. */
const END_MAX_MS = 10_000;
let silent: Server;

/** Something listens where the bus should be, and says nothing. */
beforeAll(async () => {
  silent = createServer().listen(0, '127.0.0.1');
  await once(silent, 'listening');
  const url = `nats://127.0.0.1:${(silent.address() as AddressInfo).port}`;
  writeCredentials(directory, 'test', ['n1'], { url, users: busUsers(directory, 'test', ['n1']) });
});
afterAll(() => {
  silent.close();
  rmSync(directory.root, { recursive: true, force: true });
});

test.each([
  ['processes of a control plane', ['control-plane']],
  ['processes of agents', ['agents', '--nodes', 'n1', '--runtime', 'hollow']],
])('%s end within seconds', async (_, words) => {
  const connected = once(silent, 'connection', { signal: AbortSignal.timeout(END_MAX_MS) });
  const child = spawn(process.execPath, [PROCESS_PROGRAM, ...words, '--data', directory.root], {
    stdio: ['pipe', 'ignore', 'ignore'],
  });
  const ended = once(child, 'exit', { signal: AbortSignal.timeout(END_MAX_MS) });
  try {
    await connected;
    child.kill('SIGTERM');
    expect(await ended).toEqual([0, null]);
  } finally {
    child.kill('SIGKILL');
  }
});
