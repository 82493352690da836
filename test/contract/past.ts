// What every past must answer: each object, list and record as a plain fold that stopped at the revision has it.
import * as fc from 'fast-check';
import { afterEach, describe, expect, test } from 'vitest';
import { pointOf, type Past, type RecordFilter } from '../../src/history/past.ts';
import { create, patch, remove, type FoldedLog, type TestCommand } from '../read-model/projected-cell.ts';
import { compareFiltered, compareMoment, compareRecords, watchFold } from './past-witness.ts';

/** A past behind a fold. */
export interface PastUnderTest {
  readonly cell: FoldedLog;
  readonly past: Past;
  /** Resolves once the past has what was folded. */
  recorded(): Promise<void>;
  end(): Promise<void>;
}

const RUNS = 12;
const NAMES = ['a', 'b', 'c'];
const STEP_MS = 1_000;

const node = (name: string): TestCommand => ({
  kind: 'Node',
  namespace: '',
  name,
  verb: 'create',
  arguments: { manifest: { metadata: { name } } },
});
const controller = (name: string): TestCommand => ({
  kind: 'ReplicationController',
  ...create(name, {
    spec: {
      replicas: 1,
      template: { metadata: { labels: { app: name } }, spec: { containers: [{ name: 'main', image: 'demo:1' }] } },
    },
  }),
});
const pod = (name: string): TestCommand => ({
  kind: 'Pod',
  ...create(name, { spec: { containers: [{ name: 'main', image: 'demo:1' }] } }),
});

/** What may be done to a name; much of it is refused, since there is no such object or one already. */
const DEEDS: readonly ((name: string, value: number) => TestCommand)[] = [
  (name, value) => create(name, { data: { value: String(value) } }, { labels: { app: name } }),
  (name, value) => patch(name, { data: { value: String(value) } }),
  (name, value) => patch(name, { data: { value: String(value) } }),
  (name) => remove(name),
  (name) => create(name, { data: { elsewhere: 'yes' } }),
  (name) => ({ ...create(name, { data: {} }), namespace: 'other' }),
  (name) => ({ ...remove(name), namespace: 'other' }),
  (name) => node(name),
  (name, value) => ({ kind: 'Node', namespace: '', ...patch(name, { metadata: { labels: { value: `v${value}` } } }) }),
  (name) => ({ kind: 'Node', namespace: '', ...remove(name) }),
  (name) => controller(name),
  (name, value) => ({ kind: 'ReplicationController', name, verb: 'scale', arguments: { replicas: value % 5 } }),
  (name) => pod(name),
  (name) => ({ kind: 'Pod', ...remove(name), arguments: { gracePeriodSeconds: 0 } }),
];

const deed = fc.record({
  deed: fc.nat({ max: DEEDS.length - 1 }),
  name: fc.constantFrom(...NAMES),
  value: fc.nat({ max: 9 }),
  causeBack: fc.nat({ max: 5 }),
});
const histories = fc.array(fc.array(deed, { minLength: 1, maxLength: 4 }), { minLength: 1, maxLength: 50 });

type Deed = typeof deed extends fc.Arbitrary<infer Value> ? Value : never;

