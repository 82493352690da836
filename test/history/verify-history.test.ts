/** A deep verification names the first commit or refusal that the history file tells otherwise than the log. */
import { copyFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import Database from 'better-sqlite3';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import type { Uncompared } from '../../src/history/verify-deep.ts';
import { HISTORY_WAIT_MS, verifyHistory, type HistoryVerification } from '../../src/history/verify-history.ts';
import { systemClock } from '../../src/foundation/clock.ts';
import type { Clock } from '../../src/foundation/clock.ts';
import { readUntil } from '../../src/writer/catch-up.ts';
import { ManualClock } from '../support/manual-clock.ts';
import { RecordedCell } from '../support/recorded-cell.ts';

const { signal } = new AbortController();
const create = (name: string) => ({
  kind: 'ConfigMap',
  name,
  verb: 'create',
  arguments: { manifest: { metadata: {}, data: { key: 'value' } } },
});

let cell: RecordedCell;
let file: string;
beforeAll(async () => {
  cell = await RecordedCell.start();
  cell.accept({
    kind: 'Namespace',
    namespace: '',
    name: 'default',
    verb: 'create',
    arguments: { manifest: { metadata: {} } },
  });
  for (const name of ['a', 'b', 'c']) cell.accept(create(name));
  cell.entry(create('a'));
  cell.accept(create('d'));
  await cell.recorded();
  await cell.close();
  file = join(cell.folder, 'changed.sqlite');
});
beforeEach(() => copyFileSync(cell.file, file));
afterAll(() => cell.end());

function verify(clock: Clock = systemClock, through = cell.state.position.entry) {
  const read = (from: number, until: number) =>
    readUntil(cell.log, from, until, { clock: systemClock, readBackMs: 1_000, signal });
  return verifyHistory({ file, through, read, clock, signal });
}

async function differenceAfter(sql: string) {
  const database = new Database(file);
  expect(database.prepare(sql).run().changes).toBeGreaterThan(0);
  database.close();
  return ((await verify()) as HistoryVerification).difference;
}

test('a history that tells what the log has is the same', async () => {
  expect(await verify()).toEqual({ records: 6 });
  expect(await verify(systemClock, 2), 'what is recorded later is not looked at').toEqual({ records: 2 });
});

describe('named is', () => {
  test.each([
    ['a commit that is missing', 'delete from commits where revision = 2', /"revision":2/, /"revision":3/],
    ['the last one', 'delete from commits where revision = 5', /"revision":5/, /^nothing$/],
    ['a time', 'update commits set time = time + 1 where revision = 2', /"revision":2/, /"revision":2/],
    ['a cause', 'update commits set cause = 1 where revision = 2', /"revision":2/, /"cause":1/],
    ['a name', `update objects set name = 'x' where name = 'b'`, /"name":"b"/, /"name":"x"/],
    ['a body', `update commits set body = x'00' where revision = 2`, /"revision":1/, /frame descriptor/],
    ['a refusal', 'delete from refusals', /AlreadyExists/, /"revision":5/],
    ['an object that commits are of', `delete from objects where name = 'b'`, /"revision":1/, /but not the object/],
    [
      'a refusal at another place',
      'update refusals set entry = entry - 2, revision = 2',
      /"revision":4/,
      /AlreadyExists/,
    ],
  ])('%s', async (_, sql, expected, actual) => {
    expect(await differenceAfter(sql)).toEqual({
      entry: expect.any(Number),
      expected: expect.stringMatching(expected),
      actual: expect.stringMatching(actual),
    });
  });

  test('more than the log has', async () => {
    const difference = await differenceAfter(
      'insert into commits select revision + 1, object, entry, time, cause, body from commits where revision = 5',
    );
    expect(difference).toMatchObject({ expected: 'nothing more' });
  });

  test('a file that is no history', async () => {
    writeFileSync(file, 'no database');
    expect(await verify()).toMatchObject({ records: 0, difference: { expected: 'a history' } });
  });
});

test('a history that is being made anew is waited for no longer than a moment, and said not to be compared', async () => {
  const clock = new ManualClock();
  const verifying = verify(clock, 9);
  let answer: HistoryVerification | Uncompared | undefined;
  void verifying.then((found) => (answer = found));
  await clock.advance(HISTORY_WAIT_MS - 100);
  expect(answer).toBeUndefined();
  await clock.advance(200);
  expect(await verifying).toEqual({
    uncompared: 'Unavailable',
    message: 'it has got to entry 6 of 9; try again later',
  });
});
