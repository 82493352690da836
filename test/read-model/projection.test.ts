// The projection: every folded entry reaches SQLite, several changes of an object as one row, the position with them.
import Database from 'better-sqlite3';
import { afterEach, describe, expect, test } from 'vitest';
import { kinds, renderManifest, type Kind } from '../../machines/index.ts';
import { GATHER_MS, ReadModelBehindError } from '../../src/read-model/index.ts';
import { ManualClock } from '../support/manual-clock.ts';
import { create, patch, ProjectedCell, remove, WAIT_MS } from './projected-cell.ts';

const cells: ProjectedCell[] = [];
const start: typeof ProjectedCell.start = async (options) => {
  const cell = await ProjectedCell.start(options);
  cells.push(cell);
  return cell;
};
afterEach(async () => {
  for (const cell of cells.splice(0)) await cell.end();
});

const configMap = kinds.get('ConfigMap') as Kind;

/** What any SQLite client sees. */
function sqlite(cell: ProjectedCell, query: string): unknown[] {
  const database = new Database(cell.file, { readonly: true });
  try {
    return database.prepare(query).raw().all();
  } finally {
    database.close();
  }
}

describe('an object in the read model', () => {
  test('is shown as Kubernetes shows it, part by part in the same order', async () => {
    const cell = await start();
    cell.accept(
      create(
        'a',
        { data: { key: 'välue "quoted"' }, immutable: true },
        { labels: { app: 'web' }, finalizers: ['x/y'] },
      ),
    );
    await cell.projected();
    const record = cell.state.get('ConfigMap', 'default', 'a');
    const { item, revision } = cell.queries.get('ConfigMap', 'default', 'a');
    expect(record && JSON.stringify(renderManifest(configMap, record))).toBe(item);
    expect(revision).toBe(cell.state.revision);
  });

  test('follows changes of each of its parts', async () => {
    const cell = await start();
    cell.accept(create('a', { data: { key: '1' }, binaryData: { b: 'AAAA' } }));
    await cell.projected();
    cell.accept(patch('a', { data: { key: '2' } }));
    await cell.projected();
    cell.accept(patch('a', { binaryData: null, metadata: { annotations: { note: 'x' } } }));
    await cell.projected();
    const record = cell.state.get('ConfigMap', 'default', 'a');
    expect(cell.queries.getRecord('ConfigMap', 'default', 'a').record).toEqual(
      record && JSON.parse(JSON.stringify(record)),
    );
    expect(JSON.parse(cell.queries.get('ConfigMap', 'default', 'a').item ?? '')).not.toHaveProperty('binaryData');
  });

  test('goes when it is removed, and its name can come again at once', async () => {
    const cell = await start();
    cell.accept(create('a', {}, { labels: { app: 'old' }, annotations: { note: 'old' } }));
    await cell.projected();
    cell.accept(remove('a'), create('a', {}, { labels: { app: 'new' } }));
    await cell.projected();
    const uid = cell.state.get('ConfigMap', 'default', 'a')?.uid;
    expect(sqlite(cell, `select uid from objects where kind = 'ConfigMap'`)).toEqual([[uid]]);
    expect(sqlite(cell, `select value from labels where key = 'app'`)).toEqual([['new']]);
    expect(sqlite(cell, 'select * from annotations')).toEqual([]);
    cell.accept(remove('a'));
    await cell.projected();
    expect(cell.queries.get('ConfigMap', 'default', 'a')).toEqual({ revision: cell.state.revision });
  });

  test('has its labels and annotations in tables of their own, changed ones replaced', async () => {
    const cell = await start();
    cell.accept(create('a', {}, { labels: { keep: '1', change: '1', drop: '1' }, annotations: { note: 'one' } }));
    await cell.projected();
    const labels = { change: '2', drop: null, add: '1' };
    cell.accept(patch('a', { metadata: { labels, annotations: { note: 'two' } } }));
    await cell.projected();
    expect(
      sqlite(cell, `select key, value from labels where key <> 'kubernetes.io/metadata.name' order by key`),
    ).toEqual([
      ['add', '1'],
      ['change', '2'],
      ['keep', '1'],
    ]);
    expect(sqlite(cell, 'select key, value from annotations')).toEqual([['note', 'two']]);
  });

  test('names its controlling owner and when it was deleted', async () => {
    const cell = await start();
    const owner = { apiVersion: 'v1', kind: 'ReplicationController', name: 'rc', uid: 'owner-1', controller: true };
    cell.accept(create('a', {}, { ownerReferences: [owner], finalizers: ['x/y'] }));
    cell.accept(remove('a'));
    await cell.projected();
    const deleted = cell.state.get('ConfigMap', 'default', 'a')?.context.metadata.deletionTimestamp;
    expect(sqlite(cell, `select owner_uid, deleted from objects where name = 'a'`)).toEqual([['owner-1', deleted]]);
  });
});

