/** A page of what the log recorded, from the history file: commits and refusals merged into the log's order. */
import type { ObjectKey } from '../../machines/index.ts';
import type { Recorded, RecordedCommit } from '../bus/history-messages/recorded.ts';
import type { CommitRange, CommitRow, HistoryReader, ObjectLife, Order, RefusalRow } from '../read-model/index.ts';
import { bisect } from './bisect.ts';
import { matches } from './memory-past.ts';
import { PastError, RECORD_PAGE_MAX, type RecordFilter, type RecordPage, type RecordPageRequest } from './past.ts';
import { recordedCommit, recordedRefusal } from './sqlite-past.ts';

/** Most rows looked at for a page: where few match, it ends early and says where to go on. */
export const RECORD_SCAN_MAX = 1_000;
/** Rows read at once of each of the two. */
const CHUNK_ROWS = 128;
const EVERYTHING = Number.MAX_SAFE_INTEGER;

export function pageOfRecords(
  reader: HistoryReader,
  filter: RecordFilter,
  { order, limit = RECORD_PAGE_MAX, after }: RecordPageRequest,
): RecordPage {
  const token = after === undefined ? undefined : tokenOf(after);
  const commits = commitStream(reader, filter, order, token?.commit);
  const refusals = refusalStream(reader, filter, order, token?.refusal);
  const lives = new Map<number, ObjectLife | undefined>();
  const records: Recorded[] = [];
  for (let looked = 0; ; looked++) {
    const [commit, refusal] = [commits.head(), refusals.head()];
    if (commit === undefined && refusal === undefined) return { records };
    if (records.length >= limit || looked >= RECORD_SCAN_MAX)
      return { records, next: `${commits.cursor}.${refusals.cursor}` };
    const isCommit = comesFirst(commit, refusal, order);
    const recorded = isCommit
      ? commitIfWanted(reader, lives, commits.take(), filter)
      : recordedRefusal(refusals.take());
    if (recorded !== undefined && matches(recorded, filter)) records.push(recorded);
  }
}

/** Of an entry the commits come first, then the refusals. */
function comesFirst(commit: CommitRow | undefined, refusal: RefusalRow | undefined, order: Order): boolean {
  if (commit === undefined) return false;
  if (refusal === undefined) return true;
  return order === 'oldest-first' ? commit.entry <= refusal.entry : commit.entry > refusal.entry;
}

/** Looks at the key first: a body that is not wanted is not parsed. */
function commitIfWanted(
  reader: HistoryReader,
  lives: Map<number, ObjectLife | undefined>,
  row: CommitRow,
  filter: RecordFilter,
): RecordedCommit | undefined {
  if (!lives.has(row.object)) lives.set(row.object, reader.life(row.object));
  const life = lives.get(row.object);
  if (life === undefined) throw new Error(`history has commits of object ${row.object}, but not the object`);
  for (const field of ['kind', 'namespace', 'name'] as const)
    if (filter[field] !== undefined && filter[field] !== life[field]) return undefined;
  return recordedCommit(row, life);
}

/** Rows in order, read in chunks. `cursor` is where the next one is looked for. */
class Stream<Row> {
  cursor: number;
  readonly #fetch: (cursor: number) => readonly Row[];
  readonly #numberOf: (row: Row) => number;
  readonly #order: Order;
  #rows: readonly Row[] = [];
  #index = 0;
  #ended = false;

  constructor(order: Order, cursor: number, numberOf: (row: Row) => number, fetch: (cursor: number) => readonly Row[]) {
    this.#order = order;
    this.cursor = cursor;
    this.#numberOf = numberOf;
    this.#fetch = fetch;
  }

  head(): Row | undefined {
    if (this.#index >= this.#rows.length && !this.#ended) {
      this.#rows = this.#fetch(this.cursor);
      this.#index = 0;
      this.#ended = this.#rows.length === 0;
    }
    return this.#rows[this.#index];
  }

  take(): Row {
    const row = this.head();
    if (row === undefined) throw new Error('there is no row to take');
    this.#index++;
    this.cursor = this.#numberOf(row) - (this.#order === 'oldest-first' ? 0 : 1);
    return row;
  }
}

