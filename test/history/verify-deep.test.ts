/** A deep verification names the first row of the read model that is not what the log makes it. */
import { rmSync } from 'node:fs';
import Database from 'better-sqlite3';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { RequestTimeoutError } from '../../src/bus/requester.ts';
import { isSame, READ_MODEL_WAIT_MS, verifyDeep } from '../../src/history/verify-deep.ts';
import { DeepCell } from '../support/deep-cell.ts';
import { ManualClock } from '../support/manual-clock.ts';

let cell: DeepCell;
beforeAll(async () => {
  cell = await DeepCell.make();
});
beforeEach(() => cell.putBack());
afterAll(() => cell.end());

function change(sql: string): void {
  const database = new Database(cell.file);
  expect(database.prepare(sql).run().changes).toBe(1);
  database.close();
}

function execute(sql: string): void {
  const database = new Database(cell.file);
  database.exec(sql);
  database.close();
}

test('a read model and a memory that are what the log makes them are the same', async () => {
  for (const from of [0, 1, cell.last - 1, cell.last]) {
    const deep = await cell.verify({ from });
    expect(isSame(deep)).toBe(true);
    expect(deep.readModel).toMatchObject({ revision: cell.memory.state.revision });
    expect(deep.readModel.rows).toBeGreaterThan(15);
    expect(deep.live.objects).toBeGreaterThan(5);
  }
});

test('every table has rows to compare, or the test would prove less than it says', () => {
  const database = new Database(cell.file, { readonly: true });
  for (const table of ['objects', 'labels', 'annotations', 'deadlines', 'pods', 'outcomes', 'position']) {
    expect(database.prepare(`select count(*) from ${table}`).pluck().get(), table).toBeGreaterThan(0);
  }
  database.close();
});

const POD = `(select created_revision from objects where kind = 'Pod')`;

describe('a cell of a row that was changed by hand is named:', () => {
  test.each<[string, string, { table: string; column: string }]>([
    ['a name', `update objects set name = 'x' where kind = 'ConfigMap'`, { table: 'objects', column: 'name' }],
    ['a state', `update objects set state = 'x' where kind = 'Pod'`, { table: 'objects', column: 'state' }],
    ['a revision', `update objects set revision = 1 where kind = 'Pod'`, { table: 'objects', column: 'revision' }],
    ['an owner', `update objects set owner_uid = 'x' where kind = 'Pod'`, { table: 'objects', column: 'owner_uid' }],
    ['a deletion', `update objects set deleted = 'x' where kind = 'Pod'`, { table: 'objects', column: 'deleted' }],
    [
      'a part of a spec',
      `update objects set spec = json_set(spec, '$.nodeName', 'elsewhere') where kind = 'Pod'`,
      { table: 'objects', column: 'spec' },
    ],
    ['a status', `update objects set status = null where kind = 'Pod'`, { table: 'objects', column: 'status' }],
    [
      'what no manifest shows',
      `update objects set private = '{}' where kind = 'Pod'`,
      { table: 'objects', column: 'private' },
    ],
    ['data', `update objects set body = '{' where kind = 'ConfigMap'`, { table: 'objects', column: 'body' }],
    ['a label', `update labels set value = 'x' where object = ${POD}`, { table: 'labels', column: 'value' }],
    ['an annotation', `update annotations set value = 'x'`, { table: 'annotations', column: 'value' }],
    ['a deadline', `update deadlines set at = at + 1`, { table: 'deadlines', column: 'at' }],
    ['a phase', `update pods set phase = 'x'`, { table: 'pods', column: 'phase' }],
    ['a node', `update pods set node = null`, { table: 'pods', column: 'node' }],
    ['the time', `update position set time = time - 1`, { table: 'position', column: 'time' }],
    ['the hash', `update position set hash = 'x'`, { table: 'position', column: 'hash' }],
    ['the state hash', `update position set state_hash = 'x'`, { table: 'position', column: 'state_hash' }],
    ['the lineage', `update position set lineage = '2'`, { table: 'position', column: 'lineage' }],
    [
      'how many outcomes are remembered',
      `update position set outcome_count = outcome_count - 1`,
      { table: 'position', column: 'outcome_count' },
    ],
    [
      'an outcome',
      `update outcomes set outcomes = replace(outcomes, 'accepted', 'refused') where last_entry = 7`,
      { table: 'outcomes', column: 'outcomes' },
    ],
    [
      'which revisions outcomes are of',
      `update outcomes set first_revision = first_revision + 1 where last_entry = 7`,
      { table: 'outcomes', column: 'first_revision' },
    ],
  ])('%s', async (_, sql, where) => {
    change(sql);
    const { readModel, live } = await cell.verify();
    expect(readModel.difference).toMatchObject(where);
    expect(readModel.difference?.key).not.toBe('');
    expect(live.difference).toBeUndefined();
  });
});

