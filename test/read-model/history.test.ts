// History heals like the read model does: what it lacks comes from the log, what is not on the log goes, and nobody waits for it.
import { copyFileSync, existsSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import type { Worker } from 'node:worker_threads';
import Database from 'better-sqlite3';
import { afterEach, describe, expect, test } from 'vitest';
import { HistoryFailure } from '../../src/bus/query-source.ts';
import { historyPositions } from '../../src/read-model/index.ts';
import { WAITING_MAX_BYTES } from '../../src/read-model/history/recorder-options.ts';
import { startProjectionWorker } from '../../src/read-model/projection-thread.ts';
import { compareMoment, watchFold, type Witness } from '../contract/past-witness.ts';
import { RecordedCell } from '../support/recorded-cell.ts';
import { waitFor } from '../support/wait-for.ts';
import { create, patch, remove, WAIT_MS } from './projected-cell.ts';

function live(cell: RecordedCell, rounds: number): void {
  const from = cell.state.revision;
  for (let round = 0; round < rounds; round++) {
    cell.accept(create(`c${from}-${round}`, { data: { value: String(round) } }));
    cell.accept(patch(`c${from}-${round}`, { data: { more: 'yes' } }));
    if (round % 2 === 0) cell.accept(remove(`c${from}-${round}`));
  }
}

function expectWhole(cell: RecordedCell, witness: Witness): void {
  for (const moment of witness.moments) compareMoment(cell.past, moment);
  expect(cell.past.last()?.revision).toBe(cell.state.revision);
}

/** Checks until it holds; what it raises meanwhile is not yet. */
function until(what: string, holds: () => boolean): Promise<void> {
  const check = () => {
    if (!holds()) throw new Error('not yet');
  };
  return waitFor(what, check, { timeoutMs: WAIT_MS });
}

function caughtUp(cell: RecordedCell): Promise<void> {
  return until('all is recorded', () => cell.history.recorder.recordedRevision === cell.state.revision);
}

describe('history', () => {
  const cells: RecordedCell[] = [];
  afterEach(async () => {
    await Promise.all(cells.splice(0).map((cell) => cell.end()));
  });

  const begin = async (startWorker?: (file: string) => Worker) => {
    const cell = new RecordedCell();
    cells.push(cell);
    const witness = watchFold(cell);
    await cell.open(startWorker ? { startWorker } : {});
    cell.accept({ kind: 'Namespace', namespace: '', ...create('default') });
    return { cell, witness };
  };
  test('goes on after a restart with what was committed meanwhile', async () => {
    const { cell, witness } = await begin();
    live(cell, 5);
    await cell.recorded();
    await cell.close();
    live(cell, 5);
    await cell.open();
    live(cell, 5);
    await caughtUp(cell);
    expectWhole(cell, witness);
  });

  test('is recorded to the last commit when it is closed', async () => {
    const { cell, witness } = await begin();
    live(cell, 3);
    await cell.close();
    using positions = historyPositions(cell.file);
    expect(positions.at(positions.count - 1)?.revision).toBe(cell.state.revision);
    expect(witness.moments.at(-1)?.commit.revision).toBe(cell.state.revision);
  });

  test('is made again from the log when its file is gone', async () => {
    const { cell, witness } = await begin();
    live(cell, 10);
    await cell.close();
    rmSync(cell.file);
    await cell.open();
    await caughtUp(cell);
    expectWhole(cell, witness);
  });

  test.each([
    ['is no database', (file: string) => writeFileSync(file, 'not a database at all'.repeat(500))],
    ['is cut off', (file: string) => truncateSync(file, 8_192)],
    ['is a read model', (file: string) => copyFileSync(`${file.replace(/[^/]*$/, '')}read-model-0-1.sqlite`, file)],
  ])('is made again from the log when its file %s', async (_, damage) => {
    const { cell, witness } = await begin();
    live(cell, 30);
    await cell.close();
    expect(existsSync(cell.file)).toBe(true);
    damage(cell.file);
    await cell.open();
    live(cell, 2);
    await until('all is recorded', () => {
      // The question finds out what the start did not.
      cell.past.countsAt(cell.state.revision);
      return cell.history.recorder.recordedRevision === cell.state.revision;
    });
    expectWhole(cell, witness);
  });

  test('is made again from the log when a commit in it is missing', async () => {
    const { cell, witness } = await begin();
    cell.accept(create('first', { data: { value: 'x' } }));
    const { revision } = cell.state;
    cell.accept(patch('first', { data: { more: 'yes' } }));
    await cell.recorded();
    await cell.close();
    const database = new Database(cell.file);
    expect(database.prepare('delete from commits where revision = ?').run(revision).changes).toBe(1);
    database.close();
    await cell.open();
    const ask = () =>
      cell.past.objectAt({ kind: 'ConfigMap', namespace: 'default', name: 'first' }, cell.state.revision);
    expect(ask).toThrow(/history file is wrong .* made again from the log/);
    await until('all is recorded', () => ask() !== undefined && cell.past.isBehind?.() !== true);
    await caughtUp(cell);
    expectWhole(cell, witness);
  });

  test('says that it is still being read from the log to whoever asks for more than it has', async () => {
    const { cell } = await begin();
    live(cell, 10);
    await cell.close();
    rmSync(cell.file);
    cell.log.freeze();
    // The log answers nothing: what is asked of it at the start is nothing either, since there is no position.
    await cell.open();
    await until('it is behind', () => cell.past.isBehind?.() === true);
    await expect(cell.history.reach(cell.state.revision, 10)).rejects.toThrow(HistoryFailure);
    await expect(cell.history.reach(cell.state.revision, 10)).rejects.toThrow(/being read from the log/);
    cell.log.thaw();
    await caughtUp(cell);
    await cell.history.reach(cell.state.revision, WAIT_MS);
  });

  test('forgets what is not on the log, and keeps what still is', async () => {
    const { cell, witness } = await begin();
    live(cell, 4);
    await cell.recorded();
    const { entry: kept } = cell.state.position;
    const keptRevision = cell.state.revision;
    live(cell, 4);
    await cell.recorded();
    await cell.close();
    cell.log.loseEnd(kept);
    await cell.openAt(kept);
    await until('it is taken back', () => cell.history.recorder.recordedRevision === keptRevision);
    for (const moment of witness.moments.filter(({ commit }) => commit.revision <= keptRevision))
      compareMoment(cell.past, moment);
    expect(cell.past.last()?.revision).toBe(keptRevision);
    expect(cell.past.commit(keptRevision + 1)).toBeUndefined();
  });

  test('goes on after its worker crashed, with nothing left out', async () => {
    let worker: Worker | undefined;
    const { cell, witness } = await begin((file) => (worker = startProjectionWorker(file)));
    live(cell, 3);
    await cell.recorded();
    const first = worker;
    await first?.terminate();
    live(cell, 3);
    await until('there is another worker', () => worker !== first);
    await caughtUp(cell);
    expectWhole(cell, witness);
  });

  test('takes from the log what no longer fits into memory while its worker is away', async () => {
    let worker: Worker | undefined;
    const { cell, witness } = await begin((file) => (worker = startProjectionWorker(file)));
    await cell.recorded();
    await worker?.terminate();
    const text = 'x'.repeat(900_000);
    for (let size = 0; size < WAITING_MAX_BYTES + 1_000_000; size += text.length)
      cell.accept(create(`large-${size}`, { data: { text } }));
    await caughtUp(cell);
    const last = witness.moments.at(-1);
    if (last !== undefined) compareMoment(cell.past, last);
    expect(cell.past.records({}, { order: 'oldest-first' }).records).toHaveLength(witness.recorded.length);
  });

  test('lists who lived then after thousands have come and gone', async () => {
    const { cell, witness } = await begin();
    for (let round = 0; round < 30; round++) {
      const names = Array.from({ length: 200 }, (_, index) => `r${round}-${index}`);
      cell.accept(...names.map((name) => create(name)));
      if (round % 3 < 2) cell.accept(...names.map(remove));
    }
    await cell.recorded();
    const { moments } = witness;
    for (let index = 0; index < moments.length; index += Math.floor(moments.length / 12)) {
      const { commit, objects } = moments[index] ?? { commit: { revision: 0 }, objects: new Map() };
      const wanted = [...objects.values()].filter(({ kind }) => kind === 'ConfigMap').map(({ name }) => name);
      const found = cell.past.listAt({ kind: 'ConfigMap', revision: commit.revision, limit: 10_000 });
      expect(found.records.map(({ name }) => name)).toEqual(wanted.toSorted());
    }
  });
});
