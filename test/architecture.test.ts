// The architecture as tests: a broken rule is named with file, line and reason.
import { readdirSync } from 'node:fs';
import { join, relative, sep } from 'node:path';
import { describe, expect, test } from 'vitest';
import { machinesTouchNothing, onlyEntryPointsExit, timeAndChanceComeFromFoundation } from './architecture/calls.ts';
import { agentsReachNoReadModel, importsFollowTheRule } from './architecture/imports.ts';
import { kindsAreComplete, partsAreFixed, topLevelIsFixed } from './architecture/layout.ts';
import { librariesStayAtHome } from './architecture/libraries.ts';
import {
  filesAreShort,
  filesOpenWithTheirPlace,
  functionsAreShort,
  nothingIsLeftUnfinished,
} from './architecture/sizes.ts';
import { readSourceFile } from './architecture/source-file.ts';
import { describeViolation, type Rule, type Violation } from './architecture/violation.ts';

const root = join(import.meta.dirname, '..');

/** Fewer would mean that the scan looks in the wrong place. */
const MIN_FILES: Readonly<Record<string, number>> = { machines: 10, src: 20, test: 10 };

const paths = ['machines', 'migrations', 'scripts', 'src', 'test'].flatMap((folder) =>
  readdirSync(join(root, folder), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && entry.name.endsWith('.ts'))
    .map((entry) => relative(root, join(entry.parentPath, entry.name)).split(sep).join('/')),
);
const files = paths.map((path) => readSourceFile(root, path));

const expectNone = (violations: readonly Violation[]): void => expect(violations.map(describeViolation)).toEqual([]);
const check = (rule: Rule) => (): void => expectNone(files.flatMap((file) => rule(file)));

test.each(Object.entries(MIN_FILES))('the scan found the files of %s', (folder, minimum) => {
  expect(paths.filter((path) => path.startsWith(`${folder}/`)).length).toBeGreaterThanOrEqual(minimum);
  expect(files.flatMap((file) => file.imports).length).toBeGreaterThan(minimum);
});

describe('imports', () => {
  test('machines are pure, kinds have one door, only the cell wires parts', check(importsFollowTheRule));
  test('each library has one home', check(librariesStayAtHome));
  test('no chain of imports leads from an agent to the read model', () => expectNone(agentsReachNoReadModel(files)));
});

describe('calls', () => {
  test('time, timers and randomness come from the foundation', check(timeAndChanceComeFromFoundation));
  test('machines touch nothing outside', check(machinesTouchNothing));
  test('only entry points leave the process', check(onlyEntryPointsExit));
});

describe('files', () => {
  test('a file is short', check(filesAreShort));
  test('a function is short', check(functionsAreShort));
  test('a file opens with its place in the loop', check(filesOpenWithTheirPlace));
  test('nothing is left unfinished', check(nothingIsLeftUnfinished));
});

describe('layout', () => {
  test('the top level is fixed', () => expectNone(topLevelIsFixed(root)));
  test('src has the parts of the architecture and no others', () => expectNone(partsAreFixed(root)));
  test('every kind is complete, listed and tested', () => expectNone(kindsAreComplete(files)));
});
