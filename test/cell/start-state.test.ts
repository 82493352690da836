/** A start from a kept state is allowed only where the log proves it right; else the log is replayed from its beginning. */
import { beforeEach, describe, expect, test } from 'vitest';
import { findLoss, requireNothingLost } from '../../src/cell/loss.ts';
import { contradiction, type KnownPosition } from '../../src/cell/seen-position.ts';
import { trustedState, type StoredState } from '../../src/cell/start-state.ts';
import { systemClock } from '../../src/foundation/clock.ts';
import { silentLogger, type Logger } from '../../src/foundation/logger.ts';
import { encodeEntry, hashOf, LogDamageError, type Entry } from '../../src/log/entry.ts';
import { LogUnavailableError } from '../../src/log/event-log.ts';
import { MemoryLog } from '../../src/log/memory-log.ts';
import { FOLD_VERSION } from '../../src/state/cell-state.ts';
import { Fold } from '../../src/state/fold.ts';
import { Cell } from '../support/cell.ts';
import { keptState } from '../support/kept-state.ts';

let log: MemoryLog;
let cell: Cell;
let doubts: unknown[];
const logger: Logger = { ...silentLogger, warn: (_, fields) => doubts.push(fields?.['why']) };

beforeEach(async () => {
  log = new MemoryLog({ cell: 'test', lineage: 'test', clock: systemClock, appendTimeoutMs: 100 });
  cell = Cell.begin();
  for (const name of ['a', 'b', 'c']) cell.create('ConfigMap', { metadata: { name } });
  for (const [index, payload] of cell.payloads.entries()) await log.append(index + 1, payload);
  doubts = [];
});

function kept(change: Partial<StoredState> = {}): StoredState {
  return { ...keptState(cell.state), foldVersion: FOLD_VERSION, ...change };
}

/** The last entry as it would be with a change, in the log and in the position. */
function forge(change: Partial<Entry>): Partial<StoredState> {
  const number = cell.payloads.length;
  const { commits, refused, unchanged, ...head } = JSON.parse(new TextDecoder().decode(cell.payloads.at(-1))) as Entry;
  const payload = encodeEntry(
    { ...head, ...change },
    {
      commits: commits.map((commit) => JSON.stringify(commit)),
      refused: refused.map((one) => JSON.stringify(one)),
      unchanged: unchanged.map((one) => JSON.stringify(one)),
    },
  );
  log.damageEntry(number, payload);
  return { position: { ...cell.state.position, hash: hashOf(payload) } };
}

describe('a kept state', () => {
  test('is trusted when its position is on the log, its fold is ours and its hash is the entry’s', async () => {
    const state = await trustedState(kept(), log, logger);
    expect(state?.position).toEqual(cell.state.position);
    expect(state?.stateHash()).toBe(cell.state.stateHash());
    expect(doubts).toEqual([]);
  });

  test('is nothing where nothing was kept', async () => {
    expect(await trustedState(undefined, log, logger)).toBeUndefined();
    expect(doubts).toEqual([]);
  });

  test.each<[string, () => StoredState, string]>([
    ['of another version of the fold', () => kept({ foldVersion: FOLD_VERSION + 1 }), 'its fold version'],
    [
      'beyond the end of the log',
      () => kept({ position: { ...cell.state.position, entry: cell.payloads.length + 1 } }),
      'is not in the log',
    ],
    ['whose entry is another one', () => kept({ position: { ...cell.state.position, hash: 'x' } }), 'is another one'],
    ['that lacks an object', () => kept({ objects: [...keptState(cell.state).objects].slice(1) }), 'its state hash is'],
    ['that lacks an outcome', () => kept({ outcomes: [...cell.state.outcomes].slice(1) }), 'its state hash is'],
    ['that forgot otherwise', () => kept({ forgottenThrough: 1 }), 'its state hash is'],
    ['of another revision', () => kept({ position: { ...cell.state.position, revision: 1 } }), 'its state hash is'],
    ['whose entry says another hash', () => kept(forge({ state: 'another' })), 'its state hash is'],
    [
      'whose entry was hashed by another fold',
      () => kept(forge({ fold: FOLD_VERSION + 1 })),
      `by fold version ${FOLD_VERSION + 1}`,
    ],
  ])('%s is not trusted, and why is logged', async (_, stored, why) => {
    expect(await trustedState(stored(), log, logger)).toBeUndefined();
    expect(doubts).toEqual([expect.stringContaining(why)]);
  });

  test('is not doubted because the log does not answer: that is told', async () => {
    log.freeze();
    await expect(trustedState(kept(), log, logger)).rejects.toBeInstanceOf(LogUnavailableError);
    expect(doubts).toEqual([]);
  });
});