describe('a row that is missing or too much is named:', () => {
  test.each<[string, string, object]>([
    ['an object', `delete from objects where kind = 'ConfigMap'`, { table: 'objects', actual: 'no such row' }],
    [
      'an object nobody made',
      `insert into objects select 1000000, kind, namespace, 'x', uid, revision, correlation, state, owner_uid, deleted, metadata, spec, status, body, private from objects where kind = 'ConfigMap'`,
      { table: 'objects', key: 'created_revision=1000000', expected: 'no such row' },
    ],
    ['a label', `delete from labels where object = ${POD}`, { table: 'labels', actual: 'no such row' }],
    [
      'a label nobody gave',
      `insert into labels (object, key, value) select object, 'x', 'y' from labels limit 1`,
      { table: 'labels', expected: 'no such row' },
    ],
    ['an annotation', `delete from annotations`, { table: 'annotations', actual: 'no such row' }],
    ['a deadline', `delete from deadlines`, { table: 'deadlines', actual: 'no such row' }],
    [
      'a deadline nobody waits for',
      `insert into deadlines values (1, 'x', 1)`,
      { table: 'deadlines', expected: 'no such row' },
    ],
    ['a pod', `delete from pods`, { table: 'pods', actual: 'no such row' }],
    ['a pod that is none', `insert into pods values (1, 'n1', 'Running')`, { table: 'pods', expected: 'no such row' }],
    ['outcomes', `delete from outcomes where last_entry = 7`, { table: 'outcomes' }],
  ])('%s', async (_, sql, where) => {
    change(sql);
    expect((await cell.verify()).readModel.difference).toMatchObject(where);
  });

  test.each<[string, string, object]>([
    ['a table', 'drop table pods', { table: 'pods', actual: 'no such table' }],
    ['a table nobody made', 'create table x (y)', { table: 'x', expected: 'no such table' }],
    ['all positions', 'delete from position', { table: 'all' }],
  ])('%s', async (_, sql, where) => {
    execute(sql);
    expect((await cell.verify()).readModel.difference).toMatchObject(where);
  });
});

test('members of an object in another order are the same', async () => {
  change(`update objects set body = '{"data":{"text":"round-2 3"}}' where kind = 'ConfigMap'`);
  change(
    `update objects set metadata = (select json_group_object(key, json(value)) from (select key, case type when 'text' then json_quote(value) else value end as value from json_each(metadata) order by key desc)) where kind = 'ConfigMap'`,
  );
  expect((await cell.verify()).readModel.difference).toBeUndefined();
});

test('an index that does not fit its table is named', async () => {
  const database = new Database(cell.file);
  database.unsafeMode(true);
  database.pragma('writable_schema = on');
  database.exec(`update sqlite_schema set sql = replace(sql, '"namespace"', '"uid"') where name = 'objects_by_name'`);
  database.close();
  expect((await cell.verify()).readModel.difference).toMatchObject({ table: 'all', expected: 'an undamaged file' });
});

describe('a position that is not the read model’s is named:', () => {
  test('one that stands still behind the log', async () => {
    change(`update position set entry = entry - 6`);
    const clock = new ManualClock();
    const waiting = cell.verify({ from: cell.last, clock });
    await clock.advance(READ_MODEL_WAIT_MS + 1_000);
    expect((await waiting).readModel.difference).toMatchObject({
      table: 'position',
      column: 'entry',
      actual: `${cell.last - 6}`,
    });
  });

  test('one that was put back a little, while the rows were not', async () => {
    change(`update position set entry = entry - 1`);
    expect((await cell.verify()).readModel.difference).toMatchObject({ table: 'position' });
  });

  test('one beyond the log’s end', async () => {
    change(`update position set entry = entry + 1`);
    const { difference } = (await cell.verify()).readModel;
    expect(difference).toMatchObject({ table: 'position', column: 'entry', expected: 'an entry of the log' });
  });
});

test('a file that is not there cannot be compared, and a writer that does not answer neither', async () => {
  rmSync(cell.file);
  const deep = await verifyDeep(cell.options({ live: { digest: noAnswer } }));
  expect(deep).toMatchObject({ readModel: { uncompared: 'Unavailable' }, live: { uncompared: 'NoAnswer' } });
  expect(isSame(deep)).toBe(false);
});

function noAnswer(): Promise<never> {
  return Promise.reject(new RequestTimeoutError('no answer'));
}
