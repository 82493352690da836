/** The first entry of a restored cell continues the old log, and carries out again what was wanted of an entry that is not wanted whole. */
import { describe, expect, test } from 'vitest';
import type { Command } from '../../machines/index.ts';
import { restoredEntry } from '../../src/cell/restored-entry.ts';
import { decodeEntry, hashOf, type Entry } from '../../src/log/entry.ts';
import type { CellState } from '../../src/state/cell-state.ts';
import { Fold } from '../../src/state/fold.ts';
import { Cell } from '../support/cell.ts';

const FIRST = 1_800_000_000_000_001;

function creation(name: string, cause?: number): Command {
  return {
    id: name,
    kind: 'ConfigMap',
    namespace: 'default',
    name,
    verb: 'create',
    actor: 'admin',
    arguments: { manifest: { metadata: { name } } },
    ...(cause === undefined ? {} : { cause }),
  };
}

function metadataOfTwo({ state }: { readonly state: CellState }): unknown {
  return state.get('ConfigMap', 'default', 'two')?.context.metadata;
}

/** A cell whose last entry has four commits, the second caused by the first, and a fold that is before it. */
function cellWithLongEntry(): { readonly before: Fold; readonly last: Entry; readonly whole: Cell } {
  const whole = Cell.begin();
  const created = whole.create('ConfigMap', { metadata: { name: 'old' } });
  whole.now += 1_000;
  const next = whole.state.revision + 1;
  whole.submitTogether([creation('one', created.revision), creation('two', next), creation('three'), creation('four')]);
  const before = new Fold();
  for (const [index, payload] of whole.payloads.slice(0, -1).entries()) before.apply({ number: index + 1, payload });
  const number = whole.payloads.length;
  const last = decodeEntry(whole.payloads.at(-1) ?? new Uint8Array(), { entry: number, revision: 0 });
  return { before, last, whole };
}

function options(fold: Fold) {
  return { state: fold.state, lineage: '2-test', writer: 'restore-1', firstRevision: FIRST, now: Date.UTC(2027, 0, 1) };
}

function apply(fold: Fold, payload: Uint8Array) {
  return fold.apply({ number: fold.state.position.entry + 1, payload });
}

describe('a restored cell’s first entry', () => {
  test('names the log it continues, why, and the revision after which its own begin', () => {
    const { before } = cellWithLongEntry();
    const { position } = before.state;
    const { entry } = apply(before, restoredEntry(options(before)));
    expect(entry.lineageStart).toEqual({
      continues: position.lineage,
      lastGoodEntry: position.entry,
      lastGoodHash: position.hash,
      why: 'restored',
    });
    expect(entry).toMatchObject({ firstRevision: FIRST, commits: [], time: Date.UTC(2027, 0, 1), lineage: '2-test' });
    expect(before.state.revision).toBe(FIRST - 1);
  });

  test('of nothing at all is one too', () => {
    const fold = new Fold();
    const { entry } = apply(fold, restoredEntry(options(fold)));
    expect(entry.lineageStart).toMatchObject({ lastGoodEntry: 0, lastGoodHash: '', why: 'restored' });
  });

  test('carries out the wanted part of an entry again, at its time, under new revisions', () => {
    const { before, last, whole } = cellWithLongEntry();
    const until = last.firstRevision + 2;
    const { entry } = apply(before, restoredEntry({ ...options(before), divided: { entry: last, until } }));
    expect(entry.time).toBe(last.time);
    expect(entry.commits.map(({ name, revision }) => [name, revision])).toEqual([
      ['one', FIRST],
      ['two', FIRST + 1],
      ['three', FIRST + 2],
    ]);
    expect(before.state.get('ConfigMap', 'default', 'four')).toBeUndefined();
    expect(metadataOfTwo(before)).toEqual(metadataOfTwo(whole));
  });

  test('lets what was carried out again name its cause by its new revision, and older causes by theirs', () => {
    const { before, last } = cellWithLongEntry();
    const old = last.commits[0]?.cause;
    const divided = { entry: last, until: last.firstRevision + 1 };
    const { entry } = apply(before, restoredEntry({ ...options(before), divided }));
    expect(old).toBeLessThan(last.firstRevision);
    expect(entry.commits[0]).toMatchObject({ cause: old });
    expect(entry.commits[1]).toMatchObject({ cause: FIRST, correlation: FIRST });
  });

  test('remembers the outcomes of what was carried out again, so that a repeat is answered and not done twice', () => {
    const { before, last } = cellWithLongEntry();
    apply(before, restoredEntry({ ...options(before), divided: { entry: last, until: last.firstRevision } }));
    expect(before.state.outcomeOf('one')).toMatchObject({ outcome: 'accepted', revision: FIRST });
    expect(before.state.outcomeOf('two')).toBeUndefined();
  });

  test('is chained to the entry before it', () => {
    const { before, whole } = cellWithLongEntry();
    const payload = restoredEntry(options(before));
    const { previous } = decodeEntry(payload, { entry: 0, revision: 0 });
    expect(previous).toBe(hashOf(whole.payloads.at(-2) ?? new Uint8Array()));
  });
});
