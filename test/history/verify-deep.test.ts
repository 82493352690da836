/** A deep verification names the first row, or the first part of an object in memory, that is not what the log makes it. */
import { copyFileSync } from 'node:fs';
import Database from 'better-sqlite3';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import type { ObjectRecord } from '../../machines/index.ts';
import { RequestTimeoutError } from '../../src/bus/requester.ts';
import { systemClock } from '../../src/foundation/clock.ts';
import { silentLogger } from '../../src/foundation/logger.ts';
import {
  isSame,
  READ_MODEL_WAIT_MS,
  verifyDeep,
  type DeepOptions,
  type LiveVerification,
  type ReadModelVerification,
} from '../../src/history/verify-deep.ts';
import type { LiveState } from '../../src/history/verify-live.ts';
import type { StoredEntry } from '../../src/log/event-log.ts';
import { createProjector, prepareReadModel } from '../../src/read-model/index.ts';
import type { CellState } from '../../src/state/cell-state.ts';
import { Fold } from '../../src/state/fold.ts';
import { digestState, recordsOf, type StateDigest } from '../../src/state/state-digest.ts';
import { temporaryFile } from '../read-model/projected-cell.ts';
import { ManualClock } from '../support/manual-clock.ts';
import { shortLog } from '../support/short-log.ts';

const WAIT_MS = 10_000;
/** It ends before the last pod is deleted, so that every table has rows. */
const log = shortLog(3).slice(0, -4);
const LAST = log.length;
/** The read model is written in transactions of some entries each, as it is in life. */
const ENTRIES_PER_TRANSACTION = 7;

const memory = new Fold();
let template: ReturnType<typeof temporaryFile>;
let file: string;
let removeFile: () => void;

/** Folds and projects the log. */
beforeAll(async () => {
  template = temporaryFile();
  await prepareReadModel({ file: template.file, logger: silentLogger });
  const projector = await createProjector({ file: template.file, clock: systemClock, logger: silentLogger });
  memory.subscribe((applied) => projector.project(applied));
  for (const stored of log) {
    memory.apply(stored);
    if (stored.number % ENTRIES_PER_TRANSACTION === 0) await projector.waitFor(memory.state.revision, WAIT_MS);
  }
  await projector.close();
});
afterAll(() => template.remove());

beforeEach(() => {
  ({ file, remove: removeFile } = temporaryFile());
  copyFileSync(template.file, file);
});
afterEach(() => removeFile());

async function* readLog(fromNumber: number, until: number): AsyncGenerator<readonly StoredEntry[]> {
  yield log.slice(fromNumber - 1, until);
}

interface Given {
  readonly from?: number;
  readonly live?: Partial<LiveState>;
  readonly clock?: ManualClock;
}

/** With a fold that is some entries behind, as one is when the cell goes on meanwhile. */
function deepOptions(given: Given): DeepOptions {
  const fold = new Fold();
  for (const stored of log.slice(0, given.from ?? LAST - 5)) fold.apply(stored);
  const live: LiveState = {
    digest: () => digestState(memory.state, () => Promise.resolve()),
    records: (objects) => Promise.resolve(recordsOf(memory.state, objects)),
    ...given.live,
  };
  return {
    fold,
    read: readLog,
    lastNumber: () => Promise.resolve(LAST),
    readModelFile: file,
    live,
    clock: given.clock ?? systemClock,
    signal: new AbortController().signal,
  };
}

interface Compared {
  readonly readModel: ReadModelVerification;
  readonly live: LiveVerification;
}

/** Verifies where everything can be compared. */
async function verify(given: Given = {}): Promise<Compared> {
  const { readModel, live } = await verifyDeep(deepOptions(given));
  if ('uncompared' in readModel || 'uncompared' in live) throw new Error(JSON.stringify({ readModel, live }));
  return { readModel, live };
}

function change(sql: string): void {
  const database = new Database(file);
  expect(database.prepare(sql).run().changes).toBe(1);
  database.close();
}

function execute(sql: string): void {
  const database = new Database(file);
  database.exec(sql);
  database.close();
}

test('a read model and a memory that are what the log makes them are the same', async () => {
  for (const from of [0, 1, LAST - 1, LAST]) {
    const deep = await verify({ from });
    expect(isSame(deep)).toBe(true);
    expect(deep.readModel).toMatchObject({ revision: memory.state.revision });
    expect(deep.readModel.rows).toBeGreaterThan(15);
    expect(deep.live.objects).toBeGreaterThan(5);
  }
});

test('every table has rows to compare, or the test would prove less than it says', () => {
  const database = new Database(file, { readonly: true });
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
    const { readModel, live } = await verify();
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
    expect((await verify()).readModel.difference).toMatchObject(where);
  });

  test.each<[string, string, object]>([
    ['a table', 'drop table pods', { table: 'pods', actual: 'no such table' }],
    ['a table nobody made', 'create table x (y)', { table: 'x', expected: 'no such table' }],
    ['all positions', 'delete from position', { table: 'all' }],
  ])('%s', async (_, sql, where) => {
    execute(sql);
    expect((await verify()).readModel.difference).toMatchObject(where);
  });
});

