// Queries: lists in Kubernetes' order, by selectors, in pages; every answer is of one revision and names it.
import * as fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { kinds, matchesSelector, renderManifest, type Kind, type SelectorRequirement } from '../../machines/index.ts';
import {
  decodeContinue,
  listFault,
  openQueries,
  PAGE_MAX_ITEMS,
  parseFieldSelector,
  REQUIREMENTS_MAX,
  type ListRequest,
  type ReadModelQueries,
} from '../../src/read-model/index.ts';
import { LEADING_MAX_OBJECTS, STATEMENTS_MAX } from '../../src/read-model/list-query.ts';
import { create, ProjectedCell, remove } from './projected-cell.ts';

const configMap = kinds.get('ConfigMap') as Kind;
const KEYS = ['app', 'tier', 'track'];
const VALUES = ['a', 'b', ''];
/** Objects with random labels, in two namespaces. */
const OBJECTS = 60;
/** Objects of one label: more than lead a query. */
const MANY = LEADING_MAX_OBJECTS + 100;

let cell: ProjectedCell;

beforeAll(async () => {
  cell = await ProjectedCell.start();
  for (let n = 0; n < OBJECTS; n++) {
    // Three digits of base four: nearly every combination of values and absences occurs.
    const labels = Object.fromEntries(
      KEYS.flatMap((key, digit) => {
        const seed = Math.floor(n / 4 ** digit) % 4;
        return seed === 3 ? [] : [[key, VALUES[seed] ?? '']];
      }),
    );
    const owner = { apiVersion: 'v1', kind: 'X', name: 'x', uid: `owner-${n % 3}`, controller: true };
    cell.accept({
      ...create(`c${n}`, { data: { n: String(n) } }, { labels, annotations: labels, ownerReferences: [owner] }),
      namespace: n % 2 === 0 ? 'default' : 'other',
    });
  }
  for (let n = 0; n < MANY; n += 100) {
    cell.accept(...Array.from({ length: 100 }, (_, m) => create(`many-${n + m}`, {}, { labels: { many: 'yes' } })));
  }
  await cell.projected();
});
afterAll(() => cell.end());

/** The names a list gives, over all its pages. */
function names(request: ListRequest, queries: ReadModelQueries = cell.queries): string[] {
  const found: string[] = [];
  let after = request.after;
  for (;;) {
    const page = queries.listRecords({ ...request, ...(after && { after }) });
    found.push(...page.records.map(({ namespace, name }) => `${namespace}/${name}`));
    if (page.continue === undefined) return found;
    after = decodeContinue(page.continue);
    if (after === undefined) throw new Error('the token of a page must continue it');
  }
}

function namesBy(text: string): string[] {
  const fieldSelector = parseFieldSelector('ConfigMap', text);
  if (typeof fieldSelector === 'string') throw new Error(fieldSelector);
  return names({ kind: 'ConfigMap', fieldSelector });
}

/** The same, as the fold has it. */
function expected(wanted: (record: ReturnType<typeof records>[number]) => boolean): string[] {
  const byKey = records().filter(wanted);
  return byKey.map(({ namespace, name }) => `${namespace}/${name}`).toSorted((a, b) => (a < b ? -1 : 1));
}
const records = () => [...cell.state.list('ConfigMap')];

const requirement: fc.Arbitrary<SelectorRequirement> = fc
  .record({
    key: fc.constantFrom(...KEYS, 'many', 'none'),
    operator: fc.constantFrom('In', 'NotIn', 'Exists', 'DoesNotExist'),
    values: fc.uniqueArray(fc.constantFrom(...VALUES, 'yes', 'none'), { minLength: 1 }),
  })
  .map(({ key, operator, values }) =>
    operator === 'In' || operator === 'NotIn' ? { key, operator, values } : { key, operator },
  );

describe('a list', () => {
  test('by any label selector has exactly what the selector matches, in the order of namespace and name', () => {
    fc.assert(
      fc.property(
        fc.array(requirement, { maxLength: 3 }),
        fc.constantFrom(undefined, 'default'),
        (selector, namespace) => {
          const request = { kind: 'ConfigMap', labelSelector: selector, ...(namespace && { namespace }) };
          expect(names(request)).toEqual(
            expected(
              (record) =>
                (namespace === undefined || record.namespace === namespace) &&
                matchesSelector(record.context.metadata.labels, { matchExpressions: selector }),
            ),
          );
        },
      ),
      { numRuns: 60 },
    );
  });

  test('by any annotation selector likewise', () => {
    fc.assert(
      fc.property(fc.array(requirement, { minLength: 1, maxLength: 2 }), (selector) => {
        expect(names({ kind: 'ConfigMap', annotationSelector: selector })).toEqual(
          expected(({ context }) => matchesSelector(context.metadata.annotations, { matchExpressions: selector })),
        );
      }),
      { numRuns: 30 },
    );
  });

  test('by owner has what that owner controls', () => {
    const request = { kind: 'ConfigMap', ownerUid: 'owner-1', namespace: 'other' } as const;
    expect(names(request)).toEqual(
      expected(
        ({ namespace, context }) => namespace === 'other' && context.metadata.ownerReferences?.[0]?.uid === 'owner-1',
      ),
    );
  });

  test('by name or namespace as a field, or not', () => {
    expect(namesBy('metadata.name=c4')).toEqual(['default/c4']);
    expect(namesBy('metadata.namespace=other,metadata.name!=c1')).toEqual(
      expected(({ namespace, name }) => namespace === 'other' && name !== 'c1'),
    );
  });

  test('shows objects as Kubernetes shows them', () => {
    const { items } = cell.queries.list({ kind: 'ConfigMap', namespace: 'other', limit: 2 });
    const shown = expected(({ namespace }) => namespace === 'other').slice(0, 2);
    const wanted = shown.map((key) => {
      const record = cell.state.get('ConfigMap', 'other', key.split('/')[1] ?? '');
      return record && JSON.stringify(renderManifest(configMap, record));
    });
    expect(items).toEqual(wanted);
  });

  test('has no more than the limit, and never more than a page holds', () => {
    const sizes = [3, PAGE_MAX_ITEMS + 1, undefined].map(
      (limit) => cell.queries.list({ kind: 'ConfigMap', ...(limit && { limit }) }).items.length,
    );
    expect(sizes).toEqual([3, PAGE_MAX_ITEMS, PAGE_MAX_ITEMS]);
  });

  test('in pages of any size is the whole list, each object once', () => {
    const whole = expected(({ namespace }) => namespace === 'other');
    for (const limit of [1, 7, whole.length, whole.length + 1]) {
      expect(names({ kind: 'ConfigMap', namespace: 'other', limit })).toEqual(whole);
    }
    expect(names({ kind: 'ConfigMap', limit: 250 })).toEqual(expected(() => true));
  });

  test('carries the revision it was read at', async () => {
    const before = cell.queries.list({ kind: 'ConfigMap', limit: 1 });
    cell.accept(create('newest'), remove('newest'));
    await cell.projected();
    const after = cell.queries.list({ kind: 'ConfigMap', limit: 1 });
    expect([before.revision, after.revision]).toEqual([cell.state.revision - 2, cell.state.revision]);
  });
});

