// What every past must answer: each object, list and record as a plain fold that stopped at the revision has it.
import fc from 'fast-check';
import { afterEach, describe, expect, test } from 'vitest';
import { keyText, type Commit, type ObjectKey, type ObjectRecord } from '../../machines/index.ts';
import { pointOf, type Past, type RecordFilter, type RecordPageRequest } from '../../src/history/past.ts';
import type { Recorded } from '../../src/bus/history-messages/recorded.ts';
import { create, patch, remove, type FoldedLog, type TestCommand } from '../read-model/projected-cell.ts';

/** A past behind a fold. */
export interface PastUnderTest {
  readonly cell: FoldedLog;
  readonly past: Past;
  /** Resolves once the past has what was folded. */
  recorded(): Promise<void>;
  end(): Promise<void>;
}

/** A commit and the cell after it, as a fold that stopped there has it. */
interface Moment {
  readonly commit: Commit;
  readonly time: number;
  readonly entry: number;
  readonly objects: ReadonlyMap<string, ObjectRecord>;
}

interface Witness {
  readonly moments: Moment[];
  readonly recorded: Recorded[];
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

function watchFold(cell: FoldedLog): Witness {
  const witness: Witness = { moments: [], recorded: [] };
  let objects = new Map<string, ObjectRecord>();
  cell.fold.subscribe(({ entry, changes, position }) => {
    const shared = { time: entry.time, entry: entry.number };
    for (const { commit, after } of changes) {
      objects = new Map(objects);
      if (after === undefined) objects.delete(keyText(commit));
      else objects.set(keyText(commit), after);
      witness.moments.push({ commit, ...shared, objects });
      witness.recorded.push({ commit, ...shared });
    }
    for (const refused of entry.refused) witness.recorded.push({ refused, revision: position.revision, ...shared });
  });
  return witness;
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

function compareMoment(past: Past, { commit, time, entry, objects }: Moment): void {
  const { revision } = commit;
  const living = [...objects.values()];
  for (const kind of ['ConfigMap', 'Namespace', 'Node', 'Pod', 'ReplicationController']) {
    const wanted = living.filter((record) => record.kind === kind).toSorted(byPlace);
    expect(plain(past.listAt({ kind, revision }).records)).toEqual(plain(wanted));
    expect(past.countsAt(revision).get(kind) ?? 0).toBe(wanted.length);
  }
  const key: ObjectKey = { kind: commit.kind, namespace: commit.namespace, name: commit.name };
  expect(plain(past.objectAt(key, revision))).toEqual(plain(objects.get(keyText(key))));
  expect(past.commit(revision)).toEqual({ commit, time, entry });
}

function compareRecords(past: Past, { moments, recorded }: Witness): void {
  const commits = moments.map(({ commit }) => commit);
  const refusals = recorded.filter((each) => 'refused' in each);
  for (const { revision } of commits) {
    const caused = commits.filter(({ cause }) => cause === revision);
    expect([...past.causedBy(revision)].map(({ commit }) => commit)).toEqual(caused);
  }
  const last = commits.at(-1)?.revision ?? 0;
  for (const after of [0, Math.floor(last / 2), last]) {
    const changed = new Set(commits.filter(({ revision }) => revision > after).map(keyText));
    expect([...past.changedBetween(after, last)].map(keyText)).toEqual([...changed]);
  }
  for (const key of new Map(refusals.map(({ refused }) => [keyText(refused), refused])).values()) {
    const wanted = refusals.filter(({ refused }) => keyText(refused) === keyText(key)).toReversed();
    expect([...past.refusalsOf(key)]).toEqual(wanted);
  }
  expect(past.first()?.revision).toBe(commits[0]?.revision);
  expect(past.last()?.revision).toBe(last);
}

function compareFiltered(past: Past, recorded: readonly Recorded[], filter: RecordFilter): void {
  const wanted = recorded.filter((each) => isWanted(each, filter));
  for (const order of ['oldest-first', 'newest-first'] as const)
    for (const limit of [1, 7, 1_000]) {
      const found = allPages(past, filter, { order, limit });
      expect(found).toEqual(order === 'oldest-first' ? wanted : wanted.toReversed());
    }
}

function allPages(past: Past, filter: RecordFilter, request: RecordPageRequest): readonly Recorded[] {
  const found: Recorded[] = [];
  let after: string | undefined;
  for (;;) {
    const page = past.records(filter, { ...request, ...(after === undefined ? {} : { after }) });
    expect(page.records.length).toBeLessThanOrEqual(request.limit ?? 0);
    found.push(...page.records);
    after = page.next;
    if (after === undefined) return found;
  }
}

function isWanted(recorded: Recorded, filter: RecordFilter): boolean {
  const about = 'commit' in recorded ? recorded.commit : recorded.refused;
  const revision = 'commit' in recorded ? recorded.commit.revision : recorded.revision;
  const types = 'commit' in recorded ? recorded.commit.events.map(({ type }) => type) : [];
  return (
    (filter.kind ?? about.kind) === about.kind &&
    (filter.namespace ?? about.namespace) === about.namespace &&
    (filter.name ?? about.name) === about.name &&
    (filter.actor ?? about.actor) === about.actor &&
    (filter.eventType === undefined || types.includes(filter.eventType)) &&
    revision >= (filter.fromRevision ?? 0) &&
    revision <= (filter.toRevision ?? Infinity) &&
    recorded.time >= (filter.fromTime ?? 0) &&
    recorded.time <= (filter.toTime ?? Infinity)
  );
}

function byPlace(one: ObjectRecord, other: ObjectRecord): number {
  return `${one.namespace}/${one.name}` < `${other.namespace}/${other.name}` ? -1 : 1;
}

/** As JSON has it: what is undefined is absent. */
function plain(value: unknown): unknown {
  return value === undefined ? undefined : JSON.parse(JSON.stringify(value));
}
