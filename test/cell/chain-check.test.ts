/** What a kept state stands on is read again, though nobody folds it: damage there must not wait until it is needed. */
import { beforeEach, describe, expect, test } from 'vitest';
import { CHECK_REST_FACTOR, checkChain, type ReadableLog } from '../../src/cell/chain-check.ts';
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

function check(
  until = position,
  { from = log, inBackground = false }: { readonly from?: ReadableLog; readonly inBackground?: boolean } = {},
): Promise<unknown> {
  const options = { clock, readBackMs: READ_BACK_MS, signal: stop.signal, inBackground: () => inBackground };
  return checkChain(from, until, options).then(
    () => 'right',
    (error: unknown) => error,
  );
}

/** The log, one entry at a time, each of which keeps the process busy for so long. */
function slowLog(busyMs: number): ReadableLog {
  return {
    get: (number) => log.get(number),
    async *read(fromNumber, signal) {
      for await (const batch of log.read(fromNumber, signal)) {
        for (const entry of batch) {
          clock.pass(busyMs);
          yield [entry];
        }
      }
    },
  };
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

  test('is checked without a rest while somebody waits for it', async () => {
    expect(await check(position, { from: slowLog(10) })).toBe('right');
  });

  test('is checked in the background for a share of the time only', async () => {
    const began = clock.monotonic();
    const checking = check(position, { from: slowLog(10), inBackground: true });
    await clock.advance(2 * 10 * CHECK_REST_FACTOR * position.entry);
    expect(await checking).toBe('right');
    const restsMs = 10 * CHECK_REST_FACTOR * (position.entry - 1);
    expect(clock.monotonic() - began).toBeGreaterThanOrEqual(10 * position.entry + restsMs);
  });
});
