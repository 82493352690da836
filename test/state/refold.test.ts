/** Whatever is commanded: who writes, who folds the bytes, and who starts from a kept state come to the same. */
import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { kinds, OWNER_INDEX, type Command, type ObjectRecord, type View } from '../../machines/index.ts';
import { systemIdentifiers } from '../../src/foundation/identifiers.ts';
import { CellState } from '../../src/state/cell-state.ts';
import { Fold } from '../../src/state/fold.ts';
import { indexNames, indexValue } from '../../src/state/object-store.ts';
import { Overlay } from '../../src/state/overlay.ts';
import { Batch } from '../../src/writer/batch.ts';
import { WRITER_LIMITS } from '../../src/writer/limits.ts';
import { Cell } from '../support/cell.ts';
import { allRecords, keptState } from '../support/kept-state.ts';
import { webManifest } from '../support/workload.ts';

const RUNS = 150;

/** JSON as a client may send it: keys that mean something to JavaScript, numbers it changes, halves of characters. */
const ODD_TEXTS = ['value', '', '\ud800', '\udc00x', '\u2028', '"\\\n\u0000', '__proto__'];
const key = fc.constantFrom('a', '10', '9', '__proto__', 'constructor', 'toString', 'x.y');
const oddText = fc.constantFrom(...ODD_TEXTS);
const pairs = fc
  .array(fc.tuple(key, oddText), { maxLength: 4 })
  .map(
    (entries) =>
      JSON.parse(`{${entries.map(([name, value]) => `${JSON.stringify(name)}:${JSON.stringify(value)}`)}}`) as object,
  );
const oddValue: fc.Arbitrary<unknown> = fc.oneof(
  pairs,
  oddText,
  fc
    .constantFrom('1e400', '1e21', '0.1', '9007199254740993', 'null', '[null]', '{"a":{}}')
    .map((json) => JSON.parse(json) as unknown),
);
const name = fc.constantFrom('a', 'b', 'c');
const OWNERS = ['u', 'v'];
const OWNER = { apiVersion: 'v1', kind: 'ConfigMap', name: 'a', controller: true };
const metadata = fc.record(
  {
    labels: pairs,
    annotations: pairs,
    finalizers: fc.constantFrom(['x/y'], []),
    ownerReferences: fc.constantFrom([], ...OWNERS.map((uid) => [{ ...OWNER, uid }])),
  },
  { requiredKeys: [] },
);

type Draft = Pick<Command, 'kind' | 'name' | 'verb' | 'arguments'> & Partial<Command>;

function creation(kind: string, of: string, more: object, extra: object = {}): Draft {
  return { kind, name: of, verb: 'create', arguments: { manifest: { metadata: { name: of, ...more }, ...extra } } };
}

const POD = { containers: [{ name: 'main', image: 'demo:1' }] };
const CAPACITY = { cpu: '4', memory: '8Gi', pods: '100' };
const NODE_INFO = {
  operatingSystem: 'linux',
  architecture: 'amd64',
  osImage: 'test',
  kernelVersion: '6',
  containerRuntimeVersion: 'hollow://1',
  kubeletVersion: 'v0.1.0',
};

const creations = fc.oneof(
  fc.tuple(name, metadata, pairs).map(([of, more, data]) => creation('ConfigMap', of, more, { data })),
  fc.tuple(name, metadata).map(([of, more]) => creation('Pod', of, more, { spec: POD })),
  fc
    .tuple(name, oddValue)
    .map(([of, odd]) => creation('Pod', of, {}, { spec: { ...POD, terminationGracePeriodSeconds: odd } })),
  fc.tuple(name, fc.constantFrom(0, 2)).map(([of, replicas]) => {
    const { spec } = webManifest() as { readonly spec: object };
    return creation('ReplicationController', of, {}, { spec: { ...spec, replicas } });
  }),
  name.map((of) => creation('Namespace', of, {})),
  name.map((of): Draft => ({
    kind: 'Node',
    name: of,
    verb: 'register',
    arguments: { capacity: CAPACITY, nodeInfo: NODE_INFO, addresses: [] },
  })),
);
const kind = fc.constantFrom('ConfigMap', 'Pod', 'ReplicationController', 'Namespace', 'Node', 'Unheard');
const changes = fc.oneof(
  fc.tuple(kind, name, metadata).map(([of, its, more]): Draft => ({
    kind: of,
    name: its,
    verb: 'patch',
    arguments: { patch: { metadata: more } },
  })),
  fc.tuple(kind, name, key, oddValue).map(([of, its, part, value]): Draft => {
    const patch = JSON.parse(`{${JSON.stringify(part)}:${JSON.stringify(value) ?? 'null'}}`) as object;
    return { kind: of, name: its, verb: 'patch', arguments: { patch: { data: patch } } };
  }),
  fc
    .tuple(kind, name, fc.constantFrom({}, { gracePeriodSeconds: 0 }, { propagationPolicy: 'Foreground' }))
    .map(([of, its, given]): Draft => ({ kind: of, name: its, verb: 'delete', arguments: given })),
  fc.tuple(name, name).map(([of, node]): Draft => ({ kind: 'Pod', name: of, verb: 'bind', arguments: { node } })),
  fc.tuple(name, fc.constantFrom(0, 3)).map(([of, replicas]): Draft => ({
    kind: 'ReplicationController',
    name: of,
    verb: 'scale',
    arguments: { replicas },
  })),
);
/** Some ids come again, within an entry and over entries, in higher and lower attempts. */
const identity = fc.record({
  id: fc.oneof(
    { weight: 4, arbitrary: fc.uuid() },
    { weight: 1, arbitrary: fc.integer({ min: 0, max: 9 }).map((number) => `id/${number}`) },
    { weight: 1, arbitrary: oddText.filter((id) => id !== '') },
  ),
  attempt: fc.integer({ min: 1, max: 3 }),
});
const command = fc.tuple(fc.oneof(creations, changes), identity).map(([draft, { id, attempt }]): Command => {
  const namespaced = kinds.get(draft.kind)?.namespaced ?? true;
  return { ...draft, id, attempt, namespace: namespaced ? 'default' : '', actor: 'admin' };
});
const log = fc.array(fc.array(command, { maxLength: 12 }), { minLength: 1, maxLength: 8 });

