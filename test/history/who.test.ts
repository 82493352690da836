/** Who made each field what it is: blamed commit by commit, and checked against the object itself. */
import { describe, expect, test } from 'vitest';
import { kinds, renderManifest } from '../../machines/index.ts';
import type { Query } from '../../src/bus/query-messages.ts';
import { describeWho } from '../../src/cli/who-lines.ts';
import { answerWho } from '../../src/history/answers/who.ts';
import { changedLeaves, fieldAt, leavesOf } from '../../src/history/who-fields.ts';
import { WALK_MAX } from '../../src/history/who-walk.ts';
import { Cell } from '../support/cell.ts';
import { sourceOf } from '../support/past.ts';
import { createPod, createWeb, registerNode, run } from '../support/workload.ts';

const WEB = { kind: 'ReplicationController', namespace: 'default', name: 'web' };

function who(cell: Cell, query: Query<'who'>) {
  return answerWho(sourceOf(cell), query);
}

/** Fields and who made them so, as `field = value by actor`. */
function blamed(cell: Cell, query: Query<'who'>): readonly string[] {
  const { fields, commits } = who(cell, query);
  return fields.map(({ field, value, revision }) => {
    const commit = commits.find((candidate) => candidate.revision === revision);
    return `${field} = ${JSON.stringify(value)} by ${commit?.actor}`;
  });
}

function scaled(...steps: readonly (readonly [actor: string, replicas: number])[]): Cell {
  const cell = Cell.begin();
  createWeb(cell);
  for (const [actor, replicas] of steps) cell.accept({ ...WEB, verb: 'scale', arguments: { replicas }, actor });
  return cell;
}

test('each field is the commit’s that last changed it', () => {
  const cell = scaled(['jane', 5], ['joe', 2]);
  cell.accept({
    ...WEB,
    verb: 'patch',
    actor: 'jane',
    arguments: { patch: { metadata: { labels: { 'a.b/c': 'd' } } } },
  });
  const fields = blamed(cell, WEB);
  expect(fields).toContain('spec.replicas = 2 by joe');
  expect(fields).toContain('metadata.labels[a.b/c] = "d" by jane');
  expect(fields).toContain('spec.template.spec.containers[main].image = "demo:1" by admin');
});

test('every field of the object is there, with the value it has', () => {
  const cell = Cell.begin();
  registerNode(cell, 'n1');
  createPod(cell, 'web');
  run(cell, 'web', 'n1');
  const pod = cell.get('Pod', 'web');
  const { apiVersion: _version, kind: _kind, metadata, ...parts } = renderManifest(kinds.get('Pod')!, pod);
  const { resourceVersion: _revision, ...kept } = metadata;
  const expected = [...leavesOf({ ...parts, metadata: kept })].map(([field]) => field).toSorted();
  const { fields, complete } = who(cell, { kind: 'Pod', namespace: 'default', name: 'web' });
  expect(fields.map(({ field }) => field).toSorted()).toEqual(expected);
  expect(fields.every(({ revision }) => revision !== null)).toBe(true);
  expect(complete).toBe(true);
});

test('one field tells all values it has had', () => {
  const cell = scaled(['jane', 5], ['joe', 2]);
  const answer = who(cell, { ...WEB, field: 'spec.replicas' });
  expect(answer.values.map(({ value }) => value)).toEqual([3, 5, 2]);
  expect(answer.commits.map(({ actor }) => actor)).toEqual(['admin', 'jane', 'joe']);
  expect(describeWho(answer, 'field')).toMatch(
    /^REVISION +TIME +ACTOR +VALUE +HOW\n.* admin +3 +create\n.* jane +5 +scale\n.* joe +2 +scale\n$/,
  );
});

test('a field that was taken away is told so', () => {
  const cell = Cell.begin();
  cell.create('ConfigMap', { metadata: { name: 'a' }, data: { x: '1' } });
  cell.accept({ kind: 'ConfigMap', name: 'a', verb: 'patch', arguments: { patch: { data: { x: null } } } });
  const { values } = who(cell, { kind: 'ConfigMap', namespace: 'default', name: 'a', field: 'data.x' });
  expect(values).toEqual([{ revision: expect.any(Number), value: '1' }, { revision: expect.any(Number) }]);
  expect(() => who(cell, { kind: 'ConfigMap', namespace: 'default', name: 'a', field: 'data.y' })).toThrow(
    'configmap/a never had a field data.y',
  );
});

