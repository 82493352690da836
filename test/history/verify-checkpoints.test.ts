/** Each way in which a log can fail to contain an auditor's checkpoint has a sentence of its own. */
import { describe, expect, test } from 'vitest';
import { AGAINST_MAX_CHECKPOINTS, parseCheckpoints } from '../../src/history/verify-against.ts';
import { isProven, verifyLog, type Verification } from '../../src/history/verify.ts';
import type { Checkpoint } from '../../src/log/checkpoint.ts';
import { decodeEntry, hashOf } from '../../src/log/entry.ts';
import type { StoredEntry } from '../../src/log/event-log.ts';
import { Fold } from '../../src/state/fold.ts';
import { Batch } from '../../src/writer/batch.ts';
import { WRITER_LIMITS } from '../../src/writer/limits.ts';
import { CELL, checkpointAt, read, shortLog } from '../support/short-log.ts';

const log = shortLog(1);
const LEFT_AT = log.length - 4;

/** The same cell after an operator accepted the loss of the last entries. */
function nextLineage(): readonly StoredEntry[] {
  const good = log.slice(0, LEFT_AT);
  const fold = new Fold();
  for (const stored of good) fold.apply(stored);
  const { position } = fold.state;
  const batch = new Batch({
    state: fold.state,
    identifiers: { uuid: () => 'x', suffix: () => 'y', random: () => 0.5 },
    limits: WRITER_LIMITS,
    now: fold.state.time,
    writer: 'accept-loss',
    lineage: 'next',
    firstRevision: 1_000_000,
    lineageStart: {
      continues: position.lineage,
      lastGoodEntry: position.entry,
      lastGoodHash: position.hash,
      why: 'loss-accepted',
    },
  });
  return [...good, { number: LEFT_AT + 1, payload: batch.prepare().payload }];
}

function verify(
  entries: readonly StoredEntry[],
  against: readonly Checkpoint[],
  checkpoints: readonly Checkpoint[] = [],
): Promise<Verification> {
  return verifyLog({ entries: read(entries), cell: CELL, against, checkpoints });
}

async function refutation(entries: readonly StoredEntry[], checkpoint: Checkpoint): Promise<object | undefined> {
  const verification = await verify(entries, [checkpoint]);
  expect(isProven(verification)).toBe(false);
  return verification.against[0];
}

describe('a log does not contain a checkpoint', () => {
  test('of another cell', async () => {
    const other = checkpointAt(shortLog(1, 0), 8, { cell: 'cell-other' });
    expect(await refutation(log, other)).toMatchObject({
      reason: 'NotOfThisCell',
      message: `it is of cell cell-other, and this is cell ${CELL}, whose log does not continue that one`,
    });
  });

  test('of a lineage it never was of', async () => {
    const other = checkpointAt(log, 8, { lineage: '7', hash: hashOf(new Uint8Array()) });
    expect(await refutation(log, other)).toMatchObject({
      reason: 'UnknownLineage',
      message: 'this log never was of lineage 7',
    });
  });

  test('of entries whose loss was accepted', async () => {
    expect(await refutation(nextLineage(), checkpointAt(log, LEFT_AT + 2))).toMatchObject({
      reason: 'LineageLeft',
      message: `lineage test was left after entry ${LEFT_AT} (loss-accepted): entry ${LEFT_AT + 2} of it is not in today's log`,
    });
  });

  test('of an entry beyond its end', async () => {
    expect(await refutation(log.slice(0, 9), checkpointAt(log, 12))).toMatchObject({
      reason: 'BeyondEnd',
      message: "the log ends at entry 9, before the checkpoint's entry 12: its end is missing",
    });
  });

  test('of an entry behind one that is damaged', async () => {
    expect(await refutation(log.toSpliced(4, 1), checkpointAt(log, 12))).toMatchObject({
      reason: 'NotReached',
      message: 'the log is wrong at entry 5, so that nothing proves entry 12',
    });
  });

  test('of another entry at its place', async () => {
    const checkpoint = checkpointAt(shortLog(1, 0), 8);
    expect(await refutation(log, checkpoint)).toMatchObject({
      reason: 'AnotherEntry',
      message: `another entry 8 stands in the log than the one with hash ${checkpoint.hash}: the log was rewritten`,
    });
  });

  test.each<[string, Partial<Checkpoint>, string]>([
    ['another state', { state: '0'.repeat(16) }, 'the state after it is'],
    ['another revision', { revision: 1 }, 'the revision after it is'],
    ['another lineage', { lineage: 'other' }, 'of lineage test, not other'],
  ])('that says %s of the right entry', async (_, more, says) => {
    expect(await refutation(log, checkpointAt(log, 8, more))).toMatchObject({
      reason: 'AnotherState',
      message: expect.stringContaining(says) as string,
    });
  });

  test('that was changed after it was signed', async () => {
    const changed = { ...checkpointAt(log, 8), time: 1 };
    expect(await refutation(log, changed)).toMatchObject({ reason: 'BadSignature' });
  });
});

