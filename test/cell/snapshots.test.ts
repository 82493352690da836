/** A start from a snapshot is a start from its position, and only from one that the log and its own bytes prove. */
import { createHash } from 'node:crypto';
import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { openReadModel } from '../../src/cell/open-read-model.ts';
import { RefusedOperationError } from '../../src/cell/refused-operation.ts';
import { doubtOf, listSnapshots, partialPath, type Snapshot, type SnapshotFacts } from '../../src/cell/snapshots.ts';
import { takeSnapshot, unreadableIn } from '../../src/cell/snapshots-take.ts';
import { systemClock } from '../../src/foundation/clock.ts';
import { silentLogger, type Logger } from '../../src/foundation/logger.ts';
import { MemoryLog } from '../../src/log/memory-log.ts';
import { openForWriting } from '../../src/read-model/database.ts';
import { createProjector, prepareReadModel } from '../../src/read-model/index.ts';
import { FOLD_VERSION } from '../../src/state/cell-state.ts';
import { Fold } from '../../src/state/fold.ts';
import { Cell } from '../support/cell.ts';
import { projectInThisThread } from '../support/projection-in-this-thread.ts';

const WAIT_MS = 10_000;
/** More than any test takes. */
const KEEP = 10;

let root: string;
let file: string;
let directory: string;
let log: MemoryLog;
let cell: Cell;
let said: Record<string, unknown>[];
const logger: Logger = { ...silentLogger, warn: (_, fields) => said.push({ ...fields }) };

beforeEach(() => begin());

function begin(): void {
  root = mkdtempSync(join(tmpdir(), 'periplus-snapshots-'));
  file = join(root, 'read-model.sqlite');
  directory = join(root, 'snapshots');
  log = new MemoryLog({ cell: 'test', lineage: 'test', clock: systemClock, appendTimeoutMs: 100 });
  cell = Cell.begin();
  said = [];
}

afterEach(() => rmSync(root, { recursive: true, force: true }));

/** The log grows by ConfigMaps, and the read model follows. */
async function grow(...names: readonly string[]): Promise<void> {
  for (const name of names) cell.create('ConfigMap', { metadata: { name, labels: { name } } });
  const last = await log.lastNumber();
  for (const [index, payload] of cell.payloads.entries()) if (index >= last) await log.append(index + 1, payload);
  await prepareReadModel({ file, logger: silentLogger });
  const projector = await createProjector({
    file,
    clock: systemClock,
    logger: silentLogger,
    startWorker: projectInThisThread,
  });
  const fold = new Fold();
  const from = projector.projectedRevision;
  fold.subscribe((applied) => applied.position.revision > from && projector.project(applied));
  for (const [index, payload] of cell.payloads.entries()) fold.apply({ number: index + 1, payload });
  await projector.waitFor(cell.state.revision, WAIT_MS);
  await projector.close();
}

const take = (keep = KEEP, of = log) =>
  takeSnapshot({ readModelFile: file, directory, log: of, keep, clock: systemClock });

const listed = (): number[] => listSnapshots(directory).map(({ facts }) => facts.entry);

/** Where a start begins, and what it says of the snapshots it passes over. */
async function start(): Promise<{ readonly entry: number; readonly configMaps: number; readonly whys: string[] }> {
  const opened = await openReadModel({
    file,
    snapshots: directory,
    log,
    clock: systemClock,
    logger,
    onFailure: () => undefined,
  });
  opened.queries[Symbol.dispose]();
  await opened.projector.close();
  const { state } = opened;
  const whys = said.flatMap(({ why }) => (typeof why === 'string' ? [why] : []));
  return { entry: state.position.entry, configMaps: [...state.list('ConfigMap')].length, whys };
}

function change(snapshot: Snapshot, facts: Partial<SnapshotFacts>): void {
  writeFileSync(join(snapshot.path, 'snapshot.json'), JSON.stringify({ ...snapshot.facts, ...facts }));
}

