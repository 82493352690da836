/** Folding what is in the log but not in the state, up to a number that the server named. */
import { beforeEach, describe, expect, it } from 'vitest';
import { LogDamageError } from '../../src/log/entry.ts';
import { MemoryLog } from '../../src/log/memory-log.ts';
import { Fold } from '../../src/state/fold.ts';
import { catchUp } from '../../src/writer/catch-up.ts';
import { Cell } from '../support/cell.ts';
import { ManualClock } from '../support/manual-clock.ts';

const READ_BACK_MS = 1_000;

let clock: ManualClock;
let log: MemoryLog;
let cell: Cell;
let fold: Fold;
let last: number;
let stop: AbortController;

beforeEach(async () => {
  clock = new ManualClock();
  log = new MemoryLog({ cell: 'test', lineage: 'test', clock, appendTimeoutMs: 100 });
  cell = Cell.begin();
  for (const name of ['a', 'b', 'c']) cell.create('ConfigMap', { metadata: { name } });
  for (const [index, payload] of cell.payloads.entries()) await log.append(index + 1, payload);
  last = cell.payloads.length;
  fold = new Fold();
  stop = new AbortController();
});

function run(until = last): Promise<unknown> {
  return catchUp(fold, log, until, { clock, readBackMs: READ_BACK_MS, signal: stop.signal }).then(
    () => 'done',
    (error: unknown) => error,
  );
}

describe('catching up', () => {
  it('folds up to the number, and not beyond it', async () => {
    expect(await run(last - 1)).toBe('done');
    expect(fold.state.position.entry).toBe(last - 1);
    expect(await run()).toBe('done');
    expect(fold.state.stateHash()).toBe(cell.state.stateHash());
  });

  it('has nothing to do where the state is there already', async () => {
    await run();
    expect(await run(1)).toBe('done');
    expect(fold.state.position.entry).toBe(last);
  });

  it('stops at a gap, naming the entry that is missing', async () => {
    log.loseEntry(3);
    const error = await run();
    expect(error).toBeInstanceOf(LogDamageError);
    expect(error).toMatchObject({ entry: 3 });
    expect(fold.state.position.entry).toBe(2);
  });

  it('gives up within the limit on a last entry that is counted and cannot be read', async () => {
    log.loseEntry(last);
    const running = run();
    await clock.advance(READ_BACK_MS - 1);
    expect(fold.state.position.entry).toBe(last - 1);
    await clock.advance(2 * READ_BACK_MS);
    expect(await running).toMatchObject({ name: 'LogDamageError', entry: last });
  });

  it('waits for as long as the server does not answer: that says nothing about the log', async () => {
    log.freeze();
    let ended = false;
    const running = run().finally(() => (ended = true));
    await clock.advance(20 * READ_BACK_MS);
    expect(ended).toBe(false);
    log.thaw();
    expect(await running).toBe('done');
    expect(fold.state.position.entry).toBe(last);
  });

  it('ends when the signal is aborted', async () => {
    const running = run(last + 1);
    await clock.advance(0);
    stop.abort();
    expect(await running).toMatchObject({ name: 'AbortError' });
    expect(fold.state.position.entry).toBe(last);
  });
});
