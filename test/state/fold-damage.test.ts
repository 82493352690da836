/** A fold stops at the first thing that is wrong, says where, and has folded nothing of it. */
import { beforeEach, describe, expect, test } from 'vitest';
import type { Command } from '../../machines/index.ts';
import { systemIdentifiers } from '../../src/foundation/identifiers.ts';
import { encodeEntry, hashOf, LogDamageError, type Entry } from '../../src/log/entry.ts';
import { CellState } from '../../src/state/cell-state.ts';
import { Fold } from '../../src/state/fold.ts';
import { Batch } from '../../src/writer/batch.ts';
import { WRITER_LIMITS } from '../../src/writer/limits.ts';
import { Cell } from '../support/cell.ts';
import { allRecords, keptState } from '../support/kept-state.ts';

type Forged = { -readonly [Field in keyof Entry]: Entry[Field] } & Record<string, unknown>;

let cell: Cell;
/** What was folded before the entry that is wrong. */
let fold: Fold;
let number: number;
let revision: number;
let good: Uint8Array;

/** The last entry has three commits, a refusal and a command that changed nothing. */
beforeEach(() => {
  cell = Cell.begin();
  cell.create('ConfigMap', { metadata: { name: 'a' }, data: { key: 'value' } });
  cell.submitTogether([
    command('1', 'b', 'create', { manifest: { metadata: { name: 'b' } } }),
    command('2', 'a', 'patch', { patch: { data: { key: 'other' } } }),
    command('3', 'b', 'delete', {}),
    command('4', 'missing', 'delete', {}),
    command('5', 'a', 'patch', { patch: { data: { key: 'other' } } }),
  ]);
  good = cell.payloads.at(-1) ?? new Uint8Array();
  fold = new Fold();
  for (const [index, payload] of cell.payloads.slice(0, -1).entries()) fold.apply({ number: index + 1, payload });
  number = cell.payloads.length;
  revision = fold.state.revision + 1;
});

function command(id: string, name: string, verb: string, args: object): Command {
  return { id, kind: 'ConfigMap', namespace: 'default', name, verb, arguments: args, actor: 'admin' };
}

function texts(items: readonly unknown[]): string[] {
  return items.map((item) => JSON.stringify(item));
}

function encode({ commits, refused, unchanged, ...head }: Entry): Uint8Array {
  return encodeEntry(head, { commits: texts(commits), refused: texts(refused), unchanged: texts(unchanged) });
}

/** The last entry as it would be with a change. */
function forged(change: (entry: Forged) => void): Uint8Array {
  const entry = JSON.parse(new TextDecoder().decode(good)) as Forged;
  change(entry);
  return encode(entry);
}

function damageOf(payload: Uint8Array, at = number): LogDamageError {
  const before = { position: fold.state.position, hash: fold.state.stateHash() };
  const told: unknown[] = [];
  fold.subscribe((applied) => told.push(applied));
  try {
    fold.apply({ number: at, payload });
  } catch (error) {
    expect(error).toBeInstanceOf(LogDamageError);
    expect({ position: fold.state.position, hash: fold.state.stateHash() }).toEqual(before);
    expect(told).toEqual([]);
    return error as LogDamageError;
  }
  throw new Error('it was folded');
}

/** Changes one commit of the entry. */
function commit(index: number, change: object): (entry: Forged) => void {
  return (entry) => {
    entry.commits = entry.commits.map((old, place) => (place === index ? { ...old, ...change } : old));
  };
}

const event = (type: string, version: number, data: object) => ({ events: [{ type, version, data }] });
const text = (content: string) => new TextEncoder().encode(content);

test('the entry without a change is folded', () => {
  fold.apply({ number, payload: forged(() => undefined) });
  expect(fold.state.stateHash()).toBe(cell.state.stateHash());
  expect(fold.state.position).toEqual(cell.state.position);
});

describe('the fold stops at an entry', () => {
  test.each<[string, string, (entry: Forged) => void]>([
    ['that says another number', 'it says it is entry', (entry) => (entry.number = number + 1)],
    ['whose previous hash is another', 'previous hash differs', (entry) => (entry.previous = hashOf(good))],
    ['of another lineage', 'it is of lineage other', (entry) => (entry.lineage = 'other')],
    ['whose first revision leaves a gap', 'its first revision is', (entry) => entry.firstRevision++],
    ['whose first revision was there already', 'its first revision is', (entry) => entry.firstRevision--],
    ['older than the one before it', 'is before that of the entry before it', (entry) => (entry.time = 0)],
    ['whose state hash is another', 'the state after it is', (entry) => (entry.state = '0'.repeat(16))],
    ['that lacks a commit', 'revision', (entry) => (entry.commits = entry.commits.slice(1))],
    ['that lacks a refusal', 'the state after it is', (entry) => (entry.refused = [])],
    ['that lacks a command without effect', 'the state after it is', (entry) => (entry.unchanged = [])],
    ['of an unknown version', 'unknown entry version 2', (entry) => (entry.version = 2)],
    ['without a version', 'unknown entry version undefined', (entry) => delete (entry as { version?: number }).version],
    ['without a time', 'time is no whole number', (entry) => delete (entry as { time?: number }).time],
    [
      'whose revision is a text',
      'firstRevision is no whole number',
      (entry) => Object.assign(entry, { firstRevision: '9' }),
    ],
    ['whose hash is no text', 'previous is no text', (entry) => Object.assign(entry, { previous: null })],
    ['with a commit that is no object', 'commits are no list', (entry) => Object.assign(entry, { commits: [null] })],
    ['with a refusal that is no object', 'refused are no list', (entry) => Object.assign(entry, { refused: [1] })],
    ['with a lineage start that is no object', 'lineageStart', (entry) => Object.assign(entry, { lineageStart: null })],
    [
      'that begins a lineage from elsewhere',
      'begins a lineage that does not continue this log',
      (entry) => (entry.lineageStart = { continues: 'test', lastGoodEntry: 1, lastGoodHash: 'x', why: 'restored' }),
    ],
  ])('%s', (_, what, change) => {
    const damage = damageOf(forged(change));
    expect(damage).toMatchObject({ entry: number, revision });
    expect(damage.message).toContain(what);
    expect(damage.message).toContain(`entry ${number} (revision ${revision})`);
  });

  test.each([
    ['that is not JSON', text('{"version":1'), 'does not parse'],
    ['that is not UTF-8', Uint8Array.of(0x7b, 0xff, 0x7d), 'does not parse'],
    ['that is empty', new Uint8Array(), 'does not parse'],
    ['that is null', text('null'), 'no object'],
    ['that is a list', text('[]'), 'no object'],
    ['that lacks everything', text('{"version":1}'), 'no text'],
  ])('%s', (_, payload, what) => {
    const damage = damageOf(payload);
    expect(damage).toMatchObject({ entry: number, revision });
    expect(damage.message).toContain(what);
  });

  test('that is missing: the next one has another number', () => {
    expect(damageOf(good, number + 1)).toMatchObject({ entry: number, revision });
  });

  test('that takes the place of one already folded', () => {
    expect(damageOf(good, number - 1)).toMatchObject({ entry: number - 1 });
  });
});

