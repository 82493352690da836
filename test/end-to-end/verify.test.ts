/** What `verify` and `checkpoint` say of a real cell, line by line, and how they end. */
import { mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import Database from 'better-sqlite3';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Checkpoint } from '../../src/log/checkpoint.ts';
import { dataDirectory, historyFileOf } from '../../src/cell/data-directory.ts';
import { RealCell } from '../support/real-cell.ts';
import { RealCommandLine } from '../support/real-command-line.ts';

const EVERY_ENTRIES = 5;

let cell: RealCell;
let line: RealCommandLine;
let folder: string;
/** An auditor's file, made while the log was short. */
let kept: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'periplus-verify-'));
  kept = join(folder, 'kept.json');
  cell = await RealCell.start({ runtime: 'hollow' });
  line = new RealCommandLine(cell);
  await line.output(['checkpoint', '-o', kept]);
  const spec = { checkpointEntries: EVERY_ENTRIES };
  await line.apply({ apiVersion: 'periplus.dev/v1', kind: 'CellConfiguration', metadata: { name: 'cell' }, spec });
  for (let index = 0; index < 3 * EVERY_ENTRIES; index++) {
    await line.apply({ apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: `m${index}` }, data: { key: 'value' } });
  }
});
afterAll(async () => {
  await cell.dispose();
  await rm(folder, { recursive: true, force: true });
});

async function keptCheckpoint(): Promise<Checkpoint> {
  return JSON.parse(await readFile(kept, 'utf8')) as Checkpoint;
}

async function written(name: string, content: unknown): Promise<string> {
  const file = join(folder, name);
  await writeFile(file, typeof content === 'string' ? content : JSON.stringify(content));
  return file;
}

test('a cell is what its log says: log, read model, memory, and what an auditor kept', async () => {
  const { key, entry } = await keptCheckpoint();
  const said = await line.output(['verify', '--deep', '--against', kept]);
  const lines = said.trimEnd().split('\n');
  expect(lines).toHaveLength(6);
  expect(lines[0]).toMatch(/^The log of cell \S+ \(lineage 1\) is right: \d+ entries, \d+ commits, 0 refusals, up to/);
  expect(lines[1]).toContain(`(signed by this cell's key ${key})`);
  expect(lines[2]).toMatch(/^All \d+ rows of the read model at revision \d+ are what it makes\.$/);
  expect(lines[3]).toMatch(/^All \d+ commits and refusals of the history are those of the log\.$/);
  expect(lines[4]).toMatch(/^All \d+ objects in the writer's memory at revision \d+ are what it makes\.$/);
  expect(lines[5]).toContain(`the checkpoint of entry ${entry}`);
  expect(lines[5]).toContain(`is in the log, signed`);
});

test('the writer keeps a checkpoint every so many entries, and its key for itself', async () => {
  await cell.eventually('some are kept', async () => {
    const all = JSON.parse(await line.output('checkpoint --all')) as Checkpoint[];
    const [, second, third] = all.map(({ entry }) => entry);
    if (second === undefined || third === undefined) throw new Error(`only ${all.length}`);
    expect(third - second).toBeGreaterThanOrEqual(EVERY_ENTRIES);
  });
  const { mode } = await stat(dataDirectory(cell.directory).checkpointKey);
  expect(mode & 0o777).toBe(0o600);
  expect(await line.output('status')).toContain(`key ${(await keptCheckpoint()).key}`);
});

describe('what proves nothing is told, with exit code 1:', () => {
  test('a checkpoint that was changed', async () => {
    const file = await written('changed.json', { ...(await keptCheckpoint()), revision: 1_000 });
    const { exitCode, output } = await line.run(['verify', '--against', file]);
    expect(exitCode).toBe(1);
    expect(output).toContain('proves nothing: its signature is not of the key');
  });

  test('and all of it as JSON, where somebody asks so', async () => {
    const file = await written('json.json', [await keptCheckpoint(), { ...(await keptCheckpoint()), time: 1 }]);
    const { exitCode, output } = await line.run(['verify', '--against', file, '-o', 'json']);
    expect(exitCode).toBe(1);
    const { against } = JSON.parse(output) as { readonly against: readonly object[] };
    expect(against).toMatchObject([{ outcome: 'contained' }, { outcome: 'refuted', reason: 'BadSignature' }]);
  });

  test('a row of the read model that somebody changed', async () => {
    const database = new Database(dataDirectory(cell.directory).readModel);
    const write = database.prepare(`update objects set body = replace(body, ?, ?) where name = 'm0'`);
    write.run('value', 'other');
    const { exitCode, output } = await line.run('verify --deep');
    write.run('other', 'value');
    database.close();
    expect(exitCode).toBe(1);
    expect(output).toMatch(
      /is not what it makes: table objects, created_revision=\d+, column body: expected \{"data":\{"key":"value"\}\}, found \{"data":\{"key":"other"\}\}\./,
    );
    expect(await line.output('verify --deep')).not.toContain('is not what it makes');
  });

  test('a commit that somebody changed in the history', async () => {
    const database = new Database(historyFileOf(dataDirectory(cell.directory).readModel));
    database.exec('update commits set time = time + 1 where revision = 2');
    const { exitCode, output } = await line.run('verify --deep');
    database.exec('update commits set time = time - 1 where revision = 2');
    database.close();
    expect(exitCode).toBe(1);
    expect(output).toMatch(/^The history differs from the log at entry \d+: expected \{"commit":\{"revision":2,/m);
    expect(await line.output('verify --deep')).toMatch(
      /^All \d+ commits and refusals of the history are those of the log\.$/m,
    );
  });
});

describe('a file that cannot be used is told of, with exit code 2:', () => {
  test.each<[string, string, string]>([
    ['garbage', '{', 'it is not JSON'],
    ['something else', '{}', 'it is no checkpoint of version 1'],
    ['nothing', '[]', 'there is no checkpoint in it'],
  ])('%s', async (name, content, says) => {
    const file = await written(`${name}.json`, content);
    const { exitCode, errors } = await line.run(['verify', '--against', file]);
    expect(exitCode).toBe(2);
    expect(errors).toContain(`--against ${file}: ${says}`);
  });

  test('one that is not there', async () => {
    const { exitCode, errors } = await line.run(['verify', '--against', join(folder, 'nowhere')]);
    expect(exitCode).toBe(2);
    expect(errors).toContain('it cannot be read');
  });

  test('one to write a checkpoint to that is there already', async () => {
    const { exitCode, errors } = await line.run(['checkpoint', '-o', kept]);
    expect(exitCode).toBe(2);
    expect(errors).toContain('it exists already; name another file');
  });
});