function flipByte(path: string, at: number): void {
  const bytes = readFileSync(path);
  bytes.writeUInt8(bytes.readUInt8(at) ^ 1, at);
  writeFileSync(path, bytes);
}

describe('a snapshot', () => {
  test('is a copy of the read model with its position, proven and whole', async () => {
    await grow('a', 'b');
    const snapshot = await take();
    const { entry, revision, hash, lineage } = cell.state.position;
    expect(snapshot.facts).toMatchObject({ cell: 'test', lineage, entry, revision, hash, foldVersion: FOLD_VERSION });
    expect(await doubtOf(snapshot, log)).toBeUndefined();
    expect(readdirSync(snapshot.path).toSorted()).toEqual(['read-model.sqlite', 'snapshot.json']);
    expect(readdirSync(directory)).toEqual([basename(snapshot.path)]);
  });

  test('of a position that has one already is that one', async () => {
    await grow('a');
    const first = await take();
    expect((await take()).facts).toEqual(first.facts);
    expect(listed()).toHaveLength(1);
  });

  test('that was damaged is taken again', async () => {
    await grow('a');
    const first = await take();
    truncateSync(first.readModel, 100);
    expect(await doubtOf(await take(), log)).toBeUndefined();
    expect(listed()).toHaveLength(1);
  });

  test('is not taken of a read model that holds nothing', async () => {
    await prepareReadModel({ file, logger: silentLogger });
    await expect(take()).rejects.toThrow('holds nothing yet');
    expect(readdirSync(directory)).toEqual([]);
  });

  test('is not taken of a read model that does not check out', async () => {
    await grow('a', 'b');
    const database = openForWriting(file);
    database.prepare(`delete from objects where name = 'a'`).run();
    database.close();
    const taking = take();
    await expect(taking).rejects.toBeInstanceOf(RefusedOperationError);
    await expect(taking).rejects.toThrow(/does not check out.*its state hash is/);
    expect(readdirSync(directory)).toEqual([]);
  });

  test('takes what a process that was killed left of its own with it', async () => {
    await grow('a');
    // No process has so high a number.
    const abandoned = partialPath(directory, 4_194_305);
    mkdirSync(abandoned, { recursive: true });
    await take();
    expect(existsSync(abandoned)).toBe(false);
  });
});

describe('of the snapshots', () => {
  test('the newest so many stay', async () => {
    for (const name of ['a', 'b', 'c', 'd']) {
      await grow(name);
      await take(2);
    }
    const { entry } = cell.state.position;
    expect(listed()).toEqual([entry, entry - 1]);
  });

  test('a damaged one counts for none, so that the newest that check out stay', async () => {
    for (const name of ['a', 'b', 'c']) {
      await grow(name);
      await take();
    }
    const [, second] = listSnapshots(directory);
    flipByte(second?.readModel ?? '', 5_000);
    await grow('d');
    await take(3);
    const { entry } = cell.state.position;
    expect(listed()).toEqual([entry, entry - 1, entry - 3]);
  });

  test('one always stays, whatever was asked for', async () => {
    await grow('a');
    await take(0);
    expect(listed()).toHaveLength(1);
  });

  test('those of another cell are not ours to remove', async () => {
    await grow('a');
    change(await take(), { cell: 'another' });
    await grow('b');
    await take(1);
    expect(listed()).toHaveLength(2);
  });

  test('what is none is told of', async () => {
    await grow('a');
    const snapshot = await take();
    mkdirSync(join(directory, 'holiday'));
    writeFileSync(join(snapshot.path, 'snapshot.json'), '{"version":1');
    expect(listed()).toEqual([]);
    expect(
      unreadableIn(directory)
        .map((path) => basename(path))
        .toSorted(),
    ).toEqual([basename(snapshot.path), 'holiday'].toSorted());
  });
});

