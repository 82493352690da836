/** Rules of ownership: what happens to dependents when their owners go, by background, orphan and foreground deletion. */
import { describe, expect, test } from 'vitest';
import { kinds, type ObjectRecord } from '../../machines/index.ts';
import { GARBAGE_BURST, garbageCollector } from '../../machines/garbage-collector.ts';
import { Cell } from '../support/cell.ts';

const collector = garbageCollector([...kinds.values()]);

function reference(owner: ObjectRecord, more: object = {}) {
  return { apiVersion: 'v1', kind: owner.kind, name: owner.name, uid: owner.uid, ...more };
}

function configMap(cell: Cell, name: string, owners: readonly object[] = [], metadata: object = {}): ObjectRecord {
  return cell.create('ConfigMap', { metadata: { name, ownerReferences: owners, ...metadata } });
}

function remove(cell: Cell, name: string, propagationPolicy?: string): void {
  const args = propagationPolicy === undefined ? {} : { propagationPolicy };
  cell.accept({ kind: 'ConfigMap', name, verb: 'delete', arguments: args });
}

function names(cell: Cell): readonly string[] {
  return cell.list('ConfigMap').map(({ name }) => name);
}

function ownersOf(cell: Cell, name: string): readonly string[] {
  return (cell.get('ConfigMap', name).context.metadata.ownerReferences ?? []).map((owner) => owner.name);
}

const CONTROLLER = { controller: true, blockOwnerDeletion: true };

describe('background deletion', () => {
  test.each([
    ['that it controlled', { controller: true }],
    ['that it merely owned', {}],
  ])('an owner that is gone takes along what depends on it %s, and what depends on that', (_how, more) => {
    const cell = Cell.begin();
    const owner = configMap(cell, 'owner');
    const middle = configMap(cell, 'middle', [reference(owner, more)]);
    configMap(cell, 'leaf', [reference(middle, more)]);
    configMap(cell, 'other');
    cell.settle([collector]);
    expect(names(cell)).toEqual(['owner', 'middle', 'leaf', 'other']);
    remove(cell, 'owner');
    cell.settle([collector]);
    expect(names(cell)).toEqual(['other']);
  });

  test('a dependent whose owner is gone before anybody looked, or has another uid, is deleted', () => {
    const cell = Cell.begin();
    const owner = configMap(cell, 'owner');
    configMap(cell, 'late', [{ ...reference(owner), name: 'never-was' }]);
    configMap(cell, 'twin', [{ ...reference(owner), uid: 'another-life' }]);
    cell.settle([collector]);
    expect(names(cell)).toEqual(['owner']);
  });

  test('a dependent with another living owner stays and loses only the reference to the one that is gone', () => {
    const cell = Cell.begin();
    const one = configMap(cell, 'one');
    const two = configMap(cell, 'two');
    configMap(cell, 'both', [reference(one, { controller: true }), reference(two)]);
    remove(cell, 'one');
    cell.settle([collector]);
    expect(ownersOf(cell, 'both')).toEqual(['two']);
    remove(cell, 'two');
    cell.settle([collector]);
    expect(names(cell)).toEqual([]);
  });

  test('an owner of a kind that nobody knows counts as alive: nothing is deleted on a guess', () => {
    const cell = Cell.begin();
    configMap(cell, 'kept', [{ apiVersion: 'x/v1', kind: 'Gizmo', name: 'g', uid: 'u' }]);
    cell.settle([collector]);
    expect(names(cell)).toEqual(['kept']);
  });

  test('an object of cluster scope cannot depend on one in a namespace, and is not deleted for it', () => {
    const cell = Cell.begin();
    const owner = configMap(cell, 'owner');
    cell.create('Namespace', { metadata: { name: 'team', ownerReferences: [reference(owner)] } });
    remove(cell, 'owner');
    cell.settle([collector]);
    expect(cell.get('Namespace', 'team').context.metadata.deletionTimestamp).toBeUndefined();
  });

  test('an owner of cluster scope takes along dependents in every scope', () => {
    const cell = Cell.begin();
    const node = cell.create('Node', { metadata: { name: 'n1' } });
    cell.create('Node', { metadata: { name: 'n2', ownerReferences: [reference(node)] } });
    configMap(cell, 'a', [reference(node)]);
    cell.accept({ kind: 'Node', name: 'n1', verb: 'delete' });
    cell.settle([collector]);
    expect([...names(cell), ...cell.list('Node')]).toEqual([]);
  });

  test('what is being deleted already is left alone', () => {
    const cell = Cell.begin();
    const owner = configMap(cell, 'owner');
    configMap(cell, 'held', [reference(owner)], { finalizers: ['x.io/y'] });
    remove(cell, 'held');
    remove(cell, 'owner');
    const { revision } = cell.get('ConfigMap', 'held');
    cell.settle([collector]);
    expect(cell.get('ConfigMap', 'held').revision).toBe(revision);
  });

  test('the deletion says which owner is gone', () => {
    const cell = Cell.begin();
    const owner = configMap(cell, 'owner');
    configMap(cell, 'a', [reference(owner)]);
    remove(cell, 'owner');
    const key = { kind: 'ConfigMap', namespace: 'default', name: 'a' };
    expect(cell.reconcile(collector, key).commands).toEqual([
      expect.objectContaining({ verb: 'delete', reason: 'its owner is gone: ConfigMap owner' }),
    ]);
  });
});