test('a page ends early where its objects are large, with at least one object', async () => {
  const large = Array.from({ length: 6 }, (_, n) => create(`z-large-${n}`, { data: { text: 'x'.repeat(1_000_000) } }));
  for (const command of large) cell.accept(command);
  await cell.projected();
  const { items, continue: token } = cell.queries.list({
    kind: 'ConfigMap',
    after: { namespace: 'default', name: 'z' },
    namespace: 'default',
  });
  expect(items).toHaveLength(4);
  expect(token && decodeContinue(token)).toEqual({ namespace: 'default', name: 'z-large-3' });
  for (const { name } of large) cell.accept(remove(name));
  await cell.projected();
});

test('a snapshot stays at its revision while the cell goes on', async () => {
  const revision = cell.state.revision;
  using snapshot = cell.queries.snapshot();
  const before = names({ kind: 'ConfigMap', limit: 200 }, snapshot);
  cell.accept(create('after-the-snapshot'));
  await cell.projected();
  expect(names({ kind: 'ConfigMap', limit: 200 }, snapshot)).toEqual(before);
  expect([snapshot.revision(), cell.queries.revision()]).toEqual([revision, revision + 1]);
  cell.accept(remove('after-the-snapshot'));
  await cell.projected();
});

test('objects are counted by kind', () => {
  const { counts, revision } = cell.queries.counts();
  expect(Object.fromEntries(counts)).toEqual({ ConfigMap: records().length, Namespace: 2 });
  expect(revision).toBe(cell.state.revision);
});

test('an object that does not exist is an answer of a revision too', () => {
  expect(cell.queries.getRecord('ConfigMap', 'default', 'nobody')).toEqual({ revision: cell.state.revision });
});

test('a continue token that is not ours is told from one that is', () => {
  for (const token of ['', 'abc', '%%%', Buffer.from('a/b/c').toString('base64url')]) {
    expect(decodeContinue(token)).toBeUndefined();
  }
});

test('a field that cannot be selected by is refused by name, as Kubernetes does', () => {
  expect(parseFieldSelector('ConfigMap', 'spec.nodeName=n1')).toBe('field label not supported: spec.nodeName');
  expect(parseFieldSelector('Pod', 'spec.nodeName=n1,status.phase!=Running')).toEqual([
    { field: 'spec.nodeName', operator: 'Equals', value: 'n1' },
    { field: 'status.phase', operator: 'NotEquals', value: 'Running' },
  ]);
  expect(parseFieldSelector('Pod', 'spec.nodeName')).toContain('invalid selector');
});

test('more shapes of requests than statements are kept for still get their answers', () => {
  using queries = openQueries(cell.file);
  const shapes = 2 ** 9;
  for (let shape = 0; shape < shapes; shape++) {
    const labelSelector = Array.from({ length: 9 }, (_, bit): SelectorRequirement =>
      shape & (1 << bit)
        ? { key: 'none', operator: 'DoesNotExist' }
        : { key: 'none', operator: 'NotIn', values: ['x'] },
    );
    expect(queries.list({ kind: 'ConfigMap', labelSelector, limit: 1 }).items).toHaveLength(1);
  }
  expect(shapes).toBeGreaterThan(STATEMENTS_MAX);
});

test('a request with more requirements than the limit has a fault that names it', () => {
  expect(cell.queries.list(requestOf(REQUIREMENTS_MAX)).items).toHaveLength(1);
  expect(listFault(requestOf(REQUIREMENTS_MAX + 1))).toContain('more than the limit of 100');
});

/** A request of so many requirements. */
function requestOf(length: number): ListRequest {
  const labelSelector = Array.from({ length }, (): SelectorRequirement => ({ key: 'none', operator: 'DoesNotExist' }));
  return { kind: 'ConfigMap', labelSelector, limit: 1 };
}
