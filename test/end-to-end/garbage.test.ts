/** Garbage on every subject of a cell, under every credential: refused clearly, and nothing stops. */
import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { connect as connectNats, Events, type NatsConnection } from 'nats';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Outcome } from '../../machines/index.ts';
import { readCredentials, type Credentials } from '../../src/bus/credentials.ts';
import { subjectsOf } from '../../src/bus/subjects.ts';
import { processesOf } from '../support/cell-processes.ts';
import { RealCell, requireThat } from '../support/real-cell.ts';
import { workloadManifest } from '../support/real-workload.ts';

const LARGEST_BYTES = 8 * 1024 * 1024;
const ANSWER_MS = 10_000;

const payloads = (): readonly Uint8Array[] => [
  new Uint8Array(),
  randomBytes(64),
  Buffer.from('{'),
  Buffer.from('null'),
  Buffer.from('[[[[]]]]'),
  Buffer.from('{"id":1,"kind":{},"commands":"none"}'),
  Buffer.from(`{"id":"x","name":"${'y'.repeat(1000)}"}`),
  randomBytes(LARGEST_BYTES),
];

async function ask(connection: NatsConnection, subject: string, content: object): Promise<readonly Outcome[]> {
  const { data } = await connection.request(subject, JSON.stringify(content), { timeout: ANSWER_MS });
  return (JSON.parse(Buffer.from(data).toString()) as { readonly outcomes: readonly Outcome[] }).outcomes;
}

async function sendToAll(connection: NatsConnection, subjects: readonly string[]): Promise<void> {
  for (const subject of subjects) for (const payload of payloads()) connection.publish(subject, payload);
  await connection.flush();
}

describe('a cell that is sent garbage', () => {
  let cell: RealCell;
  let processes: ReadonlyMap<string, number>;
  const connections: NatsConnection[] = [];

  beforeAll(async () => {
    cell = await RealCell.start({ runtime: 'hollow' });
    processes = processesOf(cell.directory);
  });

  afterAll(async () => {
    await Promise.all(connections.map((connection) => connection.close()));
    await cell.dispose();
  });

  /** A bare connection, which knows nothing of what may be said. */
  async function connectAs(role: string): Promise<{ connection: NatsConnection; credentials: Credentials }> {
    const credentials = readCredentials(join(cell.directory, `credentials/${role}.json`));
    const { url, user, password, actor } = credentials;
    const inboxPrefix = subjectsOf(credentials.cell).inbox(actor);
    const connection = await connectNats({ servers: url, user, pass: password, inboxPrefix });
    connections.push(connection);
    return { connection, credentials };
  }

  /** It answers, writes and starts pods, in the processes it had. */
  async function requireWell(name: string): Promise<void> {
    const client = await cell.client();
    await client.apply(workloadManifest(name, 2));
    await cell.eventually('pods start', async () => {
      const controller = await client.get('ReplicationController', name);
      requireThat(controller?.status?.readyReplicas === 2, 'they are not ready');
    });
    expect(processesOf(cell.directory)).toEqual(processes);
  }

  test('of everything an operator may publish', async () => {
    const { connection, credentials } = await connectAs('operator');
    const subjects = subjectsOf(credentials.cell);
    const { actor } = credentials;
    await sendToAll(connection, [
      subjects.command(actor, 'ConfigMap', 'create'),
      subjects.command(actor, 'NoSuchKind', 'no-such-verb'),
      subjects.command(actor, '-', '-'),
      ...['get', 'list', 'table', 'status', 'schemas', 'log', 'no-such-query'].map((what) =>
        subjects.query(actor, what),
      ),
      subjects.openSession('n1', 'logs'),
      subjects.openSession('n1', 'exec'),
      subjects.openSession('n1', 'no-such-session'),
      subjects.sessionInput('n1', 'no-such-session'),
      subjects.acknowledgements('nobody'),
    ]);
    await requireWell('after-operator');
  });

  test('of everything an agent may publish', async () => {
    const { connection, credentials } = await connectAs('node-n1');
    const subjects = subjectsOf(credentials.cell);
    const { actor } = credentials;
    await sendToAll(connection, [
      subjects.command(actor, 'Node', 'register'),
      subjects.command(actor, 'Pod', 'report'),
      subjects.heartbeat('n1'),
      subjects.workRequest('n1'),
      subjects.sessionOutput('n1', 'no-such-session'),
    ]);
    await requireWell('after-agent');
  });

  test('of everything the control plane may publish to its nodes', async () => {
    const { connection, credentials } = await connectAs('control-plane');
    const subjects = subjectsOf(credentials.cell);
    await sendToAll(connection, [subjects.work('n1'), subjects.event({ kind: 'Pod', namespace: 'x', name: 'y' })]);
    await requireWell('after-control-plane');
  });

  test('is told what is wrong with it', async () => {
    const { connection, credentials } = await connectAs('operator');
    const subjects = subjectsOf(credentials.cell);
    const { actor } = credentials;
    const unknown = { id: 'unknown', kind: 'NoSuchKind', namespace: '', name: 'x', verb: 'create', arguments: {} };
    expect(await ask(connection, subjects.command(actor, 'NoSuchKind', 'create'), unknown)).toMatchObject([
      { outcome: 'refused', refusal: { message: expect.stringContaining('NoSuchKind') as string } },
    ]);
    const { data } = await connection.request(subjects.command(actor, 'Pod', 'create'), '{', { timeout: ANSWER_MS });
    expect(JSON.parse(Buffer.from(data).toString())).toMatchObject({
      outcomes: [{ outcome: 'not-decided', why: 'Malformed' }],
    });
  });

  test('of another actor does not reach it', async () => {
    const { connection, credentials } = await connectAs('node-n1');
    const subjects = subjectsOf(credentials.cell);
    const refused: string[] = [];
    void (async () => {
      for await (const { type, permissionContext } of connection.status() as AsyncIterable<{
        readonly type: string;
        readonly permissionContext?: { readonly subject: string };
      }>) {
        if (type === Events.Error && permissionContext) refused.push(permissionContext.subject);
      }
    })();
    const foreign = [
      subjects.command('admin', 'ConfigMap', 'create'),
      subjects.command('system:node:n2', 'Node', 'register'),
      subjects.log('1'),
      subjects.heartbeat('n2'),
      subjects.work('n1'),
      '$JS.API.STREAM.DELETE.x',
    ];
    for (const subject of foreign) connection.publish(subject, '{}');
    await cell.eventually('every one is refused', () => expect(refused.toSorted()).toEqual(foreign.toSorted()), 10_000);
    const manifest = { metadata: { name: 'sneaked' } };
    const sneaked = { id: 'sneaked', kind: 'ConfigMap', namespace: 'default', name: 'sneaked', verb: 'create' };
    const subject = subjects.command(credentials.actor, 'ConfigMap', 'create');
    expect(await ask(connection, subject, { ...sneaked, arguments: { manifest } })).toMatchObject([
      { outcome: 'refused', refusal: { reason: 'Forbidden' } },
    ]);
    await requireWell('after-foreign');
    expect(await cell.verify()).not.toHaveProperty('damage');
  });
});
