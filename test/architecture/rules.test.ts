// The architecture rules tried on small sources, so that a rule that sees nothing is noticed.
import { describe, expect, test } from 'vitest';
import { machinesTouchNothing, onlyEntryPointsExit, timeAndChanceComeFromFoundation } from './calls.ts';
import { agentsReachNoReadModel, importsFollowTheRule } from './imports.ts';
import { kindsAreComplete } from './layout.ts';
import { librariesStayAtHome } from './libraries.ts';
import { filesAreShort, filesOpenWithTheirPlace, functionsAreShort, nothingIsLeftUnfinished } from './sizes.ts';
import { parseSourceFile } from './source-file.ts';
import type { Rule } from './violation.ts';

/** The lines on which the rule is broken. */
const brokenAt = (rule: Rule, path: string, ...lines: string[]): number[] =>
  rule(parseSourceFile(path, lines.join('\n'))).map(({ line }) => line);

const rejected: readonly [string, Rule, string, string][] = [
  ['nats outside bus and log', librariesStayAtHome, 'src/writer/a.ts', "import { connect } from 'nats';"],
  ['a library nobody gave a home', librariesStayAtHome, 'src/cli/a.ts', "import x from 'left-pad';"],
  ['typebox in a kind', importsFollowTheRule, 'machines/pod/a.ts', "import { Type } from 'typebox';"],
  ['a node module in a machine', importsFollowTheRule, 'machines/a.ts', "import { readFileSync } from 'node:fs';"],
  ['src in a machine, even a type', importsFollowTheRule, 'machines/a.ts', "import type { A } from '../src/log/a.ts';"],
  ['the inside of another kind', importsFollowTheRule, 'machines/pod/a.ts', "export * from '../node/machine.ts';"],
  [
    'the inside of a kind',
    importsFollowTheRule,
    'src/agent/a.ts',
    "type A = import('../../machines/pod/events.ts').A;",
  ],
  ['a door for others', importsFollowTheRule, 'src/writer/a.ts', "import { a } from '../../machines/pod/index.ts';"],
  [
    'the read model in an agent',
    importsFollowTheRule,
    'src/agent/a.ts',
    "import type { A } from '../read-model/a.ts';",
  ],
  ['wiring outside the cell', importsFollowTheRule, 'src/gateway/a.ts', "import { a } from '../writer/a.ts';"],
  ['a part in the foundation', importsFollowTheRule, 'src/foundation/a.ts', "import { a } from '../log/a.ts';"],
  ['a kind in a migration', importsFollowTheRule, 'migrations/a.ts', "import { a } from '../machines/index.ts';"],
  ['a part in the shared ones', importsFollowTheRule, 'src/log/a.ts', "import type { A } from '../writer/a.ts';"],
  ['a computed import', importsFollowTheRule, 'src/cli/a.ts', 'export const a = (b: string) => import(b);'],
  ['a clock', timeAndChanceComeFromFoundation, 'src/log/a.ts', 'export const a = Date.now();'],
  ['a clock handed on', timeAndChanceComeFromFoundation, 'src/log/a.ts', 'export const a = { now: Date.now };'],
  ['the time now in a machine', timeAndChanceComeFromFoundation, 'machines/a.ts', 'export const a = new Date();'],
  ['a timer', timeAndChanceComeFromFoundation, 'src/log/a.ts', 'setTimeout(() => {}, 1);'],
  [
    'a timer by import',
    timeAndChanceComeFromFoundation,
    'src/log/a.ts',
    "import { setTimeout } from 'node:timers/promises';",
  ],
  ['a random id', timeAndChanceComeFromFoundation, 'src/log/a.ts', "import { randomUUID as id } from 'node:crypto';"],
  ['a whole crypto', timeAndChanceComeFromFoundation, 'src/log/a.ts', "import * as crypto from 'node:crypto';"],
  ['chance', timeAndChanceComeFromFoundation, 'machines/a.ts', 'export const a = Math.random();'],
  ['the environment in a machine', machinesTouchNothing, 'machines/a.ts', 'export const a = process.env;'],
  ['leaving the process', onlyEntryPointsExit, 'src/writer/a.ts', 'process.exit(1);'],
  ['a long file', filesAreShort, 'src/a.ts', '\n'.repeat(301)],
  ['a long function', functionsAreShort, 'src/a.ts', `export function a() {${'\n'.repeat(70)}}`],
  ['a file without a place', filesOpenWithTheirPlace, 'src/a.ts', 'export {};'],
  ['a reminder', nothingIsLeftUnfinished, 'src/a.ts', '// TODO: later'],
];