test('members of an object in another order are the same', async () => {
  change(`update objects set body = '{"data":{"text":"round-2 3"}}' where kind = 'ConfigMap'`);
  change(
    `update objects set metadata = (select json_group_object(key, json(value)) from (select key, case type when 'text' then json_quote(value) else value end as value from json_each(metadata) order by key desc)) where kind = 'ConfigMap'`,
  );
  expect((await verify()).readModel.difference).toBeUndefined();
});

test('an index that does not fit its table is named', async () => {
  const database = new Database(file);
  database.unsafeMode(true);
  database.pragma('writable_schema = on');
  database.exec(`update sqlite_schema set sql = replace(sql, '"namespace"', '"uid"') where name = 'objects_by_name'`);
  database.close();
  expect((await verify()).readModel.difference).toMatchObject({ table: 'all', expected: 'an undamaged file' });
});

describe('a position that is not the read model’s is named:', () => {
  test('one that stands still behind the log', async () => {
    change(`update position set entry = entry - 6`);
    const clock = new ManualClock();
    const waiting = verify({ from: LAST, clock });
    await clock.advance(READ_MODEL_WAIT_MS + 1_000);
    expect((await waiting).readModel.difference).toMatchObject({
      table: 'position',
      column: 'entry',
      actual: `${LAST - 6}`,
    });
  });

  test('one that was put back a little, while the rows were not', async () => {
    change(`update position set entry = entry - 1`);
    expect((await verify()).readModel.difference).toMatchObject({ table: 'position' });
  });

  test('one beyond the log’s end', async () => {
    change(`update position set entry = entry + 1`);
    const { difference } = (await verify()).readModel;
    expect(difference).toMatchObject({ table: 'position', column: 'entry', expected: 'an entry of the log' });
  });
});

test('a file that is not there cannot be compared, and a writer that does not answer neither', async () => {
  const { file: other, remove } = temporaryFile();
  removeFile();
  file = other;
  removeFile = remove;
  const deep = await verifyDeep(deepOptions({ live: { digest: noAnswer } }));
  expect(deep).toMatchObject({ readModel: { uncompared: 'Unavailable' }, live: { uncompared: 'NoAnswer' } });
  expect(isSame(deep)).toBe(false);
});

describe('of the writer’s memory is named', () => {
  test('a part of an object', async () => {
    const live = withPod((record) => ({
      ...record,
      context: { ...record.context, spec: { nodeName: 'elsewhere' } } as ObjectRecord['context'],
    }));
    const { difference } = (await verify({ live })).live;
    expect(difference).toMatchObject({ what: 'Pod/default/p-round-2', part: 'context.spec' });
    expect(difference?.actual).toBe('{"nodeName":"elsewhere"}');
  });

  test('a state', async () => {
    const { live } = await verify({ live: withPod((record) => ({ ...record, value: 'pending' })) });
    expect(live.difference).toMatchObject({ part: 'value', actual: '"pending"' });
  });

  test('an object that is missing', async () => {
    const { live } = await verify({ live: withPod(() => undefined) });
    expect(live.difference).toMatchObject({ what: 'Pod/default/p-round-2', actual: 'no such object' });
  });

  test('an object that nobody made', async () => {
    const { live } = await verify({ live: withPod((record) => ({ ...record, createdRevision: 1_000_000 })) });
    expect(live.difference).toMatchObject({ what: 'Pod/default/p-round-2' });
  });

  test.each<[keyof StateDigest, unknown, string]>([
    ['stateHash', '0'.repeat(16), 'state hash'],
    ['outcomes', 'x', 'hash of the remembered outcomes'],
    ['outcomeCount', 1, 'remembered outcomes'],
    ['forgottenThrough', 7, 'revision through which outcomes are forgotten'],
  ])('its %s', async (field, value, what) => {
    const digest = async () => ({ ...(await digestState(memory.state, () => Promise.resolve())), [field]: value });
    expect((await verify({ live: { digest } })).live.difference).toMatchObject({ what });
  });

  test('that it stands still behind the log', async () => {
    const behind = new Fold();
    for (const stored of log.slice(0, 3)) behind.apply(stored);
    const digest = () => digestState(behind.state, () => Promise.resolve());
    expect((await verify({ live: { digest } })).live.difference).toMatchObject({ what: 'position', actual: '3' });
  });
});

function noAnswer(): Promise<never> {
  return Promise.reject(new RequestTimeoutError('no answer'));
}

/** The writer's memory as it would be with another record of its pod, or none. */
function withPod(make: (record: ObjectRecord) => ObjectRecord | undefined): Partial<LiveState> {
  const touched = (record: ObjectRecord) => (record.kind === 'Pod' ? make(record) : record);
  const { position, forgottenThrough, outcomes, outcomeCount } = memory.state;
  const altered = {
    position,
    forgottenThrough,
    outcomes,
    outcomeCount,
    stateHash: () => memory.state.stateHash(),
    list: (kind: string) => [...memory.state.list(kind)].flatMap((record) => touched(record) ?? []),
  } as unknown as CellState;
  return {
    digest: () => digestState(altered, () => Promise.resolve()),
    records: (objects) => Promise.resolve(recordsOf(altered, objects)),
  };
}
