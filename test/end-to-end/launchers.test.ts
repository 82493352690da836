// The launchers find the Node that Periplus was made for, whoever calls them from wherever.
import { chmodSync, cpSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { projectRoot, runCommand } from '../support/run-command.ts';

const directory = mkdtempSync(join(tmpdir(), 'periplus launchers-'));
const launcher = join(directory, 'project/scripts/periplus');

/** A project whose command line only tells how it was started, and a Node 20 to be first in the PATH. */
beforeAll(() => {
  for (const program of ['src/cell/process.ts', 'src/read-model/projection-worker.ts']) {
    mkdirSync(dirname(join(directory, 'project', program)), { recursive: true });
    writeFileSync(join(directory, 'project', program), '');
  }
  mkdirSync(join(directory, 'bin'));
  cpSync(join(projectRoot, 'scripts'), join(directory, 'project/scripts'), { recursive: true });
  symlinkSync(join(projectRoot, 'node_modules'), join(directory, 'project/node_modules'));
  writeFileSync(
    join(directory, 'project/src/main.ts'),
    'const version: string = process.version;\nconsole.log(JSON.stringify([version, process.cwd(), ...process.argv.slice(2)]));\n',
  );
  writeFileSync(join(directory, 'bin/node'), '#!/bin/sh\necho v20.0.0\n');
  chmodSync(join(directory, 'bin/node'), 0o755);
});
afterAll(() => {
  // Where its builds are kept is the node_modules it shares with us.
  rmSync(dirname(build()), { recursive: true, force: true });
  rmSync(directory, { recursive: true, force: true });
});

const build = () => runCommand(join(directory, 'project/scripts/build'), []).output.trim();

const withOldNode = { PATH: `${join(directory, 'bin')}:${process.env['PATH']}` };
const told = (output: string): unknown => JSON.parse(output);

test('Node 24 runs even when Node 20 is first in the PATH', () => {
  expect(runCommand('node', [], { env: withOldNode }).output).toBe('v20.0.0\n');
  const { output, errors } = runCommand(launcher, ['get', 'pods'], { env: withOldNode });
  expect(told(output)).toEqual([expect.stringMatching(/^v24\./), projectRoot, 'get', 'pods']);
  expect(errors).toBe('');
});

test('it works through symbolic links, from any directory, and keeps arguments as they are', () => {
  symlinkSync(launcher, join(directory, 'bin/periplus'));
  symlinkSync(join(directory, 'bin/periplus'), join(directory, 'bin/again'));
  const { output } = runCommand(join(directory, 'bin/again'), ['-n', 'a b', '', '*'], { cwd: '/', env: withOldNode });
  expect(told(output)).toEqual([expect.stringMatching(/^v24\./), '/', '-n', 'a b', '', '*']);
});

test('it works with standard input closed', () => {
  const { status, output } = runCommand('sh', ['-c', '"$0" status <&-', launcher]);
  expect(status).toBe(0);
  expect(told(output)).toContain('status');
});

test('a change of the sources is in the next command, and nothing is made anew without one', () => {
  const main = join(directory, 'project/src/main.ts');
  writeFileSync(main, "import { word } from './word.ts';\nconsole.log(word, import.meta.url);\n");
  writeFileSync(join(directory, 'project/src/word.ts'), "export const word: string = 'one';\n");
  expect(runCommand(launcher, []).output).toMatch(/^one .*main\.js\n$/);
  const first = build();
  expect(build()).toBe(first);
  writeFileSync(join(directory, 'project/src/word.ts'), "export const word: string = 'two';\n");
  expect(runCommand(launcher, []).output).toMatch(/^two /);
  expect(build()).not.toBe(first);
});

test('the sources run as they are where that is asked for, and where they cannot be bundled', () => {
  const main = join(directory, 'project/src/main.ts');
  writeFileSync(main, 'console.log(import.meta.url);\n');
  expect(runCommand(launcher, [], { env: { PERIPLUS_SOURCES: 'on' } }).output).toMatch(/main\.ts\n$/);
  writeFileSync(main, "if (process.argv.length > 5) await import('./nowhere.ts');\nconsole.log(import.meta.url);\n");
  expect(runCommand(launcher, []).output).toMatch(/main\.ts\n$/);
});

test('the exit code and standard input are those of the command line', () => {
  const main = join(directory, 'project/src/main.ts');
  writeFileSync(main, "process.stdin.on('data', (data) => process.stdout.write(data));\nprocess.exitCode = 7;\n");
  expect(runCommand(launcher, [], { input: 'kind: Pod\n' })).toEqual({ status: 7, output: 'kind: Pod\n', errors: '' });
});
