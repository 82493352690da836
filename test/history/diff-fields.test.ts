// The fields of a diff, named as Kubernetes names them, and the JSON Patch (RFC 6902) that says the same to programs.
import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { fieldChanges } from '../../src/history/diff-fields.ts';
import { DIFF_LISTS_MAX, jsonPatchOf } from '../../src/history/diff-patch.ts';
import { applied } from '../support/json-patch.ts';

describe('the fields that differ', () => {
  test('are named from the top, those that were there first', () => {
    expect(
      fieldChanges(
        { spec: { replicas: 3, gone: true }, metadata: { labels: { 'example.com/app': 'a' } } },
        { spec: { replicas: 5, selector: { a: 'b' } }, metadata: { labels: { 'example.com/app': 'b' } } },
      ),
    ).toEqual([
      { change: 'changed', path: 'spec.replicas', before: 3, after: 5 },
      { change: 'removed', path: 'spec.gone', before: true },
      { change: 'added', path: 'spec.selector.a', after: 'b' },
      { change: 'changed', path: 'metadata.labels[example.com/app]', before: 'a', after: 'b' },
    ]);
  });

  test.each([
    [
      'containers',
      [
        { name: 'a', image: 'x' },
        { name: 'b', image: 'x' },
      ],
      [{ name: 'b', image: 'y' }],
      ['containers[a]', 'containers[b].image'],
    ],
    [
      'conditions',
      [{ type: 'Ready', status: 'False' }],
      [{ type: 'Ready', status: 'True' }],
      ['conditions[Ready].status'],
    ],
    [
      'ports',
      [{ containerPort: 80, protocol: 'TCP' }],
      [{ containerPort: 80, protocol: 'TCP', name: 'web' }],
      ['ports[80/TCP].name'],
    ],
    ['ports', [{ port: 80, targetPort: 1 }], [{ port: 80, targetPort: 2 }], ['ports[80].targetPort']],
    [
      'taints',
      [{ key: 'k', effect: 'NoSchedule', value: 'a' }],
      [{ key: 'k', effect: 'NoSchedule', value: 'b' }],
      ['taints[k/NoSchedule].value'],
    ],
    ['command', ['a', 'b'], ['a'], ['command']],
    ['tolerations', [{ key: 'a' }], [{ key: 'b' }], ['tolerations']],
    ['containers', [{ name: 'a' }], [{ name: 'a' }, { name: 'a' }], ['containers']],
  ])('of a list of %s are told by what Kubernetes merges it by', (field, before, after, paths) => {
    expect(fieldChanges({ [field]: before }, { [field]: after }).map(({ path }) => path)).toEqual(paths);
  });

  test('are told one by one of labels and named lists even where all are new or gone, and whole of others', () => {
    const labels = { a: '1', b: '2' };
    const conditions = [{ type: 'Ready', status: 'True' }];
    const value = { labels, conditions, command: ['a'], spec: { deep: {} }, none: {}, empty: [] };
    const paths = ['labels.a', 'labels.b', 'conditions[Ready]', 'command', 'spec', 'none', 'empty'];
    expect(fieldChanges({}, value).map(({ path }) => path)).toEqual(paths);
    expect(fieldChanges(value, {}).map(({ change, path }) => `${change} ${path}`)).toEqual(
      paths.map((path) => `removed ${path}`),
    );
  });

  test('say when members are the same in another order', () => {
    const [a, b] = [{ name: 'a' }, { name: 'b' }];
    expect(fieldChanges({ containers: [a, b] }, { containers: [b, a] })).toEqual([
      { change: 'reordered', path: 'containers', before: ['a', 'b'], after: ['b', 'a'] },
    ]);
  });
});

describe('a JSON Patch', () => {
  const json = fc.jsonValue({ maxDepth: 4 }).map((value) => JSON.parse(JSON.stringify(value)) as unknown);
  const lists = fc.record({ list: fc.array(fc.record({ name: fc.constantFrom('a', 'b', 'c'), value: json })) });

  test('of any two values makes the one the other', () => {
    fc.assert(
      fc.property(fc.oneof(json, lists), fc.oneof(json, lists), (before, after) => {
        expect(applied(before, jsonPatchOf(before, after))).toEqual(after);
      }),
      { numRuns: 500 },
    );
  });

  test('replaces a long list whole, since looking for the shortest way would take for ever', () => {
    const before = Array.from({ length: DIFF_LISTS_MAX + 1 }, (_, index) => index);
    const after = before.map((value) => value + 1);
    expect(jsonPatchOf({ list: before }, { list: after })).toEqual([{ op: 'replace', path: '/list', value: after }]);
    expect(jsonPatchOf({ list: before }, { list: [...before], other: 1 })).toEqual([
      { op: 'add', path: '/other', value: 1 },
    ]);
  });
});