describe('a log contains a checkpoint', () => {
  test('of a lineage that it continues', async () => {
    const entries = nextLineage();
    const against = [checkpointAt(log, 3), checkpointAt(log, LEFT_AT), checkpointAt(entries, LEFT_AT + 1)];
    const verification = await verify(entries, against);
    expect(verification.against.map(({ outcome }) => outcome)).toEqual(['contained', 'contained', 'contained']);
    expect(isProven(verification)).toBe(true);
  });

  test('of another cell whose log it continues: the hash is the proof, the name is not', async () => {
    expect(isProven(await verify(log, [checkpointAt(log, 8, { cell: 'cell-restored-from' })]))).toBe(true);
  });

  test('whose state another version of the fold hashed, which says nothing of ours', async () => {
    expect(isProven(await verify(log, [checkpointAt(log, 8, { fold: 0, state: '0'.repeat(16) })]))).toBe(true);
  });
});

describe('of the checkpoints kept beside the log', () => {
  test('one of entries whose loss was accepted is no fault', async () => {
    const verification = await verify(nextLineage(), [], [checkpointAt(log, LEFT_AT + 2)]);
    expect(verification.checkpoints[0]).toMatchObject({ reason: 'LineageLeft' });
    expect(isProven(verification)).toBe(true);
  });

  test('one beyond the log’s end, or of another entry, is', async () => {
    expect(isProven(await verify(log.slice(0, 9), [], [checkpointAt(log, 12)]))).toBe(false);
    expect(isProven(await verify(log, [], [checkpointAt(shortLog(1, 0), 8)]))).toBe(false);
    expect(isProven(await verify(log, [], [{ entry: 3, lineage: 'test' } as Checkpoint]))).toBe(false);
  });
});

describe('a file of checkpoints', () => {
  const one = checkpointAt(log, 8);

  test('holds one or several, also such as are badly signed', () => {
    expect(parseCheckpoints(JSON.stringify(one))).toEqual([one]);
    expect(parseCheckpoints(JSON.stringify([one, { ...one, time: 1 }]))).toHaveLength(2);
  });

  test.each<[string, string, string]>([
    ['is empty', '', 'it is not JSON'],
    ['is garbage', '\u0000\u0001', 'it is not JSON'],
    ['holds none', '[]', 'there is no checkpoint in it'],
    ['holds something else', '{"a":1}', 'it is no checkpoint of version 1'],
    ['holds something else among others', JSON.stringify([one, 7]), 'of its number 2, it is no checkpoint'],
    ['holds a list of lists', '[[]]', 'it is no checkpoint'],
    ['holds too many', JSON.stringify(Array(AGAINST_MAX_CHECKPOINTS + 1).fill(1)), 'it has more than'],
  ])('that %s is refused', (_, text, says) => {
    expect(parseCheckpoints(text)).toContain(says);
  });
});

test('the story has what the tests rely on', () => {
  expect(decodeEntry(log[7]?.payload ?? new Uint8Array(), { entry: 8, revision: 0 }).lineage).toBe('test');
});
