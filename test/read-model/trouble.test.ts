// What goes wrong around the read model: a worker killed in the middle, a full disk, a file that is no read model.
import { mkdirSync, writeFileSync } from 'node:fs';
import { Worker } from 'node:worker_threads';
import Database from 'better-sqlite3';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { systemClock } from '../../src/foundation/clock.ts';
import { silentLogger, type Logger } from '../../src/foundation/logger.ts';
import {
  CLOSE_TIMEOUT_MS,
  createProjector,
  loadReadModel,
  openQueries,
  prepareReadModel,
  ReadModelBehindError,
  ReadModelDamagedError,
  ReadModelUnavailableError,
  RETRY_DELAY_MS,
} from '../../src/read-model/index.ts';
import { startProjectionWorker } from '../../src/read-model/projection-thread.ts';
import { CellState, FOLD_VERSION } from '../../src/state/cell-state.ts';
import { ManualClock } from '../support/manual-clock.ts';
import type { BreakMessage } from './breakable-worker.ts';
import { create, patch, ProjectedCell, remove, temporaryFile } from './projected-cell.ts';

/** A cell whose projection workers the test can reach. */
async function startBreakable(clock: ManualClock) {
  const workers: Worker[] = [];
  const startWorker = (file: string): Worker => {
    const worker = new Worker(new URL('./breakable-worker.ts', import.meta.url), {
      workerData: { file },
      execArgv: [],
    });
    workers.push(worker);
    return worker;
  };
  const cell = await ProjectedCell.start({ clock, startWorker });
  const say = (message: BreakMessage) => workers.at(-1)?.postMessage(message);
  return { cell, workers, say };
}

/** Loads what is in the file and says whether it is a state that the log's entry vouches for. */
function loaded(file: string): CellState {
  const stored = loadReadModel(file);
  if (stored === undefined) throw new Error('something was projected');
  using state = stored;
  const cellState = CellState.from(state);
  expect(cellState.stateHash()).toBe(state.stateHash);
  return cellState;
}

const batchOf = (prefix: string) =>
  Array.from({ length: 200 }, (_, n) => create(`${prefix}-${n}`, { data: { n: '1' } }));

describe('a worker that is killed', () => {
  test('in the middle of a transaction leaves position and rows of the one before, and another goes on', async () => {
    const clock = new ManualClock();
    const { cell, workers } = await startBreakable(clock);
    cell.accept(create('before'));
    await cell.projected();
    const { revision } = cell.state;
    for (let batch = 0; batch < 6; batch++) cell.accept(...batchOf(`batch-${batch}`));
    const waiting = cell.projected();
    // The first slice of three is under way.
    await new Promise((resolve) => workers[0]?.once('message', resolve));
    await workers[0]?.terminate();
    expect(loaded(cell.file).revision).toBe(revision);
    expect(cell.projector.trouble).toBeInstanceOf(ReadModelUnavailableError);

    cell.accept(patch('before', { data: { n: '2' } }), remove('batch-0-0'), create('batch-0-0'));
    await clock.advance(RETRY_DELAY_MS);
    await waiting;
    await cell.projected();
    expect(workers).toHaveLength(2);
    expect(cell.projector.trouble).toBeUndefined();
    await cell.projector.close();
    expect(loaded(cell.file).stateHash()).toBe(cell.state.stateHash());
    await cell.end();
  });

  test('after its commit but before saying so does not have its rows written twice', async () => {
    const clock = new ManualClock();
    const { cell, workers } = await startBreakable(clock);
    await cell.projected();
    const [worker] = workers;
    // The commit's answer never arrives.
    const committed = new Promise<void>((resolve) => {
      const emit = worker?.emit.bind(worker);
      if (worker === undefined || emit === undefined) return;
      worker.emit = (event: string | symbol, ...values: unknown[]) => {
        if (event !== 'message') return emit(event, ...values);
        resolve();
        return true;
      };
    });
    cell.accept(create('a'));
    const waiting = cell.projected();
    await committed;
    await worker?.terminate();
    await clock.advance(RETRY_DELAY_MS);
    await waiting;
    await cell.projector.close();
    expect(loaded(cell.file).stateHash()).toBe(cell.state.stateHash());
    await cell.end();
  });
});

describe('a full disk', () => {
  test('is a typed error that can be tried again, and the projection goes on once there is space', async () => {
    const clock = new ManualClock();
    const { cell, say } = await startBreakable(clock);
    await cell.projected();
    const { revision } = cell.state;
    say({ type: 'break', maxPages: 1 });
    cell.accept(create('large', { data: { text: 'x'.repeat(100_000) } }));
    const waiting = cell.projector.waitFor(cell.state.revision, 500).catch((error: unknown) => error);
    await expect.poll(() => cell.projector.trouble).toBeInstanceOf(ReadModelUnavailableError);
    expect(cell.projector.trouble).toMatchObject({
      retryable: true,
      message: expect.stringContaining('no space left'),
    });
    await clock.advance(500);
    expect(await waiting).toBeInstanceOf(ReadModelBehindError);
    expect(await waiting).toMatchObject({ cause: cell.projector.trouble });

    cell.accept(patch('large', { data: { more: 'y' } }));
    expect(cell.queries.revision()).toBe(revision);
    say({ type: 'break', maxPages: 1_000_000 });
    const recovered = cell.projected();
    await clock.advance(RETRY_DELAY_MS);
    await recovered;
    expect(cell.projector.trouble).toBeUndefined();
    expect(cell.queries.getRecord('ConfigMap', 'default', 'large').record?.revision).toBe(cell.state.revision);
    await cell.end();
  });

  test('does not keep a projector from closing, which says what it could not write', async () => {
    const clock = new ManualClock();
    const { cell, say } = await startBreakable(clock);
    await cell.projected();
    say({ type: 'break', maxPages: 1 });
    cell.accept(create('large', { data: { text: 'x'.repeat(100_000) } }));
    const closing = cell.projector.close().catch((error: unknown) => error);
    await expect.poll(() => cell.projector.trouble).toBeDefined();
    await clock.advance(CLOSE_TIMEOUT_MS);
    expect(await closing).toBeInstanceOf(ReadModelUnavailableError);
    loaded(cell.file);
    await cell.end().catch(() => undefined);
  });
});