test('after it stopped at any commit or at the end all is as before, and the entry as it was is folded', () => {
  const everything = () => [allRecords(fold.state), [...fold.state.outcomes], fold.state.stateHash()];
  const before = everything();
  for (const wrong of [commit(0, { uid: 'x', events: [] }), commit(1, { events: [null] }), commit(2, { uid: 'x' })]) {
    damageOf(forged(wrong));
    expect(everything()).toEqual(before);
  }
  damageOf(forged((entry) => (entry.state = '0'.repeat(16))));
  expect(everything()).toEqual(before);
  fold.apply({ number, payload: good });
  expect(allRecords(fold.state)).toEqual(allRecords(cell.state));
  expect([...fold.state.outcomes]).toEqual([...cell.state.outcomes]);
});

describe('the fold stops at a commit, naming its own revision,', () => {
  test.each<[string, string, object]>([
    ['that skips a revision', 'stands where', { revision: 1_000_000 }],
    ['of an unknown kind', 'unknown kind Unheard', { kind: 'Unheard' }],
    ['with an unknown event', 'has no event ObjectMelted', event('ObjectMelted', 1, {})],
    ['with an event of a newer version', 'has no version 2', event('ObjectChanged', 2, { patch: {} })],
    ['with an event that its machine refuses', 'does not accept', event('ObjectCreated', 1, { object: {} })],
    ['for another life of its object', 'has uid', { uid: 'somebody else' }],
    ['without events', 'not iterable', { events: undefined }],
    ['with an event that is no object', '', { events: [null] }],
  ])('%s', (_, what, change) => {
    const damage = damageOf(forged(commit(1, change)));
    expect(damage).toMatchObject({ entry: number, revision: revision + 1 });
    expect(damage.message).toContain(what);
  });
});

describe('the fold goes on', () => {
  test('over an entry above the limits of the writer: they are the writer’s to keep', () => {
    const limits = { ...WRITER_LIMITS, entryMaxCommits: 1_000, entryMaxBytes: 2 * WRITER_LIMITS.entryMaxBytes };
    const { state } = cell;
    const batch = new Batch({
      state,
      identifiers: systemIdentifiers,
      limits,
      now: 0,
      writer: 'large',
      lineage: 'test',
    });
    for (let index = 0; index < 300; index++) {
      const manifest = { metadata: { name: `m${index}` }, data: { key: 'x'.repeat(8_000) } };
      batch.decide(command(`m/${index}`, `m${index}`, 'create', { manifest }));
    }
    const { payload, entry } = batch.prepare();
    expect(payload.length).toBeGreaterThan(WRITER_LIMITS.entryMaxBytes);
    cell.follower.apply({ number: number + 1, payload });
    expect(cell.follower.state.stateHash()).toBe(entry.state);
  });

  test('where another version of the fold came to another state: its hash says nothing of ours', () => {
    const payload = forged((entry) => {
      entry.fold = 0;
      entry.state = 'another';
    });
    fold.apply({ number, payload });
    expect(fold.state.stateHash()).toBe(cell.state.stateHash());
  });

  test('into a new lineage that continues this log, with revisions above all before', () => {
    const { position } = fold.state;
    const payload = forged((entry) => {
      entry.lineage = '2';
      entry.firstRevision = 1_000_000;
      entry.lineageStart = {
        continues: position.lineage,
        lastGoodEntry: position.entry,
        lastGoodHash: position.hash,
        why: 'restored',
      };
      entry.commits = [];
      entry.refused = [];
      entry.unchanged = [];
      entry.fold = 0;
    });
    fold.apply({ number, payload });
    expect(fold.state.position).toMatchObject({ lineage: '2', revision: 999_999 });
    expect(
      damageOf(
        forged((entry) => (entry.number = number + 1)),
        number + 1,
      ).message,
    ).toContain('does not continue');
  });

  test('from a kept state as from the beginning', () => {
    const resumed = new Fold(CellState.from(keptState(fold.state)));
    resumed.apply({ number, payload: good });
    expect(resumed.state.stateHash()).toBe(cell.state.stateHash());
  });
});