test.each(rejected)('rejected: %s', (_, rule, path, source) => {
  expect(rule(parseSourceFile(path, source))).toHaveLength(1);
});

const accepted: readonly [string, Rule, string, string][] = [
  ['nats in the bus', librariesStayAtHome, 'src/bus/a.ts', "import { connect } from 'nats';"],
  ['any library in a test', librariesStayAtHome, 'test/a.ts', "import Docker from 'dockerode';"],
  ['the vocabulary in a kind', importsFollowTheRule, 'machines/pod/a.ts', "import { a } from '../labels.ts';"],
  ["another kind's door", importsFollowTheRule, 'machines/pod/a.ts', "import { a } from '../node/index.ts';"],
  ['the list of kinds', importsFollowTheRule, 'src/writer/a.ts', "import { a } from '../../machines/index.ts';"],
  ['the door of pod', importsFollowTheRule, 'src/agent/a.ts', "import { a } from '../../machines/pod/index.ts';"],
  ['the next migration', importsFollowTheRule, 'migrations/index.ts', "import { a } from './0001-a.ts';"],
  ['a type of another part', importsFollowTheRule, 'src/gateway/a.ts', "import type { A } from '../writer/a.ts';"],
  ['any part in the cell', importsFollowTheRule, 'src/cell/a.ts', "import { a } from '../writer/a.ts';"],
  [
    'a time that was given',
    timeAndChanceComeFromFoundation,
    'machines/a.ts',
    'export const a = (b: number) => new Date(b);',
  ],
  ['Date as a type', timeAndChanceComeFromFoundation, 'src/log/a.ts', 'export const a = (b: Date): Date => b;'],
  [
    "a clock's own timer",
    timeAndChanceComeFromFoundation,
    'src/log/a.ts',
    'export const a = (c: C) => c.setTimeout(1);',
  ],
  ['words in text', timeAndChanceComeFromFoundation, 'src/log/a.ts', "// Date.now()\nexport const a = 'new Date()';"],
  ['a hash', timeAndChanceComeFromFoundation, 'src/log/a.ts', "import { createHash } from 'node:crypto';"],
  ['leaving in the entry point', onlyEntryPointsExit, 'src/main.ts', 'process.exit(1);'],
];

test.each(accepted)('accepted: %s', (_, rule, path, source) => {
  expect(rule(parseSourceFile(path, source))).toEqual([]);
});

test('a violation has the line of what is wrong', () => {
  expect(
    brokenAt(timeAndChanceComeFromFoundation, 'src/log/a.ts', '// A.', '', 'Date.now();', 'Math.random();'),
  ).toEqual([3, 4]);
});

test('a source that does not parse is an error, not an empty file', () => {
  expect(() => parseSourceFile('src/a.ts', 'const const')).toThrow('src/a.ts does not parse');
});

/** How many things are wrong with kinds that consist of these files, when pod is the only one in the list. */
const wrongWithKinds = (...paths: string[]): number =>
  kindsAreComplete([
    parseSourceFile('machines/index.ts', "import { pod } from './pod/index.ts';"),
    ...paths.map((path) => parseSourceFile(path, '// A.')),
  ]).length;

describe('rules about several files', () => {
  test('an agent that reaches the read model over another file is found there', () => {
    const agent = parseSourceFile('src/agent/a.ts', "import { b } from '../log/b.ts';");
    const between = parseSourceFile('src/log/b.ts', "import { c } from '../read-model/c.ts';");
    expect(agentsReachNoReadModel([agent, between])).toMatchObject([{ path: 'src/log/b.ts', line: 1 }]);
  });

  test('a kind needs its door, its line in the list and its test', () => {
    expect(wrongWithKinds('machines/pod/index.ts', 'test/kinds/pod.test.ts')).toBe(0);
    expect(wrongWithKinds('machines/pod/index.ts')).toBe(1);
    expect(wrongWithKinds('machines/node/index.ts', 'test/kinds/node.test.ts')).toBe(1);
    expect(wrongWithKinds('machines/node/decide.ts')).toBe(1);
    expect(wrongWithKinds('machines/pod/index.ts', 'machines/pod/events.ts', 'test/kinds/pod.test.ts')).toBe(1);
  });
});
