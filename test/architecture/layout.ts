// Where files are: a fixed top level, a fixed set of parts, and kinds of one shape.
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import type { SourceFile } from './source-file.ts';
import type { Violation } from './violation.ts';
import { kindOf } from './violation.ts';

const FOLDERS = ['src', 'migrations', 'machines', 'test', 'scripts'];
const PAGES = ['README.md', 'ARCHITECTURE.md', 'CHANGELOG.md', 'BENCHMARKS.md', 'LICENSE'];
/** Their tools look for them here and nowhere else. */
const TOOL_FILES = ['package.json', 'package-lock.json', 'tsconfig.json', 'vitest.config.ts'];
const DOT_FILES = ['.ci', '.git', '.gitignore', '.npmrc', '.oxfmtrc.json', '.oxlintrc.json', '.editorconfig'];
const NOT_IN_GIT = ['node_modules', 'coverage'];

const PARTS = [
  'main.ts',
  'index.ts',
  'cli',
  'cell',
  'bus',
  'log',
  'state',
  'writer',
  'read-model',
  'control-loop',
  'scheduler',
  'agent',
  'gateway',
  'history',
  'simulator',
  'foundation',
];

const unexpected = (root: string, folder: string, expected: readonly string[], reason: string): Violation[] =>
  readdirSync(join(root, folder))
    .filter((name) => !expected.includes(name))
    .map((name) => ({ path: join(folder, name), line: 1, reason }));

export function topLevelIsFixed(root: string): readonly Violation[] {
  const expected = [...FOLDERS, ...PAGES, ...TOOL_FILES, ...DOT_FILES, ...NOT_IN_GIT];
  return unexpected(root, '.', expected, 'the top level is fixed; put it into one of its folders');
}

export function partsAreFixed(root: string): readonly Violation[] {
  return unexpected(root, 'src', PARTS, 'src has the parts that ARCHITECTURE.md lists; a new one begins there');
}

export function kindsAreComplete(files: readonly SourceFile[]): readonly Violation[] {
  const paths = new Set(files.map(({ path }) => path));
  const kinds = new Set(files.flatMap(({ path }) => kindOf(path) ?? []));
  const listed = files.find(({ path }) => path === 'machines/index.ts')?.imports.map(({ path }) => path) ?? [];
  return [...kinds].flatMap((kind) => {
    const door = `machines/${kind}/index.ts`;
    if (!paths.has(door)) return [at(door, 'a kind has a door, index.ts, that lists what others may use')];
    const lifeless = paths.has(`machines/${kind}/events.ts`) && !paths.has(`machines/${kind}/machine.ts`);
    const tested = [...paths].some((path) => path.startsWith(`test/kinds/${kind}`));
    return [
      ...(lifeless ? [at(door, 'has events of its own but no machine.ts to say which may follow which')] : []),
      ...(listed.includes(door) ? [] : [at(door, 'is not in the list of kinds, machines/index.ts')]),
      ...(tested ? [] : [at(door, `has no test; test/kinds/${kind}.test.ts is where its rules are told`)]),
    ];
  });
}

const at = (path: string, reason: string): Violation => ({ path, line: 1, reason });
