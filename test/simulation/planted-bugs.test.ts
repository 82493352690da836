/** A checker that never failed proves nothing: some of the planted bugs are found with every change, and all of them can still be planted. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { PLANTED_BUGS } from '../../scripts/simulator/bugs/index.ts';
import { hunt } from '../../scripts/simulator/hunt.ts';
import { edited, PlantingError } from '../../scripts/simulator/planted-bug.ts';
import { copySources } from '../../scripts/simulator/source-copy.ts';
import { projectRoot } from '../support/run-command.ts';

/** The issue of the simulator asks for so many. */
const BUGS_MIN = 15;
/** Found within the first seeds, each by another checker. The whole table is for `scripts/plant-bugs`, which takes minutes. */
const QUICK: Readonly<Record<string, string>> = {
  'answer before the acknowledgement': 'answers',
  'a revision skipped in a fold': 'log',
  'one replica too many': 'replicas',
  'bound beyond capacity': 'capacity',
};
/** One takes a second or two alone; the rest of the tests may keep both processors busy. */
const HUNT_TIMEOUT_MS = 120_000;

const copy = copySources(projectRoot);
const copied = new Map(
  PLANTED_BUGS.flatMap(({ edits }) => edits).map(({ file }) => [file, readFileSync(join(copy.root, file), 'utf8')]),
);
afterAll(() => copy[Symbol.dispose]());

test(`there are at least ${BUGS_MIN} bugs to plant, each with a name of its own`, () => {
  expect(PLANTED_BUGS.length).toBeGreaterThanOrEqual(BUGS_MIN);
  expect(new Set(PLANTED_BUGS.map(({ name }) => name)).size).toBe(PLANTED_BUGS.length);
});

test.each(PLANTED_BUGS)('"$name" can still be planted: each of its texts stands in the sources once', ({ edits }) => {
  expect(edits.length).toBeGreaterThan(0);
  const texts = new Map<string, string>();
  for (const edit of edits) {
    const before = texts.get(edit.file) ?? readFileSync(join(projectRoot, edit.file), 'utf8');
    const after = edited(before, edit);
    expect(after).not.toBe(before);
    texts.set(edit.file, after);
  }
});

test('a bug whose text does not stand in the file exactly once is not planted', () => {
  expect(() => edited('a; b; a;', { file: 'file.ts', find: 'a', put: 'c' })).toThrow(PlantingError);
  expect(() => edited('b;', { file: 'file.ts', find: 'a', put: 'c' })).toThrow(PlantingError);
});

describe('a planted bug is found', () => {
  test.each(Object.entries(QUICK))('"%s", by the checker "%s"', { timeout: HUNT_TIMEOUT_MS }, (name, checker) => {
    const bug = PLANTED_BUGS.find((candidate) => candidate.name === name);
    if (bug === undefined) throw new Error(`there is no planted bug "${name}"`);
    const { found, broken } = hunt(copy.root, bug, 1);
    expect(broken).toBeUndefined();
    expect(found.map(({ violation }) => violation.checker)).toEqual([checker]);
  });

  test('and nothing is left of it afterwards', () => {
    for (const [file, text] of copied) expect(readFileSync(join(copy.root, file), 'utf8'), file).toBe(text);
  });
});
