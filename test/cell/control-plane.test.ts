// A control plane on a real nats-server compares what nodes have seen with its log, and stops writing only where that proves a loss.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { CellClient } from '../../src/bus/cell-client.ts';
import { connectBus, type Bus } from '../../src/bus/connection.ts';
import { actorOf, permissionsOf, type BusRole } from '../../src/bus/permissions.ts';
import { runControlPlane } from '../../src/cell/control-plane.ts';
import { systemClock } from '../../src/foundation/clock.ts';
import { systemIdentifiers } from '../../src/foundation/identifiers.ts';
import { newSigningKey } from '../../src/foundation/signing-key.ts';
import { silentLogger } from '../../src/foundation/logger.ts';
import { signingKeyOf } from '../../src/log/checkpoint.ts';
import { LogDamageError, type Position } from '../../src/log/entry.ts';
import { openLog, type JetStreamLog } from '../../src/log/jetstream-log.ts';
import { Fold } from '../../src/state/fold.ts';
import { Batch } from '../../src/writer/batch.ts';
import { catchUp } from '../../src/writer/catch-up.ts';
import { WRITER_LIMITS } from '../../src/writer/limits.ts';
import { createMap } from '../writer/harness.ts';
import { MemoryCheckpoints } from '../support/memory-checkpoints.ts';
import { TestNatsServer } from '../support/nats-server.ts';

const CELL = 'test';
const roles: readonly BusRole[] = [
  { role: 'control-plane' },
  { role: 'operator', actor: 'admin' },
  { role: 'node', node: 'n1' },
];

let nats: TestNatsServer;
let directory: string;
let buses: Bus[];
let log: JetStreamLog;
let end: AbortController;
let ended: Promise<unknown>;
let node: Bus;
let client: CellClient;
/** What an observer of the log folds. */
let fold: Fold;

beforeEach(async () => {
  nats = await TestNatsServer.start(
    roles.map((role) => {
      const { publish, subscribe } = permissionsOf(CELL, role);
      return { name: actorOf(role), password: 'x', publish: { allow: publish }, subscribe: { allow: subscribe } };
    }),
  );
  directory = mkdtempSync(join(tmpdir(), 'periplus-plane-'));
  buses = [];
  const plane = await connect({ role: 'control-plane' });
  log = await openLog({
    connection: plane.connection,
    inboxPrefix: plane.subjects.inbox(plane.actor),
    cell: CELL,
    clock: systemClock,
    logger: silentLogger,
  });
  end = new AbortController();
  const readModelFile = join(directory, 'read-model.sqlite');
  const proof = { checkpoints: new MemoryCheckpoints(), checkpointKey: signingKeyOf(newSigningKey()) };
  const options = { name: 'test', bus: plane, log, readModelFile, ...proof, clock: systemClock, logger: silentLogger };
  ended = runControlPlane(options, end.signal).then(
    () => 'ended',
    (error: unknown) => error,
  );
  node = await connect({ role: 'node', node: 'n1' });
  const bus = await connect({ role: 'operator', actor: 'admin' });
  client = new CellClient({ bus, clock: systemClock, identifiers: systemIdentifiers });
  await create('first');
  fold = new Fold();
  await follow();
});
afterEach(async () => {
  end.abort();
  await ended;
  await Promise.all(buses.map((bus) => bus.close()));
  await nats.dispose();
  rmSync(directory, { recursive: true });
});

async function connect(role: BusRole): Promise<Bus> {
  const actor = actorOf(role);
  const credentials = { cell: CELL, actor, url: nats.server.url, user: actor, password: 'x' };
  const bus = await connectBus(credentials, { name: actor });
  buses.push(bus);
  return bus;
}

async function create(name: string): Promise<void> {
  const { actor: _, ...command } = createMap(name, { id: `${name}/${systemIdentifiers.uuid()}` });
  expect(await client.submit([command])).toMatchObject([{ outcome: 'accepted' }]);
}

async function follow(): Promise<Position> {
  const options = { clock: systemClock, readBackMs: WRITER_LIMITS.readBackMs, signal: end.signal };
  await catchUp(fold, log, await log.lastNumber(), options);
  return fold.state.position;
}

function heartbeat(seen: Position): void {
  node.connection.publish(node.subjects.heartbeat('n1'), JSON.stringify(seen));
}

describe('a control plane', () => {
  test('stops where a node has seen more of its log than there is, naming the first missing entry', async () => {
    const { entry, revision, ...position } = await follow();
    heartbeat({ ...position, entry: entry + 50, revision: revision + 50, hash: 'lost' });
    expect(await ended).toBeInstanceOf(LogDamageError);
    expect((await ended) as Error).toMatchObject({ message: expect.stringContaining(`node n1 has seen entry`) });
  });

  test('stops where a node has seen another entry than stands in its log now', async () => {
    const position = await follow();
    await create('second');
    heartbeat({ ...position, hash: 'of a log that was put back' });
    expect(await ended).toMatchObject({ name: 'LogDamageError', entry: position.entry });
  });

  test('goes on where nodes have seen what is there', async () => {
    const position = await follow();
    await create('second');
    heartbeat(position);
    heartbeat(await follow());
    heartbeat({ ...position, lineage: 'an older one', entry: 1_000, hash: 'x' });
    await create('third');
    expect(end.signal.aborted).toBe(false);
  });

  test('that slept while another one wrote does not call it a loss that nodes have seen more than itself', async () => {
    // Another writer's entry, which this one does not know of.
    await follow();
    const { payload, entry } = new Batch({
      state: fold.state,
      identifiers: systemIdentifiers,
      limits: WRITER_LIMITS,
      now: systemClock.now(),
      writer: 'standby',
      lineage: log.lineage,
    }).prepare();
    expect(await log.append(entry.number, payload)).toEqual({ outcome: 'appended' });
    const asked = vi.spyOn(log, 'get');
    heartbeat(await follow());
    await vi.waitFor(() => expect(asked).toHaveBeenCalled());
    // It notices with its next entry, folds what it missed, and writes again.
    await create('second');
    expect((await follow()).entry).toBeGreaterThan(entry.number + 1);
  });
});