describe('after any commands', () => {
  test('a follower has the hash, the records, the outcomes and the position of the writer', () => {
    fc.assert(
      fc.property(log, (entries) => {
        const cell = Cell.begin();
        for (const commands of entries) cell.submitTogether(commands);
        const { state } = cell.follower;
        expect(state.stateHash()).toBe(cell.state.stateHash());
        expect(allRecords(state)).toEqual(allRecords(cell.state));
        expect([...state.outcomes]).toEqual([...cell.state.outcomes]);
        expect([state.position, state.time]).toEqual([cell.state.position, cell.state.time]);
      }),
      { numRuns: RUNS },
    );
  });

  test('a state that was kept in between goes on to the same', () => {
    fc.assert(
      fc.property(log, fc.nat(), (entries, pick) => {
        const cell = Cell.begin();
        for (const commands of entries) cell.submitTogether(commands);
        const cut = pick % cell.payloads.length;
        const fold = new Fold();
        const apply = (into: Fold, from: number, until: number) => {
          for (let index = from; index < until; index++)
            into.apply({ number: index + 1, payload: cell.payloads[index] ?? new Uint8Array() });
        };
        apply(fold, 0, cut);
        const resumed = new Fold(CellState.from(keptState(fold.state)));
        expect(resumed.state.stateHash()).toBe(fold.state.stateHash());
        apply(resumed, cut, cell.payloads.length);
        expect(resumed.state.stateHash()).toBe(cell.state.stateHash());
        expect([...resumed.state.outcomes]).toEqual([...cell.state.outcomes]);
      }),
      { numRuns: RUNS },
    );
  });

  test('what an overlay counts, indexes and lists is what a walk over its objects finds', () => {
    fc.assert(
      fc.property(log, fc.array(command, { maxLength: 20 }), (entries, staged) => {
        const cell = Cell.begin();
        for (const commands of entries) cell.submitTogether(commands);
        const { state } = cell;
        const batch = new Batch({
          state,
          identifiers: systemIdentifiers,
          limits: WRITER_LIMITS,
          now: cell.now,
          writer: 'test',
          lineage: 'test',
        });
        for (const one of staged) batch.decide(one);
        const { overlay } = batch.prepare();
        requireIndexesRight(
          overlay,
          new Map(
            [...allRecords(state), ...[...overlay.objects].map(({ record }) => record)].flatMap((record) =>
              record ? [[`${record.kind}/${record.namespace}/${record.name}`, record] as const] : [],
            ),
          ),
        );
      }),
      { numRuns: RUNS },
    );
  });
});

function byName(records: Iterable<ObjectRecord>): string[] {
  return [...records].map((record) => `${record.namespace}/${record.name} ${record.revision}`).toSorted();
}

/** `known`: every object that is there or was before. */
function requireIndexesRight(view: View, known: ReadonlyMap<string, ObjectRecord>): void {
  for (const definition of kinds.values()) {
    const there = [...known.values()]
      .filter((record) => record.kind === definition.kind)
      .map((record) => view.get(record.kind, record.namespace, record.name))
      .filter((record) => record !== undefined);
    expect(byName(view.list(definition.kind))).toEqual(byName(there));
    for (const index of indexNames(definition)) {
      const before = [...known.values()].filter((record) => record.kind === definition.kind);
      const values = new Set([...OWNERS, ...before.map((record) => indexValue(definition, index, record))]);
      for (const value of values) {
        if (value === undefined) continue;
        const expected = there.filter((record) => indexValue(definition, index, record) === value);
        expect(byName(view.indexed(definition.kind, index, value))).toEqual(byName(expected));
        expect(view.count(definition.kind, index, value), `${definition.kind} ${index} ${value}`).toBe(expected.length);
      }
    }
  }
}

test('0 and -0 are one number: JSON writes them alike, so nobody may tell them apart', () => {
  const cell = Cell.begin();
  const scale = (replicas: number): Command => ({
    id: `scale/${cell.state.position.entry}`,
    kind: 'ReplicationController',
    namespace: 'default',
    name: 'web',
    verb: 'scale',
    arguments: { replicas },
    actor: 'admin',
  });
  cell.create('ReplicationController', webManifest({ replicas: 0 }));
  expect(cell.submit(scale(-0))).toMatchObject({ outcome: 'unchanged' });
});

test('the owner index is among those that are compared', () => {
  expect([...kinds.values()].every((definition) => indexNames(definition).includes(OWNER_INDEX))).toBe(true);
  expect(new Overlay(new CellState()).count('Pod', OWNER_INDEX, 'nobody')).toBe(0);
});
