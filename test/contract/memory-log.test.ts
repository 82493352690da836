// The log in memory keeps the port's rules, and its faults do what they say.
import { describe, expect, test } from 'vitest';
import { systemClock } from '../../src/foundation/clock.ts';
import { MemoryLog, type AppendFault } from '../../src/log/memory-log.ts';
import { readCount } from '../support/log-entries.ts';
import { eventLogContract } from './event-log.ts';

const APPEND_TIMEOUT_MS = 100;

/** With faults for the first append of each number. */
function memoryLog(faults: Readonly<Record<number, AppendFault>> = {}): MemoryLog {
  const left = new Map(Object.entries(faults));
  return new MemoryLog({
    cell: 'test',
    lineage: '1',
    clock: systemClock,
    appendTimeoutMs: APPEND_TIMEOUT_MS,
    faultOf(number) {
      const fault = left.get(String(number));
      left.delete(String(number));
      return fault;
    },
  });
}

eventLogContract('memory log', async () => {
  const log = memoryLog();
  return {
    open: async () => log,
    crashAndRestart: async () => log.losePower(),
    freeze: () => log.freeze(),
    thaw: () => log.thaw(),
    dispose: async () => undefined,
  };
});

const payload = new TextEncoder().encode('entry');

describe('faults of the memory log', () => {
  test('an append lost on the way is unknown and never stored', async () => {
    const log = memoryLog({ 1: { lostOnTheWay: true } });
    expect(await log.append(1, payload)).toMatchObject({ outcome: 'unknown' });
    expect(log.marks).toEqual({ received: 0, stored: 0, synced: 0, acknowledged: 0, delivered: 0 });
  });

  test('an append whose acknowledgement is lost is unknown and stored', async () => {
    const log = memoryLog({ 1: { acknowledgementLost: true } });
    expect(await log.append(1, payload)).toMatchObject({ outcome: 'unknown' });
    expect(log.marks).toMatchObject({ received: 1, stored: 1, synced: 1, acknowledged: 0 });
  });

  test('a late acknowledgement still counts before the time-out, and not after it', async () => {
    const log = memoryLog({ 1: { acknowledgedAfterMs: 5 }, 2: { acknowledgedAfterMs: 10 * APPEND_TIMEOUT_MS } });
    expect(await log.append(1, payload)).toEqual({ outcome: 'appended' });
    expect(await log.append(2, payload)).toMatchObject({ outcome: 'unknown' });
  });

  test('an append stored after its time-out makes the next one for its number refused', async () => {
    const log = memoryLog({ 1: { storedAfterMs: 2 * APPEND_TIMEOUT_MS } });
    expect(await log.append(1, payload)).toMatchObject({ outcome: 'unknown' });
    await readCount(log, 1, 1);
    expect(await log.append(1, payload)).toEqual({ outcome: 'refused', lastNumber: 1 });
  });

  test('power lost takes what was not synced, though it was acknowledged and delivered', async () => {
    const log = memoryLog({ 2: { notSynced: true } });
    await log.append(1, payload);
    await log.append(2, payload);
    await readCount(log, 1, 2);
    log.losePower();
    expect(log.marks).toMatchObject({ stored: 1, acknowledged: 2, delivered: 2 });
    expect(await log.get(2)).toBeUndefined();
  });

  test('a reader beyond the end of a shortened log gets what comes next, under its own number', async () => {
    const log = memoryLog();
    for (let number = 1; number <= 5; number++) await log.append(number, payload);
    const reading = readCount(log, 6, 1);
    log.loseEnd(2);
    await log.append(3, payload);
    expect(await reading).toEqual([{ number: 3, payload }]);
  });

  test('a tail that is lost is counted still, and what comes next follows its gap', async () => {
    const log = memoryLog();
    for (let number = 1; number <= 4; number++) await log.append(number, payload);
    log.loseTail(2);
    expect(await log.lastNumber()).toBe(4);
    expect(await log.get(3)).toBeUndefined();
    expect(await log.append(5, payload)).toEqual({ outcome: 'appended' });
    expect((await readCount(log, 1, 3)).map(({ number }) => number)).toEqual([1, 2, 5]);
  });

  test('a sealed log says nothing of an append, and keeps what it has', async () => {
    const log = memoryLog();
    await log.append(1, payload);
    log.seal();
    expect(await log.append(2, payload)).toMatchObject({ outcome: 'unknown' });
    expect(await log.lastNumber()).toBe(1);
  });

  test('a lost or damaged entry is passed over or on', async () => {
    const log = memoryLog();
    for (let number = 1; number <= 3; number++) await log.append(number, payload);
    log.loseEntry(1);
    log.damageEntry(2, new Uint8Array([1]));
    expect(await readCount(log, 1, 2)).toEqual([
      { number: 2, payload: new Uint8Array([1]) },
      { number: 3, payload },
    ]);
  });
});
