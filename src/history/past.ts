/** The past as a port: every commit, and every object as it was at any revision. SQLite beside the read model, memory in simulations. */
import type { ObjectKey, ObjectRecord } from '../../machines/index.ts';
import type { Recorded, RecordedCommit, RecordedRefusal } from '../bus/history-messages/recorded.ts';
import { HistoryFailure } from '../bus/query-source.ts';
import { formatTime } from '../foundation/clock.ts';

/** A point in the log. */
export interface PastPoint {
  readonly revision: number;
  /** Unix milliseconds of its entry. */
  readonly time: number;
}

/** One of the objects that had a key in turn. */
export interface PastLife {
  readonly uid: string;
  /** Revision that created it. */
  readonly first: number;
  /** Of its last commit by the revision asked for, which may be the one that removed it. */
  readonly last: number;
}

/** What of the log's records is wanted; all that is given must hold. */
export interface RecordFilter {
  readonly kind?: string;
  readonly namespace?: string;
  readonly name?: string;
  readonly actor?: string;
  /** How the actor's name begins. */
  readonly actorPrefix?: string;
  /** Only refusals. */
  readonly refused?: true;
  /** A commit with an event of this type. */
  readonly eventType?: string;
  /** Inclusive. A refusal counts with the revision it is recorded at. */
  readonly fromRevision?: number;
  readonly toRevision?: number;
  /** Inclusive, Unix milliseconds. */
  readonly fromTime?: number;
  readonly toTime?: number;
}

/** Which part of what matches, and in which order. */
export interface RecordPageRequest {
  readonly order: 'oldest-first' | 'newest-first';
  /** At most this many; RECORD_PAGE_MAX where absent. */
  readonly limit?: number;
  /** `next` of the page before. */
  readonly after?: string;
}

/** Where few records match, a page may have few or none, and still a next one. */
export interface RecordPage {
  readonly records: readonly Recorded[];
  /** Where to go on; absent at the end. */
  readonly next?: string;
}

/** Most records of a page: a few milliseconds of the thread that reads. */
export const RECORD_PAGE_MAX = 1_000;

/** Objects that lived at a revision. */
export interface PastListRequest {
  readonly kind: string;
  /** All namespaces when absent. */
  readonly namespace?: string;
  readonly revision: number;
  /** At most this many; a page's worth where absent. */
  readonly limit?: number;
  /** The last object of the page before, in the order of namespace and name. */
  readonly after?: { readonly namespace: string; readonly name: string };
}

export interface PastListPage {
  readonly records: readonly ObjectRecord[];
  /** Whether there are more behind the last. */
  readonly more: boolean;
}

/**
 * Reads about the past; all answer at once. Revisions between two lineages belong to nobody: whoever asks for one gets the
 * cell as it was at the last revision before it.
 */
export interface Past {
  /** Whether the log has more than is recorded here for longer than a moment: it is being read again. Absent: never. */
  isBehind?(): boolean;
  /** The first commit's point; undefined while there is none. */
  first(): PastPoint | undefined;
  /** How far the past is recorded, the newest commit included; undefined while there is none. */
  last(): PastPoint | undefined;
  /** The last point at or before a time; undefined where the log began later. */
  at(timeMs: number): PastPoint | undefined;
  /** The last commit at or before a revision as a point; undefined before the first. */
  point(revision: number): PastPoint | undefined;
  /** The object as it was at a revision; undefined where there was none then. Its `revision` is that of its last commit by then. */
  objectAt(key: ObjectKey, revision: number): ObjectRecord | undefined;
  /** A page of the objects of a kind at a revision, in the order of namespace and name. */
  listAt(request: PastListRequest): PastListPage;
  /** The kinds of which objects lived at a revision, with how many. */
  countsAt(revision: number): ReadonlyMap<string, number>;
  /** The commit of a revision. */
  commit(revision: number): RecordedCommit | undefined;
  /** Commits whose cause is this revision, oldest first. */
  causedBy(revision: number): Iterable<RecordedCommit>;
  /** The objects that had a key up to a revision, the latest first. */
  livesOf(key: ObjectKey, downFrom: number): Iterable<PastLife>;
  /** Commits of all objects that ever had this key, newest first, from a revision down where given. */
  commitsOf(key: ObjectKey, downFrom?: number): Iterable<RecordedCommit>;
  /** Commits of the object with this uid, newest first. */
  commitsOfUid(uid: string): Iterable<RecordedCommit>;
  /** Refusals of commands for this key, newest first. */
  refusalsOf(key: ObjectKey): Iterable<RecordedRefusal>;
  /** Keys with commits after one revision up to another, each once, in the order of their first such commit. */
  changedBetween(after: number, upTo: number): Iterable<ObjectKey>;
  /** A page of what the log recorded. */
  records(filter: RecordFilter, page: RecordPageRequest): RecordPage;
}

/** A question about a point that there is not, or about what is not known. */
export class PastError extends HistoryFailure {
  override readonly name = 'PastError';
}

/** Where somebody wants to look: a revision, or a time in Unix milliseconds. */
export type Moment = { readonly revision: number } | { readonly time: number };

function reaches(last: PastPoint | undefined, moment: Moment): boolean {
  if (last === undefined) return false;
  return 'revision' in moment ? moment.revision <= last.revision : moment.time < last.time;
}

/** The point a moment means. Raises PastError for one before the log began or after its end. */
export function pointOf(past: Past, moment: Moment, now: number): PastPoint {
  const first = past.first();
  const last = past.last();
  if (past.isBehind?.() && !reaches(last, moment)) {
    const reached = last === undefined ? 'nothing of it yet' : `revision ${last.revision}`;
    throw new PastError('Behind', `the history is being read from the log: it has ${reached}; try again in a moment`);
  }
  if (first === undefined || last === undefined) throw new PastError('BadRequest', 'the log has no commits yet');
  if ('revision' in moment) {
    const { revision } = moment;
    if (revision > last.revision)
      throw new PastError('BadRequest', `revision ${revision} is in the future: the last one is ${last.revision}`);
    const point = past.point(revision);
    if (point === undefined)
      throw new PastError('BadRequest', `revision ${revision} is before the log began, at revision ${first.revision}`);
    return point;
  }
  const { time } = moment;
  if (time > now) throw new PastError('BadRequest', `${formatTime(time)} is in the future: it is ${formatTime(now)}`);
  const point = past.at(time);
  if (point === undefined) {
    const began = `${formatTime(first.time)} (revision ${first.revision})`;
    throw new PastError('BadRequest', `${formatTime(time)} is before the log began, at ${began}`);
  }
  return point;
}
