/** What a kept state stands on is read again, though nobody folds it: damage there must not wait until it is needed. */
import { beforeEach, describe, expect, test } from 'vitest';
import { checkChain } from '../../src/cell/chain-check.ts';
import { LogDamageError, type Position } from '../../src/log/entry.ts';
import { MemoryLog } from '../../src/log/memory-log.ts';
import { Cell } from '../support/cell.ts';
import { ManualClock } from '../support/manual-clock.ts';

const READ_BACK_MS = 1_000;

let clock: ManualClock;
let log: MemoryLog;
let cell: Cell;
let position: Position;
let stop: AbortController;

beforeEach(async () => {
  clock = new ManualClock();
  log = new MemoryLog({ cell: 'test', lineage: 'test', clock, appendTimeoutMs: 100 });
  cell = Cell.begin();
  for (const name of ['a', 'b', 'c', 'd']) cell.create('ConfigMap', { metadata: { name } });
  for (const [index, payload] of cell.payloads.entries()) await log.append(index + 1, payload);
  ({ position } = cell.state);
  stop = new AbortController();
});

function check(until = position): Promise<unknown> {
  return checkChain(log, until, { clock, readBackMs: READ_BACK_MS, signal: stop.signal }).then(
    () => 'right',
    (error: unknown) => error,
  );
}

describe('the chain below a position', () => {
  test('is right where every entry continues the one before it, up to the very one that was folded', async () => {
    expect(await check()).toBe('right');
  });

  test('is wrong at an entry that is missing, at its revision', async () => {
    log.loseEntry(5);
    const found = await check();
    expect(found).toBeInstanceOf(LogDamageError);
    // Each entry here has one commit.
    expect(found).toMatchObject({ entry: 5, revision: 5 });
  });

  test.each([1, 4, 7])('is wrong after entry %i when that is not what it was', async (number) => {
    log.damageEntry(number, cell.payloads[number === 1 ? 1 : 0] ?? new Uint8Array());
    expect(await check()).toMatchObject({ name: 'LogDamageError', entry: number });
  });

  test('is wrong where the last entry is another than was folded', async () => {
    expect(await check({ ...position, hash: 'another' })).toMatchObject({ entry: position.entry });
  });

  test('is wrong at a last entry that is counted and cannot be read', async () => {
    log.loseEntry(position.entry);
    const checking = check();
    await clock.advance(3 * READ_BACK_MS);
    expect(await checking).toMatchObject({ name: 'LogDamageError', entry: position.entry });
  });

  test('is not called wrong because the server does not answer for however long', async () => {
    log.freeze();
    let ended = false;
    const checking = check().finally(() => (ended = true));
    await clock.advance(30 * READ_BACK_MS);
    expect(ended).toBe(false);
    log.thaw();
    expect(await checking).toBe('right');
  });

  test('is looked at no longer once the process ends', async () => {
    log.freeze();
    const checking = check();
    await clock.advance(0);
    stop.abort();
    expect(await checking).toBe('right');
  });
});
