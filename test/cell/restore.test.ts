/** A cell is made from an export as a whole or not at all, and never over anything that is there. */
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { connectBus } from '../../src/bus/connection.ts';
import { dataDirectory, identityOf, readJson, UNFINISHED_RESTORE } from '../../src/cell/data-directory.ts';
import { RefusedOperationError } from '../../src/cell/refused-operation.ts';
import { restoreCell, type RestoreCellOptions } from '../../src/cell/restore-cell.ts';
import { systemClock } from '../../src/foundation/clock.ts';
import { silentLogger } from '../../src/foundation/logger.ts';
import { newSigningKey } from '../../src/foundation/signing-key.ts';
import { startNatsServer } from '../../src/bus/embedded-server.ts';
import { ExportFileError } from '../../src/history/export-format.ts';
import { openCheckpoints } from '../../src/log/checkpoint-bucket.ts';
import { signCheckpoint, signingKeyOf, type Checkpoint } from '../../src/log/checkpoint.ts';
import { decodeEntry, encodeEntry, hashOf, LogDamageError } from '../../src/log/entry.ts';
import type { StoredEntry } from '../../src/log/event-log.ts';
import { openLog } from '../../src/log/jetstream-log.ts';
import { FOLD_VERSION } from '../../src/state/cell-state.ts';
import { Fold } from '../../src/state/fold.ts';
import { Cell } from '../support/cell.ts';
import { ExportFolder, headerFor, storedEntries } from '../support/exported.ts';
import { summary } from '../support/log-entries.ts';

const folder = new ExportFolder();
const key = signingKeyOf(newSigningKey());
let entries: readonly StoredEntry[];
let lastRevision: number;
let made = 0;
let data: string;

beforeAll(async () => {
  const cell = Cell.begin();
  for (let number = 0; number < 30; number++) cell.create('ConfigMap', { metadata: { name: `c${number}` } });
  entries = storedEntries(cell.payloads);
  lastRevision = cell.state.revision;
  await folder.write(entries, { checkpoints: [checkpointAt(10)] });
});

afterAll(() => folder.remove());

beforeEach(() => {
  data = join(folder.path, `cell-${++made}`);
});

function restore(more: Partial<RestoreCellOptions> = {}) {
  return restoreCell({ file: folder.file(), data, signal: new AbortController().signal, ...more });
}

function checkpointAt(number: number, change: Partial<Checkpoint> = {}): Checkpoint {
  const payload = entries[number - 1]?.payload ?? new Uint8Array();
  const { lineage, firstRevision, commits, state } = decodeEntry(payload, { entry: number, revision: 0 });
  const revision = firstRevision + commits.length - 1;
  const facts = {
    cell: 'cell-test',
    lineage,
    entry: number,
    revision,
    hash: hashOf(payload),
    state,
    fold: FOLD_VERSION,
  };
  return signCheckpoint({ ...facts, time: 1, ...change }, key);
}

/** What is in the log and among the checkpoints of the cell in the data directory, read by a server that is its own. */
async function contents(): Promise<{
  readonly fold: Fold;
  readonly log: readonly StoredEntry[];
  readonly checkpoints: number[];
}> {
  const { cell } = identityOf(dataDirectory(data));
  const server = await startNatsServer({ dataDirectory: data, users: [], logger: silentLogger, clock: systemClock });
  const bus = await connectBus({ cell, actor: 'test', url: server.url, user: '', password: '' }, { name: 'test' });
  try {
    const { connection } = bus;
    const log = await openLog({ connection, cell, clock: systemClock, logger: silentLogger });
    const fold = new Fold();
    const stored: StoredEntry[] = [];
    for (let number = 1; number <= (await log.lastNumber()); number++) {
      const entry = await log.get(number);
      if (entry === undefined) throw new Error(`no entry ${number}`);
      stored.push(entry);
      fold.apply(entry);
    }
    const checkpoints = (await (await openCheckpoints({ connection, cell })).list()).map(({ entry }) => entry);
    return { fold, log: stored, checkpoints };
  } finally {
    await bus.close();
    await server.stop();
  }
}