/** After the cursor up to the last wanted, or from the cursor down to the first wanted. */
function rangeOf(order: Order, cursor: number, bounds: Bounds): CommitRange {
  return order === 'oldest-first'
    ? { after: cursor, upTo: bounds.last, limit: CHUNK_ROWS }
    : { after: bounds.before, upTo: cursor, limit: CHUNK_ROWS };
}

/** Keys that can be wanted: above one, up to another. */
interface Bounds {
  readonly before: number;
  readonly last: number;
}

function commitStream(reader: HistoryReader, filter: RecordFilter, order: Order, cursor: number | undefined) {
  const bounds = commitBounds(reader, filter);
  const lives = livesOf(reader, filter, order);
  const fetch = (from: number): readonly CommitRow[] => {
    if (filter.refused) return [];
    const range = rangeOf(order, from, bounds);
    if (lives === undefined) return reader.commits(order, range);
    for (const { object } of lives) {
      const rows = reader.commitsOf(object, order, range);
      if (rows.length > 0) return rows;
    }
    return [];
  };
  return new Stream(order, cursor ?? beginning(order, bounds), (row) => row.revision, fetch);
}

function refusalStream(reader: HistoryReader, filter: RecordFilter, order: Order, cursor: number | undefined) {
  const bounds = refusalBounds(reader, filter);
  const key = keyOf(filter);
  const fetch = (from: number) => reader.refusals(order, rangeOf(order, from, bounds), key);
  return new Stream(order, cursor ?? beginning(order, bounds), (row) => row.id, fetch);
}

function beginning(order: Order, { before, last }: Bounds): number {
  return order === 'oldest-first' ? before : last;
}

function keyOf({ kind, namespace, name }: RecordFilter): ObjectKey | undefined {
  return kind === undefined || namespace === undefined || name === undefined ? undefined : { kind, namespace, name };
}

/** The lives of a whole key, in the order of their commits: no two at once. */
function livesOf(reader: HistoryReader, filter: RecordFilter, order: Order): readonly ObjectLife[] | undefined {
  const key = keyOf(filter);
  if (key === undefined) return undefined;
  const lives = reader.livesOf(key);
  return order === 'oldest-first' ? lives : lives.toReversed();
}

function commitBounds(reader: HistoryReader, filter: RecordFilter): Bounds {
  const { fromRevision = 0, toRevision = EVERYTHING, fromTime, toTime, refused } = filter;
  if (refused) return { before: 0, last: 0 };
  const last = reader.commitBefore(EVERYTHING)?.revision ?? 0;
  const timeAt = (revision: number) => reader.commitBefore(revision)?.time ?? -Infinity;
  const before = fromTime === undefined ? 0 : bisect(last, (revision) => timeAt(revision) < fromTime);
  const until = toTime === undefined ? last : bisect(last, (revision) => timeAt(revision) <= toTime);
  return { before: Math.max(before, fromRevision - 1), last: Math.min(until, toRevision) };
}

/** Refusals are numbered in the order of the log, so that both their revision and their time grow with the number. */
function refusalBounds(reader: HistoryReader, filter: RecordFilter): Bounds {
  const { fromRevision = 0, toRevision = EVERYTHING, fromTime = -Infinity, toTime = Infinity } = filter;
  const rowAt = (id: number) => reader.refusals('newest-first', { after: 0, upTo: id, limit: 1 })[0];
  const last = rowAt(EVERYTHING)?.id ?? 0;
  const isEarly = (row: RefusalRow | undefined) =>
    row === undefined || row.revision < fromRevision || row.time < fromTime;
  const isInTime = (row: RefusalRow | undefined) =>
    row === undefined || (row.revision <= toRevision && row.time <= toTime);
  return { before: bisect(last, (id) => isEarly(rowAt(id))), last: bisect(last, (id) => isInTime(rowAt(id))) };
}

function tokenOf(after: string): { readonly commit: number; readonly refusal: number } {
  const [commit = NaN, refusal = NaN, ...rest] = after.split('.').map(Number);
  if (rest.length > 0 || !Number.isSafeInteger(commit) || !Number.isSafeInteger(refusal))
    throw new PastError('BadRequest', 'after: no token of ours');
  return { commit, refusal };
}