describe('a file that is no read model of ours', () => {
  let place: ReturnType<typeof temporaryFile>;
  const warnings: string[] = [];
  const logger: Logger = { ...silentLogger, warn: (_message, fields) => warnings.push(String(fields?.['why'])) };
  beforeEach(() => {
    place = temporaryFile();
    warnings.length = 0;
  });
  afterEach(() => place.remove());

  /** Prepares; what is there afterwards is new and empty, and why is said. */
  async function expectDiscarded(why: string): Promise<void> {
    await prepareReadModel({ file: place.file, logger });
    expect(warnings).toEqual([expect.stringContaining(why)]);
    expect(loadReadModel(place.file)).toBeUndefined();
    using queries = openQueries(place.file);
    expect(queries.revision()).toBe(0);
  }

  async function prepared(): Promise<Database.Database> {
    await prepareReadModel({ file: place.file, logger: silentLogger });
    return new Database(place.file);
  }

  test('because it is garbage, is begun anew', async () => {
    writeFileSync(place.file, 'no database at all '.repeat(1000));
    await expectDiscarded('not a database');
  });

  test('because it is of another program, is begun anew', async () => {
    const database = new Database(place.file);
    database.exec('create table something (other text)');
    database.close();
    await expectDiscarded('not a read model');
  });

  test('because its fold was another, is begun anew', async () => {
    const database = await prepared();
    database.exec(`update position set fold_version = ${FOLD_VERSION + 1}, entry = 7`);
    database.close();
    await expectDiscarded('fold version');
  });

  test('because a newer program has migrated it, is begun anew', async () => {
    const database = await prepared();
    database.exec(`insert into kysely_migration values ('9999-future', '2030-01-01T00:00:00Z')`);
    database.close();
    await expectDiscarded('unknown migrations');
  });

  test('because its pages are damaged, is begun anew when a process had not closed it', async () => {
    const database = await prepared();
    database.exec(`insert into labels values (1, 'key', 'value')`);
    const root: unknown = database
      .prepare(`select rootpage from sqlite_schema where name = 'labels_by_value'`)
      .pluck()
      .get();
    database.unsafeMode();
    database.pragma('writable_schema = on');
    database.exec(`update sqlite_schema set rootpage = ${Number(root) - 1} where name = 'labels_by_value'`);
    database.pragma('writable_schema = reset');
    database.close();
    writeFileSync(`${place.file}-wal`, '');
    await prepareReadModel({ file: place.file, logger });
    expect(warnings).toHaveLength(1);
  });

  test('is not discarded for what time or an operator can heal', async () => {
    mkdirSync(place.file);
    await expect(prepareReadModel({ file: place.file, logger })).rejects.toBeInstanceOf(ReadModelUnavailableError);
    expect(warnings).toEqual([]);
  });

  test('is not projected into', async () => {
    writeFileSync(place.file, 'no database at all '.repeat(1000));
    const options = { file: place.file, clock: systemClock, logger: silentLogger };
    await expect(createProjector(options)).rejects.toBeInstanceOf(ReadModelDamagedError);
    expect(() => loadReadModel(place.file)).toThrow(ReadModelDamagedError);
    expect(() => openQueries(place.file)).toThrow(ReadModelDamagedError);
  });
});

test('a read model that another process wrote meanwhile is given up, and whoever waits is told', async () => {
  const clock = new ManualClock();
  const failures: Error[] = [];
  const workers: Worker[] = [];
  const startWorker = (file: string): Worker => {
    const worker = new Worker(new URL('./breakable-worker.ts', import.meta.url), {
      workerData: { file },
      execArgv: [],
    });
    workers.push(worker);
    return worker;
  };
  const cell = await ProjectedCell.start({ clock, startWorker, onFailure: (error) => failures.push(error) });
  await cell.projected();
  await workers[0]?.terminate();
  const database = new Database(cell.file);
  database.exec('update position set entry = entry + 5');
  database.close();
  cell.accept(create('a'));
  const waiting = cell.projected().catch((error: unknown) => error);
  await clock.advance(RETRY_DELAY_MS);
  expect(await waiting).toBeInstanceOf(ReadModelDamagedError);
  expect(failures).toEqual([await waiting]);
  await expect(cell.projected()).rejects.toBe(failures[0]);
  cell.accept(create('b'));
  await cell.end();
});

test('any SQLite client can read while the cell writes', async () => {
  const cell = await ProjectedCell.start({ startWorker: startProjectionWorker });
  const client = new Database(cell.file, { readonly: true });
  for (let n = 0; n < 20; n++) {
    cell.accept(create(`c-${n}`));
    await cell.projected();
    const count: unknown = client.prepare(`select count(*) from objects where kind = 'ConfigMap'`).pluck().get();
    expect(count).toBe(n + 1);
  }
  client.close();
  await cell.end();
});