describe('a restored cell', () => {
  test('has the old log byte for byte, an entry of its own, its checkpoints, and revisions above all there were', async () => {
    const before = systemClock.now() * 1000;
    const restored = await restore();
    expect(restored.takenOver).toMatchObject({ entry: entries.length, revision: lastRevision });
    expect(restored.firstRevision).toBeGreaterThan(before);
    const { fold, log, checkpoints } = await contents();
    expect(summary(log.slice(0, -1))).toEqual(summary(entries));
    expect(log).toHaveLength(entries.length + 1);
    expect(fold.state.position.lineage).toBe(restored.lineage);
    expect(fold.state.revision).toBe(restored.firstRevision - 1);
    expect([...fold.state.list('ConfigMap')]).toHaveLength(30);
    expect(checkpoints).toEqual([10]);
  });

  test('is a cell of its own that was up before, so that no demo is applied to it', async () => {
    const { cell } = await restore();
    expect(cell).not.toBe('cell-test');
    expect(identityOf(dataDirectory(data))).toEqual({ cell, startedBefore: true });
    expect(readdirSync(data).toSorted()).toEqual(['identity.json', 'nats']);
  });

  test('was at last seen by a server that syncs always, and is closed to others', async () => {
    await restore();
    const config = readFileSync(join(data, 'nats/nats-server.conf'), 'utf8');
    expect(JSON.parse(config)).toMatchObject({ jetstream: { sync_interval: 'always' }, host: '127.0.0.1' });
    expect(config).toContain('"password"');
  });

  test('takes the old name when asked to', async () => {
    expect(await restore({ keepName: true })).toMatchObject({ cell: 'cell-test' });
    expect((await contents()).log).toHaveLength(entries.length + 1);
  });

  test('ends at the revision asked for', async () => {
    const to = lastRevision - 10;
    const restored = await restore({ to });
    expect(restored.takenOver.revision).toBe(to);
    const { fold } = await contents();
    expect([...fold.state.list('ConfigMap')]).toHaveLength(20);
  });

  test('has no checkpoint of what was not wanted', async () => {
    await restore({ to: 5 });
    expect((await contents()).checkpoints).toEqual([]);
  });

  test('can be made in a directory that is there and empty', async () => {
    mkdirSync(data);
    await restore();
    expect(identityOf(dataDirectory(data))).toMatchObject({ startedBefore: true });
  });

  test('gives revisions above one that the export only knew of', async () => {
    const knownRevision = 4_000_000_000_000_000;
    await folder.write(entries, { name: 'known.export', header: { ...headerFor(entries), knownRevision } });
    expect((await restore({ file: folder.file('known.export') })).firstRevision).toBe(knownRevision + 1);
  });
});

describe('nothing is made', () => {
  test.each([0, 1_000_000])('up to revision %i, which is not in the export', async (to) => {
    await expect(restore({ to })).rejects.toThrow(`--to: revision ${to} is not in the export`);
    expect(existsSync(data)).toBe(false);
  });

  test('in a directory that holds anything', async () => {
    mkdirSync(data);
    writeFileSync(join(data, 'letter.txt'), 'dear');
    await expect(restore()).rejects.toThrow('it holds letter.txt');
    expect(readdirSync(data)).toEqual(['letter.txt']);
  });

  test('over a restored cell', async () => {
    await restore();
    const { cell } = identityOf(dataDirectory(data));
    await expect(restore()).rejects.toBeInstanceOf(RefusedOperationError);
    expect(identityOf(dataDirectory(data)).cell).toBe(cell);
  });

  test('where the directory cannot be made', async () => {
    writeFileSync(data, 'a file');
    await expect(restore()).rejects.toThrow(/cannot restore into .*EEXIST/);
  });

  test('from a file that is not there', async () => {
    await expect(restore({ file: folder.file('none') })).rejects.toThrow(/cannot read .*ENOENT/);
  });

  test('from an export whose log is wrong, which names entry and revision', async () => {
    const forged = forge(20, { state: '0123456789abcdef' });
    await folder.write(forged, { name: 'forged.export', header: headerFor(forged) });
    const restoring = restore({ file: folder.file('forged.export') });
    await expect(restoring).rejects.toBeInstanceOf(LogDamageError);
    await expect(restoring).rejects.toThrow(/^the log is wrong at entry 20 \(revision \d+\): the state after it is/);
    expect(existsSync(data)).toBe(false);
  });

  test('from an export that contradicts its checkpoint', async () => {
    const checkpoints = [checkpointAt(10, { hash: 'h'.repeat(43) })];
    await folder.write(entries, { name: 'contradicted.export', checkpoints });
    const restoring = restore({ file: folder.file('contradicted.export') });
    await expect(restoring).rejects.toBeInstanceOf(ExportFileError);
    await expect(restoring).rejects.toThrow(/contradicts its checkpoint at entry 10 \(revision \d+\)/);
    expect(existsSync(data)).toBe(false);
  });

  test('once it is called off, and an empty directory stays empty', async () => {
    mkdirSync(data);
    await expect(restore({ signal: AbortSignal.abort() })).rejects.toThrow();
    expect(readdirSync(data)).toEqual([]);
  });
});

describe('a restore that was killed', () => {
  beforeEach(() => {
    mkdirSync(join(data, UNFINISHED_RESTORE, 'nats'), { recursive: true });
    // Between the two last steps the log is in its place already.
    mkdirSync(join(data, 'nats'));
  });

  test('left nothing that can be started', () => {
    expect(() => identityOf(dataDirectory(data))).toThrow('was not finished: run "periplus restore" again');
    expect(readJson(dataDirectory(data).identity)).toBeUndefined();
  });

  test('is begun anew by the next', async () => {
    await restore();
    expect(readdirSync(data).toSorted()).toEqual(['identity.json', 'nats']);
    expect((await contents()).log).toHaveLength(entries.length + 1);
  });
});

/** The log with a change to the head of one entry, chained again to its end as somebody who may write it can. */
function forge(number: number, change: object): readonly StoredEntry[] {
  let previous = '';
  return entries.map((stored) => {
    const { commits, refused, unchanged, ...head } = decodeEntry(stored.payload, { entry: stored.number, revision: 0 });
    const payload = encodeEntry(
      { ...head, ...(previous === '' ? {} : { previous }), ...(stored.number === number ? change : {}) },
      { commits: texts(commits), refused: texts(refused), unchanged: texts(unchanged) },
    );
    previous = hashOf(payload);
    return { number: stored.number, payload };
  });
}

function texts(items: readonly object[]): string[] {
  return items.map((item) => JSON.stringify(item));
}
