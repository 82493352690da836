/** Rules of ConfigMap, and with it of every kind without a life of its own: patches and images, data, immutability, deletion. */
import { describe, expect, test } from 'vitest';
import type { ConfigMapContext } from '../../machines/config-map/index.ts';
import { kinds } from '../../machines/index.ts';
import { IMAGE_EVERY } from '../../machines/plain-kind.ts';
import { Cell, type TestCommand } from '../support/cell.ts';

const on = (verb: string, args: object = {}): TestCommand => ({
  kind: 'ConfigMap',
  name: 'settings',
  verb,
  arguments: args,
});
const patch = (given: object) => on('patch', { patch: given });
const create = (parts: object) => on('create', { manifest: { metadata: { name: 'settings' }, ...parts } });

function withSettings(parts: object = { data: { a: '1' } }, metadata: object = {}): Cell {
  const cell = Cell.begin();
  cell.create('ConfigMap', { metadata: { name: 'settings', ...metadata }, ...parts });
  return cell;
}

function settings(cell: Cell): ConfigMapContext {
  return cell.get<ConfigMapContext>('ConfigMap', 'settings').context;
}

function lastEvent(cell: Cell) {
  return cell.changes.at(-1)?.commit.events.at(-1);
}

describe('a change', () => {
  test('takes out a key even where every object inherits one of that name', () => {
    const given = JSON.parse('{"constructor": "1", "__proto__": "2", "toString": "3", "a": "4"}') as object;
    const cell = withSettings({ data: given });
    cell.accept(on('replace', { manifest: { metadata: {}, data: { a: '4' } } }));
    expect(Object.entries(settings(cell).data ?? {})).toEqual([['a', '4']]);
  });

  test('is stored as what is different', () => {
    const cell = withSettings();
    cell.accept(patch({ data: { b: '2' } }));
    expect(lastEvent(cell)).toEqual({ type: 'ObjectChanged', version: 1, data: { patch: { data: { b: '2' } } } });
    expect(settings(cell).data).toEqual({ a: '1', b: '2' });
  });

  test('is stored whole every eighth time, so that no fold needs more than seven patches', () => {
    const cell = withSettings();
    const stored: boolean[] = [];
    for (let change = 1; change <= 2 * IMAGE_EVERY; change++) {
      cell.accept(patch({ data: { change: String(change) } }));
      stored.push(Object.hasOwn(lastEvent(cell)?.data ?? {}, 'image'));
    }
    const once = [...Array<boolean>(IMAGE_EVERY - 1).fill(false), true];
    expect(stored).toEqual([...once, ...once]);
  });

  test('takes away what is set to null, a key or the whole part', () => {
    const cell = withSettings({ data: { a: '1', b: '2' } });
    cell.accept(patch({ data: { a: null } }));
    expect(settings(cell).data).toEqual({ b: '2' });
    cell.accept(patch({ data: null }));
    expect(settings(cell).data).toBeUndefined();
  });

  test('to what it is already is none', () => {
    const cell = withSettings();
    expect(cell.send(patch({ data: { a: '1' } })).outcome).toBe('unchanged');
  });

  test('of an immutable one is refused by field, but its labels may change', () => {
    const cell = withSettings({ immutable: true, data: { a: '1' } });
    const refusal = cell.refusal(patch({ data: { a: '2' }, immutable: false }));
    expect(refusal.message).toContain('data: Forbidden: field is immutable when `immutable` is set');
    expect(refusal.message).toContain('immutable: Forbidden');
    cell.accept(patch({ metadata: { labels: { a: 'b' } } }));
  });
});

describe('its data', () => {
  test.each([
    ['a key with a slash', { data: { 'a/b': '1' } }, 'data[a/b]: Invalid value: "a/b": a valid config key'],
    ['a key of dots', { data: { '..': '1' } }, 'data[..]: Invalid value'],
    ['binary data that is none', { binaryData: { a: 'no base64!' } }, 'binaryData[a]: Invalid value: must be base64'],
    ['a key twice', { data: { a: '1' }, binaryData: { a: 'AAAA' } }, 'data[a]: Invalid value: duplicate of key'],
    ['more than 1 MiB', { data: { a: 'x'.repeat(1024 * 1024 + 1) } }, 'Too long: must have at most 1048576 bytes'],
    ['a field that does not exist', { dta: {} }, 'unknown field "dta"'],
  ])('is refused with %s', (_what, parts, message) => {
    expect(Cell.begin().refusal(create(parts)).message).toContain(message);
  });

  test('may have every key that Kubernetes allows, text and binary', () => {
    const cell = withSettings({ data: { '.config-1_A': 'text' }, binaryData: { 'b.in': 'AAE=' } });
    expect(settings(cell)).toMatchObject({ data: { '.config-1_A': 'text' }, binaryData: { 'b.in': 'AAE=' } });
    const columns = kinds.get('ConfigMap')?.columns ?? [];
    const row = columns.map((column) => column.cell(cell.get('ConfigMap', 'settings'), cell.now + 1000));
    expect(row).toEqual(['settings', '2', '1s']);
  });
});

describe('deletion', () => {
  test('is at once where nothing holds it', () => {
    const cell = withSettings();
    cell.accept(on('delete'));
    expect(lastEvent(cell)?.type).toBe('ObjectRemoved');
    expect(cell.find('ConfigMap', 'settings')).toBeUndefined();
  });

  test('waits for a finalizer; meanwhile it can be changed, and be asked for in another way', () => {
    const cell = withSettings({}, { finalizers: ['example.com/hold'] });
    cell.accept(on('delete'));
    expect(settings(cell).metadata.deletionTimestamp).toBe('2026-01-01T00:00:00Z');
    expect(cell.send(on('delete')).outcome).toBe('unchanged');
    cell.accept(patch({ data: { still: 'here' } }));
    cell.accept(on('delete', { propagationPolicy: 'Orphan' }));
    expect(lastEvent(cell)?.type).toBe('ObjectDeletionRequested');
    expect(settings(cell).metadata.finalizers).toEqual(['example.com/hold', 'orphan']);
    cell.accept(patch({ metadata: { finalizers: [] } }));
    expect(cell.find('ConfigMap', 'settings')).toBeUndefined();
  });

  test('lets no finalizer be added any more', () => {
    const cell = withSettings({}, { finalizers: ['example.com/hold'] });
    cell.accept(on('delete'));
    const finalizers = ['example.com/hold', 'example.com/late'];
    expect(cell.refusal(patch({ metadata: { finalizers } })).message).toContain('no new finalizers can be added');
  });
});
