// `npm test` and .ci/run on a small project: all checks run, the counts add up, skipped tests are named.
import { cpSync, mkdirSync, mkdtempSync, readdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, beforeEach, expect, test } from 'vitest';
import { projectRoot, runCommand, type CommandResult } from '../support/run-command.ts';

let project = '';
const made: string[] = [];

function write(path: string, text: string): void {
  mkdirSync(dirname(join(project, path)), { recursive: true });
  writeFileSync(join(project, path), text);
}

const testFile = (...tests: string[]): string => `import { expect, test } from 'vitest';\n\n${tests.join('\n\n')}\n`;
const passing = "test('one is one', () => {\n  expect(1).toBe(1);\n});";
const failing = "test('one is two', () => {\n  expect(1).toBe(2);\n});";
const skipped = "test.skip('one is proven', () => {\n  expect(1).toBe(1);\n});";

beforeEach(() => {
  project = mkdtempSync(join(tmpdir(), 'periplus-runner-'));
  made.push(project);
  const copied = [
    // Not the programs in scripts, which import the sources.
    'scripts/test',
    'scripts/setup',
    'scripts/setup.d',
    'scripts/images',
    '.ci',
    'vitest.config.ts',
    'tsconfig.json',
    '.oxfmtrc.json',
    '.oxlintrc.json',
    '.gitignore',
    'test/support/summary-reporter.ts',
    'test/support/temporary-files.ts',
  ];
  for (const path of copied) cpSync(join(projectRoot, path), join(project, path), { recursive: true });
  // A directory of its own, since the checkers leave out `node_modules/` but not a symbolic link of that name.
  mkdirSync(join(project, 'node_modules'));
  for (const name of readdirSync(join(projectRoot, 'node_modules')).filter((entry) => !/^\.(?!bin$)/.test(entry)))
    symlinkSync(join(projectRoot, 'node_modules', name), join(project, 'node_modules', name));
  write('package.json', '{\n  "type": "module",\n  "scripts": {\n    "test": "scripts/test"\n  }\n}\n');
});
afterAll(() => made.forEach((path) => rmSync(path, { recursive: true, force: true })));

/** With standard input closed, as a runner of continuous integration may have it. */
const ci = (): CommandResult => runCommand('sh', ['-c', 'exec .ci/run <&-'], { cwd: project });
const lastLine = (output: string): string | undefined => output.trimEnd().split('\n').at(-1);

test('what passed is counted, the three checks included', () => {
  write('test/a.test.ts', testFile(passing));
  const { status, output } = ci();
  expect(lastLine(output)).toBe('4 passed, 0 failed');
  expect(status).toBe(0);
});

test('a failing check does not hide the tests, and each failure counts', () => {
  write('test/a.test.ts', testFile(passing, failing));
  write('test/end-to-end/b.test.ts', testFile(passing));
  write('src/unformatted.ts', "export   const a: number = 'text'; debugger;\n");
  const { status, output } = ci();
  expect(output).toContain('failed: format lint types tests');
  expect(lastLine(output)).toBe('2 passed, 4 failed');
  expect(status).not.toBe(0);
});

test('a skipped test is named at the end', () => {
  write('test/a.test.ts', testFile(passing, skipped));
  const { status, output } = ci();
  expect(output).toMatch(/Skipped, so not proven by this run:\n {2}- test\/a\.test\.ts > one is proven/);
  expect(lastLine(output)).toBe('4 passed, 0 failed, 1 skipped');
  expect(status).toBe(0);
});

test('a test file that cannot be loaded counts as failed', () => {
  write('test/a.test.ts', "throw new Error('not today');\n");
  const { status, output } = ci();
  expect(lastLine(output)).toBe('3 passed, 1 failed');
  expect(status).not.toBe(0);
});

test('no tests at all is a failure', () => {
  const { status, output } = ci();
  expect(lastLine(output)).toBe('3 passed, 1 failed');
  expect(status).not.toBe(0);
});
