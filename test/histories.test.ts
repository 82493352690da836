/** Old logs stay readable: every recorded history folds into what it folded into when it was recorded. */
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Commit } from '../machines/index.ts';
import type { Entry } from '../src/log/entry.ts';
import { FOLD_VERSION } from '../src/state/cell-state.ts';
import { finalStateOf, historyNames, readEntries, readFinalState, replay } from './histories/recorded.ts';
import { listMachines } from './support/machines.ts';
import { projectRoot, runCommand } from './support/run-command.ts';

const names = historyNames();

test('there is a recorded history, and their numbers have no gap', () => {
  expect(names.length).toBeGreaterThan(0);
  expect(names.map((name) => Number(name.split('-')[0]))).toEqual(names.map((_, index) => index + 1));
});

describe.each(names)('the recorded history %s', (name) => {
  test('folds entry by entry into the states it says, and in the end into what it did', () => {
    let isOurs = false;
    const state = replay(readEntries(name), ({ entry }, fold) => {
      // A state hashed by another version of the fold says nothing about ours.
      isOurs = entry.fold === FOLD_VERSION;
      if (isOurs) expect(fold.state.stateHash(), `state hash after entry ${entry.number}`).toBe(entry.state);
    });
    const recorded = readFinalState(name);
    const folded = finalStateOf(state);
    expect(isOurs ? folded : { ...folded, state: recorded.state }).toEqual(recorded);
  });
});

describe('together they hold all shapes of today', () => {
  const entries: Entry[] = [];
  const reached = new Set<string>();
  beforeAll(() => {
    for (const name of names) {
      replay(readEntries(name), ({ entry, changes }) => {
        entries.push(entry);
        for (const { commit, after } of changes) reached.add(`${commit.kind} ${after?.value ?? 'gone'}`);
      });
    }
  });

  const wanting = 'run scripts/record-history LABEL, after adding it to test/histories/scenario';

  test('every version of every event that is written today', () => {
    const seen = new Set(entries.flatMap(({ commits }) => commits.flatMap(shapesOf)));
    const missing = listMachines().flatMap(({ kinds, events }) =>
      Object.entries(events)
        .filter(
          ([type, { version }]) => kinds.length > 0 && !kinds.some(({ kind }) => seen.has(shape(kind, type, version))),
        )
        .map(([type, { version }]) => `${type} version ${version}`),
    );
    expect(missing, wanting).toEqual([]);
  });

  test('every state of every kind', () => {
    const missing = listMachines().flatMap(({ machine, kinds }) =>
      Object.entries(machine.states)
        .filter(([state]) => kinds.length > 0 && state !== machine.root.initial.target[0]?.key)
        .filter(
          ([state, { type }]) => !kinds.some(({ kind }) => reached.has(`${kind} ${type === 'final' ? 'gone' : state}`)),
        )
        .map(([state]) => `${machine.id} ${state}`),
    );
    expect(missing, wanting).toEqual([]);
  });

  test('entries of no commit, of one and of several, with refusals and with commands that changed nothing', () => {
    const commits = entries.map((entry) => entry.commits.length);
    expect(commits).toContain(0);
    expect(commits).toContain(1);
    expect(Math.max(...commits)).toBeGreaterThan(1);
    expect(entries.some(({ refused }) => refused.length > 0)).toBe(true);
    expect(entries.some(({ unchanged }) => unchanged.length > 0)).toBe(true);
  });
});

const record = (...args: string[]) => runCommand(join(projectRoot, 'scripts/record-history'), args);

describe('recording', () => {
  const directory = mkdtempSync(join(tmpdir(), 'periplus-history-'));
  afterAll(() => rmSync(directory, { recursive: true, force: true }));

  test('writes the next number and never an old one, the same log each time', () => {
    expect(record('first', directory).status).toBe(0);
    expect(record('again', directory).status).toBe(0);
    expect(historyNames(directory)).toEqual(['0001-first', '0002-again']);
    expect(readdirSync(directory)).toHaveLength(4);
    const [first, again] = ['0001-first', '0002-again'].map((name) => readFinalState(name, directory));
    expect(again).toEqual(first);
  });

  test('needs a label', () => {
    expect(record()).toMatchObject({ status: 2, errors: expect.stringContaining('usage') });
    expect(record('../outside', directory).status).toBe(2);
  });
});

function shape(kind: string, type: string, version: number): string {
  return `${kind} ${type} ${version}`;
}

function shapesOf({ kind, events }: Commit): readonly string[] {
  return events.map(({ type, version }) => shape(kind, type, version));
}
