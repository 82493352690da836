// Strategic merge patches: which lists are sets of named things, and the directives that go with it.
import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { applyStrategicPatch } from '../../src/gateway/patch/strategic.ts';

const pod = (containers: readonly object[], more: object = {}) => ({ spec: { containers, ...more } });
const a = { name: 'a', image: 'a:1' };
const b = { name: 'b', image: 'b:1' };

describe('a strategic merge patch', () => {
  test('finds items of a list by their key and leaves the others', () => {
    const patched = applyStrategicPatch('Pod', pod([a, b]), pod([{ name: 'b', image: 'b:2' }]));
    expect(patched).toEqual(pod([a, { name: 'b', image: 'b:2' }]));
  });

  test('adds an item of a new key', () => {
    expect(applyStrategicPatch('Pod', pod([a]), pod([b]))).toEqual(pod([a, b]));
  });

  test('removes an item by a directive', () => {
    expect(applyStrategicPatch('Pod', pod([a, b]), pod([{ name: 'a', $patch: 'delete' }]))).toEqual(pod([b]));
  });

  test('replaces a list by a directive', () => {
    expect(applyStrategicPatch('Pod', pod([a]), pod([{ $patch: 'replace' }, b]))).toEqual(pod([b]));
  });

  test('replaces an object by a directive', () => {
    const before = { metadata: { labels: { x: '1' } } };
    expect(applyStrategicPatch('Pod', before, { metadata: { labels: { $patch: 'replace', y: '2' } } })).toEqual({
      metadata: { labels: { y: '2' } },
    });
  });

  test('puts items in the order it says', () => {
    const patch = { spec: { '$setElementOrder/containers': [{ name: 'b' }, { name: 'a' }], containers: [b] } };
    expect(applyStrategicPatch('Pod', pod([a]), patch)).toEqual(pod([b, a]));
  });

  test('leaves what its order does not name where it stood', () => {
    const c = { name: 'c', image: 'c:1' };
    const patch = { spec: { '$setElementOrder/containers': [{ name: 'c' }, { name: 'b' }] } };
    expect(applyStrategicPatch('Pod', pod([a, b, c]), patch)).toEqual(pod([a, c, b]));
  });

  test('replaces lists that are no sets of named things', () => {
    const before = pod([], { tolerations: [{ key: 'x' }, { key: 'y' }] });
    const patch = { spec: { tolerations: [{ key: 'z' }] } };
    expect(applyStrategicPatch('Pod', before, patch)).toEqual(pod([], { tolerations: [{ key: 'z' }] }));
  });

  test('adds to and takes from lists of values', () => {
    const before = { metadata: { finalizers: ['a.b/c', 'd.e/f'] } };
    const added = applyStrategicPatch('Pod', before, { metadata: { finalizers: ['g.h/i', 'a.b/c'] } });
    expect(added).toEqual({ metadata: { finalizers: ['a.b/c', 'd.e/f', 'g.h/i'] } });
    const taken = applyStrategicPatch('Pod', before, {
      metadata: { '$deleteFromPrimitiveList/finalizers': ['a.b/c'] },
    });
    expect(taken).toEqual({ metadata: { finalizers: ['d.e/f'] } });
  });

  test('gives a volume another source', () => {
    const before = pod([], { volumes: [{ name: 'v', emptyDir: {} }] });
    const volume = { name: 'v', hostPath: { path: '/x' }, $retainKeys: ['name', 'hostPath'] };
    const after = pod([], { volumes: [{ name: 'v', hostPath: { path: '/x' } }] });
    expect(applyStrategicPatch('Pod', before, { spec: { volumes: [volume] } })).toEqual(after);
  });

  test('reaches into a controller’s template', () => {
    const before = { spec: { template: pod([a]) } };
    const patch = { spec: { template: pod([{ name: 'a', env: [{ name: 'X', value: '1' }] }]) } };
    expect(applyStrategicPatch('ReplicationController', before, patch)).toEqual({
      spec: { template: pod([{ ...a, env: [{ name: 'X', value: '1' }] }]) },
    });
  });

  test.each([
    ['an unknown directive', { spec: { $patch: 'other' } }],
    ['an item without its key', pod([{ image: 'x' }])],
    ['an item that is none', { spec: { containers: ['x'] } }],
    ['a removal that is no list', { metadata: { '$deleteFromPrimitiveList/finalizers': 'x' } }],
  ])('with %s is a bad request', (_what, patch) => {
    expect(() => applyStrategicPatch('Pod', pod([a]), patch)).toThrow(expect.objectContaining({ name: 'StatusError' }));
  });

  test('of anything at all is applied or refused', () => {
    const field = fc.constantFrom(
      'spec',
      'containers',
      'name',
      '$patch',
      '$retainKeys',
      '$setElementOrder/containers',
      '__proto__',
    );
    const value = fc.letrec((tie) => ({
      value: fc.oneof(
        { maxDepth: 4 },
        fc.constantFrom(null, 'delete', 'a', 1),
        fc.array(tie('value'), { maxLength: 3 }),
        fc.dictionary(field, tie('value'), { maxKeys: 3 }),
      ),
    })).value;
    fc.assert(
      fc.property(fc.dictionary(field, value), (patch) => {
        try {
          expect(applyStrategicPatch('Pod', pod([a]), patch)).toBeTypeOf('object');
        } catch (error) {
          expect(error).toMatchObject({ name: 'StatusError' });
        }
        expect(Object.prototype).not.toHaveProperty('name');
      }),
    );
  });
});