describe('orphan deletion', () => {
  test('the owner goes, its dependents stay without the reference', () => {
    const cell = Cell.begin();
    const owner = configMap(cell, 'owner');
    const other = configMap(cell, 'other');
    configMap(cell, 'controlled', [reference(owner, CONTROLLER), reference(other)]);
    configMap(cell, 'owned', [reference(owner)]);
    remove(cell, 'owner', 'Orphan');
    expect(cell.get('ConfigMap', 'owner').context.metadata.finalizers).toEqual(['orphan']);
    cell.settle([collector]);
    expect(names(cell)).toEqual(['other', 'controlled', 'owned']);
    expect(ownersOf(cell, 'controlled')).toEqual(['other']);
    expect(ownersOf(cell, 'owned')).toEqual([]);
  });

  test('another finalizer of the owner stays on', () => {
    const cell = Cell.begin();
    configMap(cell, 'owner', [], { finalizers: ['x.io/y'] });
    remove(cell, 'owner', 'Orphan');
    cell.settle([collector]);
    expect(cell.get('ConfigMap', 'owner').context.metadata.finalizers).toEqual(['x.io/y']);
  });
});

describe('foreground deletion', () => {
  test('the owner goes last, after the dependents that block it, and theirs', () => {
    const cell = Cell.begin();
    const owner = configMap(cell, 'owner');
    const middle = configMap(cell, 'middle', [reference(owner, CONTROLLER)]);
    configMap(cell, 'leaf', [reference(middle, CONTROLLER)]);
    const from = cell.changes.length;
    remove(cell, 'owner', 'Foreground');
    cell.settle([collector], from);
    const gone = cell.changes.filter(({ after }) => after === undefined).map(({ commit }) => commit.name);
    expect(gone).toEqual(['leaf', 'middle', 'owner']);
  });

  test('a dependent held by a finalizer holds the owner', () => {
    const cell = Cell.begin();
    const owner = configMap(cell, 'owner');
    configMap(cell, 'held', [reference(owner, CONTROLLER)], { finalizers: ['x.io/y'] });
    remove(cell, 'owner', 'Foreground');
    cell.settle([collector]);
    expect(names(cell)).toEqual(['owner', 'held']);
    const from = cell.changes.length;
    const patch = { metadata: { finalizers: [] } };
    cell.accept({ kind: 'ConfigMap', name: 'held', verb: 'patch', arguments: { patch } });
    cell.settle([collector], from);
    expect(names(cell)).toEqual([]);
  });

  test('a dependent that does not block goes after the owner', () => {
    const cell = Cell.begin();
    const owner = configMap(cell, 'owner');
    configMap(cell, 'loose', [reference(owner)]);
    remove(cell, 'owner', 'Foreground');
    cell.settle([collector]);
    const gone = cell.changes.filter(({ after }) => after === undefined).map(({ commit }) => commit.name);
    expect(gone).toEqual(['owner', 'loose']);
  });

  test('a blocking dependent with another owner is let go of instead', () => {
    const cell = Cell.begin();
    const owner = configMap(cell, 'owner');
    const other = configMap(cell, 'other');
    configMap(cell, 'shared', [reference(owner, { blockOwnerDeletion: true }), reference(other)]);
    remove(cell, 'owner', 'Foreground');
    cell.settle([collector]);
    expect(names(cell)).toEqual(['other', 'shared']);
    expect(ownersOf(cell, 'shared')).toEqual(['other']);
  });
});

describe('limits', () => {
  test('a pass sends at most a burst and comes back for the rest', () => {
    const cell = Cell.begin();
    const owner = configMap(cell, 'owner');
    for (let index = 0; index <= GARBAGE_BURST; index++) configMap(cell, `d${index}`, [reference(owner, CONTROLLER)]);
    remove(cell, 'owner', 'Orphan');
    const result = cell.reconcile(collector, { kind: 'ConfigMap', namespace: 'default', name: 'owner' });
    expect(result.commands).toHaveLength(GARBAGE_BURST);
    expect(result.requeueAfterMs).toBe(1);
  });
});
