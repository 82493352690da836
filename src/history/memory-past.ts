/** The past in memory: what it was told of every entry since the first. For simulations, tests, and logs read for one question. */
import { keyText, type ObjectKey, type ObjectRecord } from '../../machines/index.ts';
import type { Recorded, RecordedCommit, RecordedRefusal } from '../bus/history-messages/recorded.ts';
import type { AppliedEntry } from '../state/applied-entry.ts';
import {
  PastError,
  RECORD_PAGE_MAX,
  type Past,
  type PastLife,
  type PastListPage,
  type PastListRequest,
  type PastPoint,
  type RecordFilter,
  type RecordPage,
  type RecordPageRequest,
} from './past.ts';

/** Objects in a page where the request names no limit. */
const LIST_PAGE_MAX = 500;

/** One key's versions, oldest first; the record is undefined where the object went away. */
interface Version {
  readonly recorded: RecordedCommit;
  readonly record: ObjectRecord | undefined;
}

export class MemoryPast implements Past {
  readonly #records: Recorded[] = [];
  readonly #commits: RecordedCommit[] = [];
  readonly #versions = new Map<string, Version[]>();

  /** Subscribe this to a fold that begins with the first entry. */
  readonly observe = ({ entry, changes, position }: AppliedEntry): void => {
    const { time, number } = entry;
    for (const { commit, after } of changes) {
      const recorded = { commit, time, entry: number };
      this.#commits.push(recorded);
      this.#records.push(recorded);
      const versions = this.#versions.get(keyText(commit)) ?? [];
      versions.push({ recorded, record: after });
      this.#versions.set(keyText(commit), versions);
    }
    for (const refused of entry.refused)
      this.#records.push({ refused, revision: position.revision, time, entry: number });
  };

  first(): PastPoint | undefined {
    return pointOfCommit(this.#commits[0]);
  }

  last(): PastPoint | undefined {
    return pointOfCommit(this.#commits.at(-1));
  }

  at(timeMs: number): PastPoint | undefined {
    return pointOfCommit(this.#commits.findLast(({ time }) => time <= timeMs));
  }

  point(revision: number): PastPoint | undefined {
    return pointOfCommit(this.#commits.findLast(({ commit }) => commit.revision <= revision));
  }

  objectAt(key: ObjectKey, revision: number): ObjectRecord | undefined {
    const versions = this.#versions.get(keyText(key)) ?? [];
    return versions.findLast(({ recorded }) => recorded.commit.revision <= revision)?.record;
  }

  listAt({ kind, namespace, revision, limit = LIST_PAGE_MAX, after }: PastListRequest): PastListPage {
    const records = this.#livingAt(revision)
      .filter((record) => record.kind === kind && (namespace === undefined || record.namespace === namespace))
      .filter((record) => after === undefined || isBefore(after, record))
      .toSorted((one, other) => (isBefore(one, other) ? -1 : 1));
    return { records: records.slice(0, limit), more: records.length > limit };
  }

  countsAt(revision: number): ReadonlyMap<string, number> {
    const counts = new Map<string, number>();
    for (const { kind } of this.#livingAt(revision)) counts.set(kind, (counts.get(kind) ?? 0) + 1);
    return counts;
  }

  commit(revision: number): RecordedCommit | undefined {
    return this.#commits.find(({ commit }) => commit.revision === revision);
  }

  causedBy(revision: number): Iterable<RecordedCommit> {
    return this.#commits.filter(({ commit }) => commit.cause === revision);
  }

  livesOf(key: ObjectKey, downFrom: number): Iterable<PastLife> {
    const lives = new Map<string, PastLife>();
    for (const { recorded, record } of this.#versions.get(keyText(key)) ?? []) {
      const { uid, revision } = recorded.commit;
      if (revision > downFrom) break;
      lives.set(uid, { uid, first: lives.get(uid)?.first ?? record?.createdRevision ?? revision, last: revision });
    }
    return [...lives.values()].toReversed();
  }

  commitsOf(key: ObjectKey, downFrom = Number.POSITIVE_INFINITY): Iterable<RecordedCommit> {
    const versions = this.#versions.get(keyText(key)) ?? [];
    return versions
      .map(({ recorded }) => recorded)
      .filter(({ commit }) => commit.revision <= downFrom)
      .toReversed();
  }

  commitsOfUid(uid: string): Iterable<RecordedCommit> {
    return this.#commits.filter(({ commit }) => commit.uid === uid).toReversed();
  }

  refusalsOf(key: ObjectKey): Iterable<RecordedRefusal> {
    return this.#records
      .filter((recorded) => 'refused' in recorded)
      .filter(({ refused }) => keyText(refused) === keyText(key))
      .toReversed();
  }

  *changedBetween(after: number, upTo: number): Iterable<ObjectKey> {
    const seen = new Set<string>();
    for (const { commit } of this.#commits) {
      if (commit.revision <= after || commit.revision > upTo || seen.has(keyText(commit))) continue;
      seen.add(keyText(commit));
      const { kind, namespace, name } = commit;
      yield { kind, namespace, name };
    }
  }

  records(filter: RecordFilter, { order, limit = RECORD_PAGE_MAX, after }: RecordPageRequest): RecordPage {
    const inOrder = order === 'oldest-first' ? this.#records : this.#records.toReversed();
    const begin = after === undefined ? 0 : Number(after);
    if (!Number.isSafeInteger(begin) || begin < 0) throw new PastError('BadRequest', 'after: no token of ours');
    const records: Recorded[] = [];
    for (const [index, recorded] of inOrder.entries()) {
      if (index < begin || !matches(recorded, filter)) continue;
      if (records.length === limit) return { records, next: String(index) };
      records.push(recorded);
    }
    return { records };
  }

  #livingAt(revision: number): ObjectRecord[] {
    return [...this.#versions.values()].flatMap(
      (versions) => versions.findLast(({ recorded }) => recorded.commit.revision <= revision)?.record ?? [],
    );
  }
}

/** Whether what was recorded is what the filter asks for. */
export function matches(recorded: Recorded, filter: RecordFilter): boolean {
  const isCommit = 'commit' in recorded;
  const about = isCommit ? recorded.commit : recorded.refused;
  const revision = isCommit ? recorded.commit.revision : recorded.revision;
  const { fromRevision = 0, toRevision = Infinity, fromTime = 0, toTime = Infinity } = filter;
  for (const field of ['kind', 'namespace', 'name', 'actor'] as const)
    if (filter[field] !== undefined && filter[field] !== about[field]) return false;
  if (filter.eventType !== undefined) {
    if (!isCommit || !recorded.commit.events.some(({ type }) => type === filter.eventType)) return false;
  }
  if (filter.actorPrefix !== undefined && !about.actor.startsWith(filter.actorPrefix)) return false;
  if (filter.refused && isCommit) return false;
  return revision >= fromRevision && revision <= toRevision && recorded.time >= fromTime && recorded.time <= toTime;
}

function pointOfCommit(recorded: RecordedCommit | undefined): PastPoint | undefined {
  return recorded && { revision: recorded.commit.revision, time: recorded.time };
}

type Place = { readonly namespace: string; readonly name: string };

function isBefore(one: Place, other: Place): boolean {
  return one.namespace === other.namespace ? one.name < other.name : one.namespace < other.namespace;
}