describe('the projection', () => {
  test('gathers changes where nobody waits, and writes an object once for all of them', async () => {
    const clock = new ManualClock();
    const cell = await start({ clock });
    cell.accept(create('a', { data: { n: '0' } }));
    for (let n = 1; n <= 50; n++) cell.accept(patch('a', { data: { n: String(n) } }));
    await clock.advance(GATHER_MS - 1);
    expect(cell.projector.projectedRevision).toBe(0);
    await clock.advance(1);
    await expect.poll(() => cell.projector.projectedRevision).toBe(cell.state.revision);
    expect(cell.queries.get('ConfigMap', 'default', 'a').item).toContain('"n":"50"');
    expect(sqlite(cell, 'select count(*) from outcomes')).toEqual([[1]]);
  });

  test('does not write what came and went between two transactions', async () => {
    const cell = await start({ clock: new ManualClock() });
    cell.accept(create('a', {}, { labels: { app: 'web' } }));
    cell.accept(remove('a'));
    await cell.projected();
    expect(sqlite(cell, `select name from objects where kind = 'ConfigMap'`)).toEqual([]);
    expect(cell.queries.revision()).toBe(cell.state.revision);
  });

  test('writes at once when somebody waits for a revision', async () => {
    const cell = await start({ clock: new ManualClock() });
    const wanted = cell.state.revision + 1;
    const waiting = cell.projector.waitFor(wanted, WAIT_MS);
    cell.accept(create('a'));
    await waiting;
    expect(cell.queries.revision()).toBe(wanted);
  });

  test('answers a wait for a revision that does not come with a typed error that can be tried again', async () => {
    const clock = new ManualClock();
    const cell = await start({ clock });
    const outcome = cell.projector.waitFor(cell.state.revision + 1, 100).catch((error: unknown) => error);
    await clock.advance(100);
    const error = await outcome;
    expect(error).toBeInstanceOf(ReadModelBehindError);
    expect(error).toMatchObject({ retryable: true });
  });

  test('keeps the position of the last entry beside the rows, in the same transaction', async () => {
    const cell = await start();
    cell.accept(create('a'));
    const { applied } = cell.entry(create('a'));
    await cell.projected();
    await cell.projector.close();
    const { position, entry } = applied;
    expect(sqlite(cell, 'select lineage, entry, revision, hash, state_hash, time from position')).toEqual([
      [position.lineage, position.entry, position.revision, position.hash, entry.state, entry.time],
    ]);
  });

  test('refuses an entry that does not follow the last one: that is a bug', async () => {
    const cell = await start();
    const applied = cell.accept(create('a'));
    expect(() => cell.projector.project(applied)).toThrow('does not follow');
  });

  test('writes what is pending when it is closed, and a later one goes on from there', async () => {
    const cell = await start({ clock: new ManualClock() });
    cell.accept(create('a'));
    await cell.projector.close();
    expect(cell.queries.get('ConfigMap', 'default', 'a').revision).toBe(cell.state.revision);
  });

  test('takes more rows than a slice holds, and objects larger than one, in one transaction', async () => {
    const cell = await start({ clock: new ManualClock() });
    for (let batch = 0; batch < 5; batch++) {
      cell.accept(...Array.from({ length: 200 }, (_, n) => create(`many-${batch}-${n}`)));
    }
    for (let n = 0; n < 6; n++) cell.accept(create(`large-${n}`, { data: { text: 'x'.repeat(1_000_000) } }));
    await cell.projected();
    expect(sqlite(cell, `select count(*) from objects where kind = 'ConfigMap'`)).toEqual([[1006]]);
    expect(sqlite(cell, 'select count(*) from outcomes')).toEqual([[1]]);
  });
});
