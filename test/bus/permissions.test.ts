// Credentials: an actor speaks only as itself, an agent only of its own node, and nobody hears another's answers.
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { BusCredentialsError, BusUnavailableError, connectBus, type Bus } from '../../src/bus/connection.ts';
import type { BusRole } from '../../src/bus/permissions.ts';
import { BusCell } from '../support/bus-cell.ts';

let cell: BusCell;
beforeAll(async () => {
  cell = await BusCell.start();
});
afterAll(() => cell.dispose());

const N1: BusRole = { role: 'node', node: 'n1' };
const ADMIN: BusRole = { role: 'operator', actor: 'admin' };
const VIEWER: BusRole = { role: 'reader', actor: 'viewer' };
const GATEWAY: BusRole = { role: 'gateway', actor: 'system:gateway' };

/** What the server says to a publish and to a subscription; undefined when it lets them pass. */
async function violation(bus: Bus, act: () => void): Promise<string | undefined> {
  let said: string | undefined;
  const status = bus.connection.status()[Symbol.asyncIterator]();
  const first = status.next().then(({ value }) => {
    said = (value as { permissionContext?: { operation: string } }).permissionContext?.operation;
  });
  act();
  // The server answers in order: once the ping is back, a refusal would have come before.
  await bus.connection.flush();
  await Promise.race([first, bus.connection.flush()]);
  return said;
}

describe('publishing', () => {
  test.each<[string, BusRole, (bus: Bus) => string]>([
    ['an agent as an operator', N1, ({ subjects }) => subjects.command('admin', 'Pod', 'delete')],
    ['an agent as another agent', N1, ({ subjects }) => subjects.command('system:node:n2', 'Pod', 'report')],
    [
      'an agent as a controller',
      N1,
      ({ subjects }) => subjects.command('system:controller:replication', 'Pod', 'create'),
    ],
    ['an agent queries', N1, ({ subjects }) => subjects.query('system:node:n1', 'list')],
    ["an agent another node's heartbeat", N1, ({ subjects }) => subjects.heartbeat('n2')],
    ["an agent another node's work", N1, ({ subjects }) => subjects.work('n2')],
    ['an agent its own work', N1, ({ subjects }) => subjects.work('n1')],
    ['an agent the log', N1, ({ subjects }) => subjects.log('one')],
    ["an agent another's inbox", N1, ({ subjects }) => `${subjects.inbox('admin')}.1`],
    ['an agent to JetStream', N1, () => '$JS.API.STREAM.DELETE.test'],
    ['an operator as a controller', ADMIN, ({ subjects }) => subjects.command('system:bootstrap', 'Pod', 'create')],
    ['a gateway the log', GATEWAY, ({ subjects }) => subjects.log('one')],
    ['a gateway the lease', GATEWAY, () => '$KV.test-control.writer'],
    ['a gateway to delete a stream', GATEWAY, () => '$JS.API.STREAM.DELETE.test'],
    ['a gateway a heartbeat', GATEWAY, ({ subjects }) => subjects.heartbeat('n1')],
    ['an operator the log', ADMIN, ({ subjects }) => subjects.log('one')],
    ['an operator the lease', ADMIN, () => '$KV.test-control.writer'],
    ['an operator a checkpoint', ADMIN, () => '$KV.test-checkpoints.1.10'],
    ['a reader a checkpoint', VIEWER, () => '$KV.test-checkpoints.1.10'],
    ['an operator to JetStream', ADMIN, () => '$JS.API.STREAM.DELETE.test'],
    ['an operator a heartbeat', ADMIN, ({ subjects }) => subjects.heartbeat('n1')],
    ['a reader commands', VIEWER, ({ subjects }) => subjects.command('viewer', 'Pod', 'create')],
    ['a reader to a node', VIEWER, ({ subjects }) => subjects.openSession('n1', 'exec')],
  ])('%s is forbidden', async (_, role, subjectOf) => {
    const bus = await cell.connect(role);
    expect(await violation(bus, () => bus.connection.publish(subjectOf(bus), '{}'))).toBe('publish');
  });

  test.each<[string, BusRole, (bus: Bus) => string]>([
    ['an agent as itself', N1, ({ subjects }) => subjects.command('system:node:n1', 'Pod', 'report')],
    ['an agent its heartbeat', N1, ({ subjects }) => subjects.heartbeat('n1')],
    ['an operator as itself', ADMIN, ({ subjects }) => subjects.command('admin', 'Pod', 'create')],
    ['an operator to a node', ADMIN, ({ subjects }) => subjects.openSession('n1', 'logs')],
    ['a reader queries', VIEWER, ({ subjects }) => subjects.query('viewer', 'list')],
  ])('%s is allowed', async (_, role, subjectOf) => {
    const bus = await cell.connect(role);
    expect(await violation(bus, () => bus.connection.publish(subjectOf(bus), '{}'))).toBeUndefined();
  });
});

describe('listening', () => {
  test.each<[string, BusRole, (bus: Bus) => string]>([
    ["an agent to another's answers", N1, ({ subjects }) => `${subjects.inbox('admin')}.>`],
    ["an agent to another node's work", N1, ({ subjects }) => subjects.work('n2')],
    ['an agent to commands', N1, ({ subjects }) => subjects.commandsAll],
    ['an agent to sessions', N1, ({ subjects }) => subjects.sessionsOf('n1')],
    ['an operator to commands', ADMIN, ({ subjects }) => subjects.commandsAll],
    ["an operator to an agent's answers", ADMIN, ({ subjects }) => `${subjects.inbox('system:node:n1')}.>`],
    ['a reader to sessions', VIEWER, ({ subjects }) => subjects.sessionsOf('n1')],
    ['anybody to everything', VIEWER, () => '>'],
  ])('%s is forbidden', async (_, role, subjectOf) => {
    const bus = await cell.connect(role);
    const subscribe = () => bus.connection.subscribe(subjectOf(bus), { callback: () => undefined });
    expect(await violation(bus, () => void subscribe())).toBe('subscription');
  });
});

describe('connecting', () => {
  test('with a wrong password is refused, saying so', async () => {
    await expect(cell.connect(ADMIN, 'wrong')).rejects.toBeInstanceOf(BusCredentialsError);
  });

  test('to a bus that is not there says so', async () => {
    const credentials = { cell: 'c', actor: 'a', url: 'nats://127.0.0.1:1', user: 'a', password: '' };
    await expect(connectBus(credentials, { name: 'test' })).rejects.toBeInstanceOf(BusUnavailableError);
  });
});