test('fields can be grouped by actor, who has most of them first', () => {
  const text = describeWho(who(scaled(['jane', 5]), WEB), 'actor');
  expect(text).toMatch(/^ACTOR +FIELDS\nadmin +\d+ +metadata/);
  expect(text).toMatch(/^jane +2 +metadata.generation\n +spec.replicas$/m);
});

test('of an object that is gone its last fields are told, and who removed it', () => {
  const cell = scaled(['jane', 5]);
  cell.accept({ ...WEB, verb: 'delete', actor: 'joe' });
  expect(blamed(cell, WEB)).toContain('spec.replicas = 5 by jane');
  expect(describeWho(who(cell, WEB), 'field')).toMatch(
    /^ReplicationController default\/web is gone since .*, by joe: removed \(revision \d+\)\n/,
  );
});

test('at a past moment it tells what was so then', () => {
  const cell = scaled(['jane', 5], ['joe', 2]);
  expect(blamed(cell, { ...WEB, at: { revision: cell.state.revision - 1 } })).toContain('spec.replicas = 5 by jane');
});

test('of a long life the newest commits are looked at, and what is older has no name', () => {
  const cell = Cell.begin();
  cell.create('ConfigMap', { metadata: { name: 'a' }, data: { old: 'x' } });
  for (let count = 0; count < WALK_MAX; count++) {
    const patch = { data: { count: String(count) } };
    cell.accept({ kind: 'ConfigMap', name: 'a', verb: 'patch', arguments: { patch } });
  }
  const answer = who(cell, { kind: 'ConfigMap', namespace: 'default', name: 'a' });
  expect(answer).toMatchObject({ looked: WALK_MAX, complete: false });
  const revisions = new Map(answer.fields.map(({ field, revision }) => [field, revision]));
  expect(revisions.get('data.count')).toBe(cell.state.revision);
  expect(revisions.get('data.old')).toBeNull();
  expect(describeWho(answer, 'field')).toMatch(
    new RegExp(`Only the last ${WALK_MAX} commits .* ask with --at ${answer.lookedFrom - 1}\n$`),
  );
});

describe('fields', () => {
  const before = {
    list: [
      { name: 'a', v: 1 },
      { name: 'b', v: 2 },
    ],
    plain: [1, 2],
    empty: {},
    gone: 1,
  };

  test('of a list are told apart by name, so that what moves is no change', () => {
    const after = {
      ...before,
      list: [
        { name: 'b', v: 2 },
        { name: 'a', v: 3 },
      ],
    };
    expect([...changedLeaves(before, after)]).toEqual([['list[a].v', 3]]);
  });

  test('of a list without names are told apart by number', () => {
    expect([...changedLeaves(before, { ...before, plain: [1, 3] })]).toEqual([['plain[1]', 3]]);
  });

  test('without fields of their own are leaves', () => {
    expect([...changedLeaves(before, { ...before, empty: { a: 1 } })]).toEqual([['empty.a', 1]]);
    expect([...changedLeaves({ empty: { a: 1 } }, before)]).toContainEqual(['empty', {}]);
    expect([...changedLeaves(before, { ...before, gone: undefined })]).toEqual([]);
  });

  test('are found by the path they are told with', () => {
    const value = { ...before, labels: { 'a.b/c': 'd' } };
    for (const [field, leaf] of leavesOf(value)) expect(fieldAt(value, field), field).toEqual(leaf);
    expect(fieldAt(value, 'list[1].v')).toBe(2);
    expect(fieldAt(value, 'list[a]')).toEqual({ name: 'a', v: 1 });
    expect(fieldAt(value, 'none.at.all')).toBeUndefined();
    expect(fieldAt(value, 'constructor')).toBeUndefined();
  });
});