export function describePast(name: string, start: () => Promise<PastUnderTest>): void {
  describe(`the past in ${name}`, () => {
    const running: PastUnderTest[] = [];
    const begin = async () => {
      const subject = await start();
      running.push(subject);
      const witness = watchFold(subject.cell);
      subject.cell.accept(
        { kind: 'Namespace', namespace: '', ...create('default') },
        { kind: 'Namespace', namespace: '', ...create('other') },
      );
      return { ...subject, witness };
    };
    afterEach(async () => {
      await Promise.all(running.splice(0).map((subject) => subject.end()));
    });

    test('every object and list of any history is at every revision what a fold that stopped there has', async () => {
      await fc.assert(
        fc.asyncProperty(histories, async (entries) => {
          const subject = await begin();
          play(subject.cell, entries);
          await subject.recorded();
          for (const moment of subject.witness.moments) compareMoment(subject.past, moment);
          compareRecords(subject.past, subject.witness);
        }),
        { numRuns: RUNS },
      );
    });

    test('a name that was deleted and made again is another object with its own commits', async () => {
      const { cell, past, recorded } = await begin();
      cell.accept(create('a', { data: { life: 'one' } }));
      const first = cell.state.revision;
      cell.accept(remove('a'));
      const gone = cell.state.revision;
      cell.accept(create('a', { data: { life: 'two' } }));
      await recorded();
      const key = { kind: 'ConfigMap', namespace: 'default', name: 'a' };
      const last = cell.state.revision;
      expect(past.objectAt(key, first)?.context).toMatchObject({ data: { life: 'one' } });
      expect(past.objectAt(key, gone)).toBeUndefined();
      expect(past.objectAt(key, last)?.context).toMatchObject({ data: { life: 'two' } });
      expect([...past.commitsOf(key)].map(({ commit }) => commit.revision)).toEqual([last, gone, first]);
      const uid = past.objectAt(key, first)?.uid ?? '';
      expect([...past.commitsOfUid(uid)].map(({ commit }) => commit.revision)).toEqual([gone, first]);
      expect([...past.commitsOf(key, gone)].map(({ commit }) => commit.revision)).toEqual([gone, first]);
    });

    test('an object of many commits is what it was at each of them', async () => {
      const { cell, past, recorded, witness } = await begin();
      cell.accept(create('a', { data: { value: '0' } }));
      for (let round = 1; round <= 150; round++) {
        cell.accept(patch('a', { data: { value: String(round), [`k${round % 7}`]: 'x'.repeat(round) } }));
        if (round % 20 === 0) await recorded();
      }
      await recorded();
      for (const moment of witness.moments) compareMoment(past, moment);
    });

    test('a large object is kept like any other', async () => {
      const { cell, past, recorded, witness } = await begin();
      cell.accept(create('a', { data: { text: 'long '.repeat(20_000) } }));
      cell.accept(patch('a', { data: { more: 'longer '.repeat(10_000) } }));
      await recorded();
      for (const moment of witness.moments) compareMoment(past, moment);
      expect(past.commit(cell.state.revision)?.commit).toEqual(witness.moments.at(-1)?.commit);
    });

    test('a list comes in pages in the order of namespace and name', async () => {
      const { cell, past, recorded } = await begin();
      const names = Array.from({ length: 30 }, (_, index) => `n${(index * 7) % 30}`);
      cell.accept(...names.map((each) => create(each)));
      const revision = cell.state.revision;
      cell.accept(...names.slice(0, 10).map(remove));
      await recorded();
      const found: string[] = [];
      let after: { namespace: string; name: string } | undefined;
      for (;;) {
        const page = past.listAt({ kind: 'ConfigMap', revision, limit: 7, ...(after ? { after } : {}) });
        found.push(...page.records.map((record) => record.name));
        after = page.records.at(-1);
        if (!page.more) break;
      }
      expect(found).toEqual(names.toSorted());
      const left = past.listAt({ kind: 'ConfigMap', namespace: 'default', revision: cell.state.revision });
      expect(left.records.map((record) => record.name)).toEqual(names.slice(10).toSorted());
    });

    test('a time means the last commit by then, and a point outside of the log is refused in a sentence', async () => {
      const { cell, past, recorded, witness } = await begin();
      for (let round = 0; round < 5; round++) {
        cell.now += STEP_MS;
        cell.accept(create(`a${round}`));
      }
      await recorded();
      for (const { commit, time } of witness.moments) {
        const last = witness.moments.findLast((moment) => moment.time <= time);
        expect(past.at(time)).toEqual({ revision: last?.commit.revision, time });
        expect(past.at(time + STEP_MS / 2)?.revision).toBe(last?.commit.revision);
        expect(past.point(commit.revision)).toEqual({ revision: commit.revision, time });
      }
      const first = witness.moments[0]?.time ?? 0;
      expect(past.at(first - 1)).toBeUndefined();
      expect(() => pointOf(past, { time: first - 1 }, cell.now)).toThrow(/before the log began/);
      expect(() => pointOf(past, { time: cell.now + 1 }, cell.now)).toThrow(/in the future/);
      expect(() => pointOf(past, { revision: cell.state.revision + 1 }, cell.now)).toThrow(/in the future/);
    });

    test('records are found by key, actor, event, revision and time, in pages of any size in both orders', async () => {
      const { cell, past, recorded, witness } = await begin();
      for (let round = 0; round < 40; round++) {
        cell.now += STEP_MS;
        cell.entry(create(`a${round % 5}`), { ...patch(`a${round % 3}`, { data: { r: `${round}` } }), actor: 'eve' });
        if (round % 6 === 5) cell.entry(remove(`a${round % 5}`));
      }
      await recorded();
      const middle = witness.moments[20];
      const filters: readonly RecordFilter[] = [
        {},
        { kind: 'ConfigMap', namespace: 'default', name: 'a1' },
        { kind: 'Namespace' },
        { name: 'a2' },
        { actor: 'eve' },
        { actorPrefix: 'ev' },
        { refused: true },
        { refused: true, kind: 'ConfigMap', namespace: 'default', name: 'a1' },
        { actorPrefix: 'e' },
        { refused: true },
        { eventType: 'ObjectRemoved' },
        { fromRevision: 10, toRevision: 30 },
        { fromTime: middle?.time ?? 0 },
        { toTime: middle?.time ?? 0, actor: 'eve' },
      ];
      for (const filter of filters) compareFiltered(past, witness.recorded, filter);
    });

    test('who says to go on where nobody said so is told', async () => {
      const { past, recorded } = await begin();
      await recorded();
      expect(() => past.records({}, { order: 'oldest-first', after: 'x' })).toThrow(/no token of ours/);
    });
  });
}

function play(cell: FoldedLog, entries: readonly (readonly Deed[])[]): void {
  for (const deeds of entries) {
    cell.now += STEP_MS;
    const commands = deeds.map(({ deed: which, name, value, causeBack }) => {
      const cause = Math.max(cell.state.revision - causeBack, 1);
      return { ...(DEEDS[which]?.(name, value) ?? remove(name)), cause };
    });
    cell.entry(...commands);
  }
}