describe('a start without a read model', () => {
  let older: Snapshot;
  let newer: Snapshot;
  let prepared: { readonly root: string; readonly cell: Cell; readonly log: MemoryLog };

  /** Once: a projection takes a thread of its own. */
  beforeAll(async () => {
    begin();
    await grow('a', 'b');
    await take();
    await grow('c');
    await take();
    await grow('d');
    prepared = { root, cell, log };
  });

  afterAll(() => rmSync(prepared.root, { recursive: true, force: true }));

  beforeEach(() => {
    ({ cell, log } = prepared);
    cpSync(join(prepared.root, 'snapshots'), directory, { recursive: true });
    const [first, second] = listSnapshots(directory);
    if (first === undefined || second === undefined) throw new Error('two were taken');
    newer = first;
    older = second;
  });

  test('begins at the newest snapshot', async () => {
    expect(await start()).toEqual({ entry: newer.facts.entry, configMaps: 3, whys: [] });
    expect(await doubtOf(newer, log)).toBeUndefined();
  });

  test('begins at it too where the read model is damaged', async () => {
    writeFileSync(file, 'no database');
    expect(await start()).toMatchObject({ entry: newer.facts.entry });
  });

  test('begins at the read model where that checks out, however many snapshots there are', async () => {
    cpSync(join(prepared.root, 'read-model.sqlite'), file);
    expect(await start()).toMatchObject({ entry: cell.state.position.entry, configMaps: 4 });
  });

  const cases: readonly [string, () => void, RegExp][] = [
    ['that was cut off', () => truncateSync(newer.readModel, newer.facts.bytes - 4_096), /has \d+ bytes, and had \d+/],
    ['in which a byte was changed', () => flipByte(newer.readModel, 9_000), /some byte of it changed/],
    ['without its file', () => rmSync(newer.readModel), /is missing/],
    ['of another cell', () => change(newer, { cell: 'cell-other' }), /it is of cell cell-other, and this is cell test/],
    [
      'of another lineage',
      () => change(newer, { lineage: '7', hash: 'x' }),
      /of lineage 7, and another entry stands there in lineage test/,
    ],
    ['beyond the end of the log', () => change(newer, { entry: 1_000 }), /entry 1000 of lineage test, which is not in/],
    ['of another fold', () => change(newer, { foldVersion: FOLD_VERSION + 1 }), /its fold version is/],
  ];

  test.each(cases)('passes over a snapshot %s and says so, and begins at the next', async (_, damage, why) => {
    damage();
    const { entry, configMaps, whys } = await start();
    expect({ entry, configMaps }).toEqual({ entry: older.facts.entry, configMaps: 2 });
    expect(whys).toEqual([expect.stringMatching(why)]);
  });

  test('passes over a snapshot whose state is not what the log says, though nobody changed its bytes since', async () => {
    const database = openForWriting(newer.readModel);
    database.pragma('journal_mode = delete');
    database.prepare(`delete from objects where name = 'a'`).run();
    database.close();
    const bytes = readFileSync(newer.readModel);
    change(newer, { bytes: bytes.length, sha256: createHash('sha256').update(bytes).digest('hex') });
    const { entry, whys } = await start();
    expect(entry).toBe(older.facts.entry);
    expect(whys).toEqual([expect.stringMatching(/its state hash is .*, the log says/)]);
  });

  test('begins at the first entry where no snapshot checks out', async () => {
    for (const snapshot of [newer, older]) flipByte(snapshot.readModel, 9_000);
    expect(await start()).toMatchObject({ entry: 0, configMaps: 0, whys: [expect.any(String), expect.any(String)] });
  });

  test('leaves the snapshots as they are', async () => {
    await start();
    expect(listed()).toEqual([newer.facts.entry, older.facts.entry]);
    for (const snapshot of [newer, older]) expect(await doubtOf(snapshot, log)).toBeUndefined();
  });
});
