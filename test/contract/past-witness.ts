// What a plain fold saw of a log, and comparisons of a past with it.
import { expect } from 'vitest';
import { keyText, type Commit, type ObjectKey, type ObjectRecord } from '../../machines/index.ts';
import type { Recorded } from '../../src/bus/history-messages/recorded.ts';
import type { Past, RecordFilter, RecordPageRequest } from '../../src/history/past.ts';
import type { FoldedLog } from '../read-model/projected-cell.ts';

/** A commit and the cell after it, as a fold that stopped there has it. */
export interface Moment {
  readonly commit: Commit;
  readonly time: number;
  readonly entry: number;
  readonly objects: ReadonlyMap<string, ObjectRecord>;
}

export interface Witness {
  readonly moments: Moment[];
  readonly recorded: Recorded[];
}

/** Watches a fold from now on. */
export function watchFold(cell: FoldedLog): Witness {
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

export function compareMoment(past: Past, { commit, time, entry, objects }: Moment): void {
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

export function compareRecords(past: Past, { moments, recorded }: Witness): void {
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

export function compareFiltered(past: Past, recorded: readonly Recorded[], filter: RecordFilter): void {
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
    about.actor.startsWith(filter.actorPrefix ?? '') &&
    (!filter.refused || 'refused' in recorded) &&
    about.actor.startsWith(filter.actorPrefix ?? '') &&
    (!filter.refused || 'refused' in recorded) &&
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
