/** A bare nats-server for raw limits and generated logs, synced as a cell's is or, to generate quickly, not. */
import { spawn } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { createServer, type AddressInfo } from 'node:net';
import { join } from 'node:path';
import { connect, type NatsConnection } from 'nats';
import { until } from './cell.ts';

export interface BareNats {
  readonly connection: NatsConnection;
  readonly pid: number;
  stop(): Promise<void>;
}

const MAX_PAYLOAD_BYTES = 8 * 1024 * 1024;

/** `store` is where JetStream keeps its files. */
export async function startBareNats(store: string, options: { readonly synced: boolean }): Promise<BareNats> {
  mkdirSync(store, { recursive: true });
  const port = await freePort();
  const file = join(store, 'bare.conf');
  const jetstream = { store_dir: store, ...(options.synced ? { sync_interval: 'always' } : {}) };
  writeFileSync(file, JSON.stringify({ host: '127.0.0.1', port, max_payload: MAX_PAYLOAD_BYTES, jetstream }));
  const server = spawn(process.env['PERIPLUS_NATS_SERVER'] ?? 'nats-server', ['-c', file], { stdio: 'ignore' });
  // A benchmark that is interrupted leaves nothing behind.
  process.once('exit', () => server.kill('SIGTERM'));
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => process.exit(1));
  const ended = new Promise((resolve) => server.once('exit', resolve));
  const connection = await until('nats-server', () => connect({ port }).catch(() => undefined));
  return {
    connection,
    pid: server.pid ?? 0,
    async stop() {
      await connection.close();
      server.kill('SIGTERM');
      await ended;
    },
  };
}

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}
