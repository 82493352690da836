/** What export, restore and snapshot say to somebody who asks for what cannot be. */
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { progressOf } from '../../src/cli/progress.ts';
import { runCommandLine, type Said } from '../support/command-line.ts';
import { ExportFolder } from '../support/exported.ts';

const folder = new ExportFolder();
const data = mkdtempSync(join(tmpdir(), 'periplus-no-cell-'));

afterAll(() => {
  folder.remove();
  rmSync(data, { recursive: true, force: true });
});

const nobody = () => Promise.reject(new Error('no cell is asked'));

function run(...words: string[]): Promise<Said> {
  return runCommandLine(nobody, ['--data', data, ...words]);
}

describe('the command line', () => {
  test.each<[string[], number, string]>([
    [['export'], 2, "required option '-o, --output <file>' not specified"],
    [['export', '-o', 'x', '--to', 'yesterday'], 2, 'It must be a revision, as history shows them.'],
    [['export', '-o', 'x', '--to', '0'], 2, 'It must be a revision'],
    [['export', '-o', 'x', '--to', '9999999999999999'], 2, 'It must be a revision'],
    [['export', '-o', 'x', '--with-keys'], 2, 'this cell has no sealed Secrets'],
    [['export', '-o', 'x'], 3, 'no cell runs under'],
    [['snapshot', '--list'], 3, 'no cell runs under'],
    [['restore'], 2, "missing required argument 'file'"],
    [['restore', '/nowhere/cell.export'], 1, 'cannot read /nowhere/cell.export: ENOENT'],
    [['restore', tmpdir()], 1, 'EISDIR'],
    [['restore', import.meta.filename], 1, 'is no export of a cell'],
  ])('refuses %j', async (words, exitCode, message) => {
    const said = await run(...words);
    expect(said).toMatchObject({ exitCode, output: '' });
    expect(said.errors).toContain(message);
    expect(readdirSync(data)).toEqual([]);
  });

  test('takes revisions of a lineage that continues another, which have 16 digits', async () => {
    await folder.write([]);
    const said = await run('restore', folder.file(), '--to', '1795385792707001');
    expect(said.errors).toContain('--to: revision 1795385792707001 is not in the export');
  });
});

function shown(isTerminal: boolean): string {
  let text = '';
  const progress = progressOf(
    { isTerminal, complain: (more: string | Uint8Array) => (text += String(more)) },
    'entries',
  );
  for (let done = 0; done <= 1_000; done++) progress.show(done, 1_000);
  progress.clear();
  return text;
}

describe('progress', () => {
  test('is a line for each hundredth, and then none', () => {
    const lines = shown(true).split('\r').slice(1);
    expect(lines).toHaveLength(101 + 2);
    expect(lines[50]).toBe('500 of 1000 entries');
    expect(lines.at(-1)).toBe('');
  });

  test('is nothing where nobody looks', () => {
    expect(shown(false)).toBe('');
  });
});
