// The library as a program uses it: connect, typed objects, errors that can be told apart; and garbage beside it.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import {
  CellNotRunningError,
  connect,
  CredentialsFileError,
  QueryFailedError,
  RefusedError,
  type CellClient,
  type Credentials,
} from '../../src/index.ts';
import { BusCell } from '../support/bus-cell.ts';

let bus: BusCell;
let credentials: Credentials;
let directory: string;
beforeAll(async () => {
  bus = await BusCell.start();
  credentials = { cell: bus.cell, actor: 'admin', url: bus.server.server.url, user: 'admin', password: 'admin' };
  directory = mkdtempSync(join(tmpdir(), 'periplus-library-'));
});
afterAll(async () => {
  rmSync(directory, { recursive: true });
  await bus.dispose();
});

async function connected(given: Credentials | string = credentials): Promise<CellClient> {
  const cell = await connect({ credentials: given, deadlineMs: 2_000 });
  onTestFinished(() => cell.close());
  return cell;
}

describe('connect', () => {
  test('takes a credentials file', async () => {
    const path = join(directory, 'admin.json');
    writeFileSync(path, JSON.stringify(credentials));
    expect((await connected(path)).cell).toBe(bus.cell);
  });

  test('says what is wrong with a file that is none', async () => {
    const path = join(directory, 'wrong.json');
    writeFileSync(path, '{"cell":"a"}');
    await expect(connect({ credentials: path })).rejects.toThrow(CredentialsFileError);
    await expect(connect({ credentials: path })).rejects.toThrow('actor: Required value');
  });

  test('says that no cell runs where none does', async () => {
    await expect(connect({ data: directory })).rejects.toBeInstanceOf(CellNotRunningError);
  });
});

describe('a program', () => {
  test('writes and reads objects typed by their kind', async () => {
    const cell = await connected();
    const applied = await cell.apply({
      apiVersion: 'v1',
      kind: 'Pod',
      metadata: { name: 'typed', labels: { app: 'a' } },
      spec: { containers: [{ name: 'web', image: 'periplus/demo:1' }] },
    });
    expect(applied.result).toBe('created');
    const pod = await cell.get('Pod', 'typed');
    // Each of these is a compile error where its type is not known.
    expect(pod?.spec.containers[0]?.image satisfies string | undefined).toBe('periplus/demo:1');
    expect(pod?.status.phase satisfies string | undefined).toBe('Pending');
    const { items } = await cell.list('Pod', { labelSelector: 'app=a' });
    expect(items.map(({ metadata }) => metadata.name)).toEqual(['typed']);
    await cell.delete('Pod', 'typed', { gracePeriodSeconds: 0 });
    expect(await cell.get('Pod', 'typed')).toBeUndefined();
  });

  test('learns by the class of an error what went wrong', async () => {
    const cell = await connected();
    const refused = await cell.scale('ReplicationController', 'none', 3).catch((error: unknown) => error);
    expect(refused).toBeInstanceOf(RefusedError);
    expect((refused as RefusedError).refusal.reason).toBe('NotFound');
    await expect(cell.list('Colour')).rejects.toBeInstanceOf(QueryFailedError);
  });
});

describe('garbage', () => {
  test('on every subject of an operator and of an agent stops nothing', async () => {
    const operator = await bus.connect({ role: 'operator', actor: 'admin' });
    const agent = await bus.connect({ role: 'node', node: 'n1' });
    const { subjects } = operator;
    const payloads = ['', '{', 'null', '[[[', new Uint8Array([0, 255, 128, 1]), new Uint8Array(1024 * 1024).fill(0x7b)];
    for (const payload of payloads) {
      for (const what of ['get', 'list', 'table', 'status', 'schemas', 'log', 'nothing']) {
        operator.connection.publish(subjects.query('admin', what), payload, { reply: `${subjects.inbox('admin')}.x` });
      }
      operator.connection.publish(subjects.command('admin', 'Pod', 'create'), payload);
      operator.connection.publish(`${subjects.commandsOf('admin').replace('*.*', '%zz.%')}`, payload);
      operator.connection.publish(subjects.acknowledgements('nobody'), payload);
      agent.connection.publish(subjects.command('system:node:n1', 'Pod', 'report'), payload);
      agent.connection.publish(subjects.heartbeat('n1'), payload);
      agent.connection.publish(subjects.workRequest('n1'), payload);
    }
    await Promise.all([operator.connection.flush(), agent.connection.flush()]);
    const cell = await connected();
    expect((await cell.status()).writing).toBe(true);
    expect((await cell.create({ apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'after' } })).outcome).toBe(
      'accepted',
    );
  });
});
