// The writer over a real nats-server that is frozen and killed under it: each command has one outcome, and it is in the log.
import { afterEach, beforeEach, expect, test } from 'vitest';
import { bootstrapCommands, type Command, type Outcome } from '../../machines/index.ts';
import { systemClock } from '../../src/foundation/clock.ts';
import { systemIdentifiers } from '../../src/foundation/identifiers.ts';
import { silentLogger } from '../../src/foundation/logger.ts';
import { openLog, type JetStreamLog } from '../../src/log/jetstream-log.ts';
import { Fold } from '../../src/state/fold.ts';
import { catchUp } from '../../src/writer/catch-up.ts';
import { WRITER_LIMITS } from '../../src/writer/limits.ts';
import { Writer } from '../../src/writer/writer.ts';
import { TestNatsServer } from '../support/nats-server.ts';
import { createMap } from './harness.ts';

const APPEND_TIMEOUT_MS = 200;
/** Longer than several attempts to find out. */
const FROZEN_MS = 1_500;

let nats: TestNatsServer;
let log: JetStreamLog;
let fold: Fold;
let writer: Writer;
let stop: AbortController;
let held: Promise<void>;

beforeEach(async () => {
  nats = await TestNatsServer.start();
  const connection = await nats.connect();
  const ports = { clock: systemClock, logger: silentLogger };
  log = await openLog({ connection, cell: 'test', ...ports, appendTimeoutMs: APPEND_TIMEOUT_MS });
  fold = new Fold();
  writer = new Writer({ log, fold, ...ports, identifiers: systemIdentifiers, name: 'test' });
  stop = new AbortController();
  await new Promise<void>((resolve, reject) => {
    held = writer.hold(stop.signal, { onWriting: resolve });
    held.catch(reject);
  });
  await writer.submit(bootstrapCommands().map((draft) => ({ ...draft, actor: 'system:bootstrap' })));
});
afterEach(async () => {
  stop.abort();
  await held;
  await nats.dispose();
});

/** The log as somebody reads it who wrote none of it: commits by command id. */
async function committed(): Promise<Map<string, number>> {
  const times = new Map<string, number>();
  const whole = new Fold();
  whole.subscribe(({ entry }) => {
    for (const { commandId } of entry.commits) times.set(commandId, (times.get(commandId) ?? 0) + 1);
  });
  const options = { clock: systemClock, readBackMs: WRITER_LIMITS.readBackMs, signal: stop.signal };
  await catchUp(whole, log, await log.lastNumber(), options);
  expect(whole.state.stateHash()).toBe(fold.state.stateHash());
  return times;
}

async function submit(commands: readonly Command[]): Promise<readonly Outcome['outcome'][]> {
  return (await writer.submit(commands)).map(({ outcome }) => outcome);
}

test('an append that times out while the server is stopped, and lands once it goes on, has one outcome', async () => {
  for (let round = 0; round < 3; round++) {
    const commands = Array.from({ length: 5 }, (_, index) => createMap(`m${round}-${index}`));
    nats.freeze();
    const answered = submit(commands);
    await systemClock.sleep(FROZEN_MS);
    nats.thaw();
    expect(await answered).toEqual(commands.map(() => 'accepted'));
    const times = await committed();
    for (const { id } of commands) expect(times.get(id)).toBe(1);
  }
});

test('a server that is killed under load loses nothing that was acknowledged, and doubles nothing', async () => {
  const accepted: string[] = [];
  let sent = 0;
  const sender = async (name: string, until: AbortSignal) => {
    while (!until.aborted) {
      const command = createMap(`${name}-${sent++}`);
      if ((await submit([command]))[0] === 'accepted') accepted.push(command.id);
    }
  };
  const enough = new AbortController();
  const senders = Array.from({ length: 8 }, (_, index) => sender(`s${index}`, enough.signal));
  for (let round = 0; round < 3; round++) {
    const before = accepted.length;
    await expect.poll(() => accepted.length, { timeout: 20_000 }).toBeGreaterThan(before + 50);
    await nats.kill();
    await nats.restart();
  }
  const before = accepted.length;
  await expect.poll(() => accepted.length, { timeout: 20_000 }).toBeGreaterThan(before);
  enough.abort();
  await Promise.all(senders);
  const times = await committed();
  expect(accepted.filter((id) => times.get(id) !== 1)).toEqual([]);
  expect([...times].filter(([, count]) => count > 1)).toEqual([]);
});