const { signal } = new AbortController();
const by = 'the agent of node n1';
const seenAt = (entry: number, change: Partial<KnownPosition> = {}): KnownPosition => ({
  lineage: 'test',
  entry,
  revision: entry,
  hash: hashOf(cell.payloads[entry - 1] ?? new Uint8Array()),
  by,
  ...change,
});
const loss = (...known: KnownPosition[]): Promise<unknown> =>
  requireNothingLost(known, { log, clock: systemClock, signal }).then(
    () => 'nothing',
    (error: unknown) => error,
  );

describe('a log that lacks what somebody has seen of it', () => {
  test('does not lack it when every position is on it, wherever it is', async () => {
    expect(await loss(seenAt(1), seenAt(3), seenAt(cell.payloads.length))).toBe('nothing');
    expect(await loss()).toBe('nothing');
  });

  test('is shorter: the first missing entry and who has seen more are named', async () => {
    const last = cell.payloads.length;
    log.loseEnd(last - 2);
    const found = await loss(seenAt(last));
    expect(found).toBeInstanceOf(LogDamageError);
    expect(found).toMatchObject({ entry: last - 1, revision: last - 1 });
    expect((found as Error).message).toContain(`${by} has seen entry ${last} of it, but it ends at entry ${last - 2}`);
  });

  test('is empty', async () => {
    log.loseEnd(0);
    expect(await loss(seenAt(2))).toMatchObject({ name: 'LogDamageError', entry: 1 });
  });

  test('has another entry at its end', async () => {
    const last = cell.payloads.length;
    expect(await loss(seenAt(last, { hash: 'another' }))).toMatchObject({ name: 'LogDamageError', entry: last });
  });

  test('has gone on since it was put back: another entry stands where somebody was', async () => {
    const found = await loss(seenAt(4, { hash: 'another' }));
    expect(found).toMatchObject({ name: 'LogDamageError', entry: 4 });
    expect((found as Error).message).toContain(`${by} has seen another entry 4`);
  });

  test('is damaged: the first wrong entry is named, not the position', async () => {
    log.loseEntry(3);
    expect(await loss(seenAt(3))).toMatchObject({ name: 'LogDamageError', entry: 3 });
  });

  test('is not one of another lineage, whose positions say nothing', async () => {
    expect(await loss(seenAt(99, { lineage: 'older', hash: 'another' }))).toBe('nothing');
  });

  test('is found by whoever accepts the loss too, with all that is good folded', async () => {
    const fold = new Fold();
    log.loseEnd(4);
    const found = await findLoss(fold, [seenAt(6)], { log, clock: systemClock, signal });
    expect(found).toMatchObject({ entry: 5 });
    expect(fold.state.position.entry).toBe(4);
  });
});

describe('a position', () => {
  const ours = { lineage: '1', entry: 5, revision: 9, hash: 'ours' };

  test.each([
    ['before ours', { ...ours, entry: 4, hash: 'older' }],
    ['that is ours', ours],
    ['of another lineage', { ...ours, lineage: '2', entry: 100 }],
  ])('%s does not contradict it', (_, seen) => {
    expect(contradiction(ours, seen, by)).toBeUndefined();
  });

  test('beyond ours contradicts it at the entry after our last', () => {
    expect(contradiction(ours, { ...ours, entry: 7, revision: 20 }, by)).toMatchObject({ entry: 6, revision: 10 });
  });

  test('at our entry with another hash contradicts it there', () => {
    expect(contradiction(ours, { ...ours, hash: 'theirs' }, by)).toMatchObject({ entry: 5, revision: 9 });
  });
});
