/** An export is read back byte for byte, or told to be cut, changed, or none at all. */
import { randomBytes } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { openExport, type ExportFile } from '../../src/history/export-file.ts';
import { ExportFileError, FRAME_BYTES } from '../../src/history/export-format.ts';
import { LogDamageError } from '../../src/log/entry.ts';
import type { StoredEntry } from '../../src/log/event-log.ts';
import { Cell } from '../support/cell.ts';
import { ExportFolder, headerFor, storedEntries } from '../support/exported.ts';
import { ChainMaker, summary } from '../support/log-entries.ts';

const folder = new ExportFolder();
let entries: readonly StoredEntry[];
let good: Buffer;

beforeAll(async () => {
  const cell = Cell.begin();
  for (let number = 0; number < 40; number++) cell.create('ConfigMap', { metadata: { name: `c${number}` } });
  entries = storedEntries(cell.payloads);
  await folder.write(entries);
  good = readFileSync(folder.file());
});

afterAll(() => folder.remove());

async function readAll(file: ExportFile): Promise<StoredEntry[]> {
  const read: StoredEntry[] = [];
  for await (const batch of file.entries()) read.push(...batch);
  return read;
}

/** What reading a file of these bytes says. */
async function trouble(bytes: Uint8Array): Promise<unknown> {
  const path = folder.file('changed.export');
  writeFileSync(path, bytes);
  try {
    await using file = await openExport(path);
    await readAll(file);
    return undefined;
  } catch (error) {
    return error;
  }
}

describe('an export', () => {
  test('gives back every entry byte for byte, and says how many there were', async () => {
    await using file = await openExport(folder.file());
    expect(file.header).toEqual(headerFor(entries));
    expect(file.end).toBeUndefined();
    expect(summary(await readAll(file))).toEqual(summary(entries));
    const commits = headerFor(entries).last.revision;
    expect(file.end).toMatchObject({ entries: entries.length, commits });
    expect(file.end?.lineages).toEqual([{ lineage: headerFor(entries).lineage, firstEntry: 1 }]);
  });

  test('says in its first two lines what it is, for anybody', () => {
    const [magic, header = ''] = good.toString('latin1').split('\n');
    expect(magic).toBe('periplus-export 1');
    expect(JSON.parse(header)).toMatchObject({ cell: 'cell-test', first: { entry: 1 } });
  });

  test('of an empty log is one', async () => {
    await folder.write([], { name: 'empty.export' });
    await using file = await openExport(folder.file('empty.export'));
    expect(await readAll(file)).toEqual([]);
    expect(file.end).toMatchObject({ entries: 0, commits: 0 });
  });

  test('of many frames is handed out frame by frame', async () => {
    const chain = new ChainMaker();
    const large = Array.from({ length: 9 }, () => chain.next(FRAME_BYTES / 2));
    const header = { ...headerFor(large) };
    await folder.write(large, { name: 'large.export', header });
    await using file = await openExport(folder.file('large.export'));
    const batches: number[] = [];
    for await (const batch of file.entries()) batches.push(batch.length);
    expect(batches).toEqual([2, 2, 2, 2, 1]);
    expect(readFileSync(folder.file('large.export')).length).toBeLessThan(FRAME_BYTES);
  });

  test('can be left half-way', async () => {
    await using file = await openExport(folder.file());
    for await (const batch of file.entries()) {
      expect(batch.length).toBeGreaterThan(0);
      break;
    }
  });

  test('of a log that does not chain is not written', async () => {
    const broken = entries.map((entry) =>
      entry.number === 20 ? { number: 20, payload: entries[20]!.payload } : entry,
    );
    const writing = folder.write(broken, { name: 'broken.export' });
    await expect(writing).rejects.toBeInstanceOf(LogDamageError);
    await expect(writing).rejects.toMatchObject({ entry: 20 });
  });

  test('of a log with a hole is not written', async () => {
    const writing = folder.write(
      entries.filter(({ number }) => number !== 12),
      { name: 'hole.export', header: headerFor(entries) },
    );
    await expect(writing).rejects.toMatchObject({ entry: 12 });
  });

  test('of a log that ends before it should is not written', async () => {
    const writing = folder.write(entries.slice(0, 30), { name: 'short.export', header: headerFor(entries) });
    await expect(writing).rejects.toMatchObject({ entry: 31 });
  });
});

describe('a file that is no whole export', () => {
  test.each<[string, () => Uint8Array, string]>([
    ['empty', () => Buffer.alloc(0), 'is no export of a cell'],
    ['garbage', () => randomBytes(100_000), 'is no export of a cell'],
    ['text without lines', () => Buffer.alloc(1_000_000, 'x'), 'is no export of a cell'],
    ['of another format', () => Buffer.concat([Buffer.from('periplus-export 7\n'), good]), 'is an export of format 7'],
    ['without a header', () => Buffer.from('periplus-export 1\n{}\n'), 'its header cannot be read'],
    ['cut in its header', () => good.subarray(0, 40), 'its header cannot be read'],
    [
      'cut before its checkpoints',
      () => good.subarray(0, good.indexOf('\n', 20) + 3),
      'its checkpoints cannot be read',
    ],
    ['cut before its end', () => good.subarray(0, -1), `is cut off after entry `],
    ['cut in its entries', () => good.subarray(0, good.length - 400), `is cut off after entry 0 of `],
    ['longer than it was', () => Buffer.concat([good, Buffer.from('x')]), 'it goes on after its end'],
  ])('%s is told to be none', async (_, bytes, message) => {
    const error = await trouble(bytes());
    expect(error).toBeInstanceOf(ExportFileError);
    expect((error as Error).message).toContain(message);
  });

  test('cut anywhere is never read as a whole one', async () => {
    for (let length = 0; length < good.length; length += 13) {
      expect(await trouble(good.subarray(0, length)), `cut to ${length} bytes`).toBeInstanceOf(ExportFileError);
    }
  });

  test('with any bit changed is never read as a whole one', async () => {
    for (let at = 0; at < good.length; at += 3) {
      const changed = Buffer.from(good);
      changed.writeUInt8(changed.readUInt8(at) ^ (1 << (at % 8)), at);
      expect(await trouble(changed), `byte ${at}`).toBeInstanceOf(ExportFileError);
    }
  });
});
