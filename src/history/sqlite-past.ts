/** The past from the history file beside the read model: rows by their keys, objects folded from the nearest image. */
import { kinds, type ObjectKey, type ObjectRecord } from '../../machines/index.ts';
import type { RecordedCommit, RecordedRefusal } from '../bus/history-messages/recorded.ts';
import {
  commitOf,
  IMAGE_EVERY_COMMITS,
  readBody,
  unpacked,
  type CommitOfLife,
  type CommitRow,
  type FoldedRow,
  type HistoryReader,
  type ImageRow,
  type ObjectLife,
  type RefusalRow,
  type WantedImage,
} from '../read-model/index.ts';
import { evolveCommit } from '../state/evolve-commit.ts';
import type {
  Past,
  PastLife,
  PastListPage,
  PastListRequest,
  PastPoint,
  RecordFilter,
  RecordPage,
  RecordPageRequest,
} from './past.ts';
import { bisect } from './bisect.ts';
import { pageOfRecords } from './sqlite-records.ts';

/** Objects in a page where the request names no limit. */
const LIST_PAGE_MAX = 500;
/** Rows read at once where a caller walks: it may stop any time, so few at first. */
const WALK_ROWS = 64;
const WALK_FIRST_ROWS = 8;
/** Commits read at once to fold an object from: one more than there are between images. */
const FOLD_ROWS = IMAGE_EVERY_COMMITS + 1;
const EVERYTHING = Number.MAX_SAFE_INTEGER;

export interface SqlitePastOptions {
  /** The file as it is now; raises where there is none at the moment. */
  reader(): HistoryReader;
  isBehind(): boolean;
}

export class SqlitePast implements Past {
  readonly #options: SqlitePastOptions;

  constructor(options: SqlitePastOptions) {
    this.#options = options;
  }

  isBehind(): boolean {
    return this.#options.isBehind();
  }

  first(): PastPoint | undefined {
    return pointOfRow(this.#reader.commitAfter(0));
  }

  last(): PastPoint | undefined {
    return pointOfRow(this.#reader.commitBefore(EVERYTHING));
  }

  at(timeMs: number): PastPoint | undefined {
    const reader = this.#reader;
    const last = reader.commitBefore(EVERYTHING);
    const found = bisect(last?.revision ?? 0, (revision) => {
      const row = reader.commitBefore(revision);
      return row === undefined || row.time <= timeMs;
    });
    return this.point(found);
  }

  point(revision: number): PastPoint | undefined {
    return pointOfRow(this.#reader.commitBefore(revision));
  }

  objectAt(key: ObjectKey, revision: number): ObjectRecord | undefined {
    const life = this.#reader.lifeAt(key, revision);
    if (life === undefined || (life.until !== null && life.until <= revision)) return undefined;
    return this.#fold(key, life.object, revision);
  }

  listAt({ kind, namespace, revision, limit = LIST_PAGE_MAX, after }: PastListRequest): PastListPage {
    const request = { kind, revision, limit: limit + 1, after_name: after?.name ?? '' };
    const rows = this.#reader.livesAt(
      namespace === undefined ? { ...request, after_namespace: after?.namespace ?? '' } : { ...request, namespace },
    );
    const listed = rows.slice(0, limit);
    const commits = Map.groupBy(
      this.#reader.foldedOfMany(
        listed.map(([, , object, imaged]) => [object, imaged]),
        revision,
      ),
      ([index]) => index,
    );
    const records = listed.flatMap(([ofNamespace, name, , , image], index) => {
      const folded = (commits.get(index) ?? []).map(([, ...row]): FoldedRow => row);
      return this.#foldFrom({ kind, namespace: ofNamespace, name }, image, folded) ?? [];
    });
    return { records, more: rows.length > limit };
  }

  countsAt(revision: number): ReadonlyMap<string, number> {
    return new Map(this.#reader.countsAt(revision).map(({ kind, count }) => [kind, count]));
  }

  commit(revision: number): RecordedCommit | undefined {
    const row = this.#reader.commitOfLife(revision);
    return row && recordedOf(row);
  }

  *causedBy(revision: number): Iterable<RecordedCommit> {
    let after = 0;
    for (let limit = WALK_FIRST_ROWS; ; limit = WALK_ROWS) {
      const rows = this.#reader.causedBy(revision, { after, limit });
      for (const row of rows) yield recordedOf(row);
      after = rows.at(-1)?.revision ?? after;
      if (rows.length < limit) return;
    }
  }

  *livesOf(key: ObjectKey, downFrom: number): Iterable<PastLife> {
    for (const { uid, object } of this.#reader.livesOf(key).toReversed()) {
      const last = this.#reader.lastOfObject(object, downFrom);
      if (last !== undefined) yield { uid, first: object, last };
    }
  }

  *commitsOf(key: ObjectKey, downFrom = EVERYTHING): Iterable<RecordedCommit> {
    for (const life of this.#reader.livesOf(key).toReversed())
      if (life.object <= downFrom) yield* this.#commitsOfLife(life, downFrom);
  }

  *commitsOfUid(uid: string): Iterable<RecordedCommit> {
    const life = this.#reader.lifeOfUid(uid);
    if (life !== undefined) yield* this.#commitsOfLife(life, EVERYTHING);
  }

  *refusalsOf({ kind, namespace, name }: ObjectKey): Iterable<RecordedRefusal> {
    let upTo = EVERYTHING;
    for (;;) {
      const rows = this.#reader.refusals(
        'newest-first',
        { after: 0, upTo, limit: WALK_ROWS },
        { kind, namespace, name },
      );
      for (const row of rows) yield recordedRefusal(row);
      upTo = (rows.at(-1)?.id ?? 1) - 1;
      if (rows.length < WALK_ROWS) return;
    }
  }

  *changedBetween(after: number, upTo: number): Iterable<ObjectKey> {
    const seen = new Set<string>();
    let from = after;
    for (;;) {
      const rows = this.#reader.changed({ after: from, upTo, limit: WALK_ROWS });
      for (const { object } of rows) {
        const { kind, namespace, name } = this.#life(object);
        const text = `${kind}/${namespace}/${name}`;
        if (seen.has(text)) continue;
        seen.add(text);
        yield { kind, namespace, name };
      }
      from = rows.at(-1)?.revision ?? from;
      if (rows.length < WALK_ROWS) return;
    }
  }

  records(filter: RecordFilter, page: RecordPageRequest): RecordPage {
    return pageOfRecords(this.#reader, filter, page);
  }

  /** The object right after one of its commits, as JSON: what later reads of it begin at. */
  imageOf({ object, revision }: WantedImage): string | undefined {
    const life = this.#life(object);
    const record = this.#fold(life, object, revision);
    return record && JSON.stringify(record);
  }

  get #reader(): HistoryReader {
    return this.#options.reader();
  }

  *#commitsOfLife(life: ObjectLife, downFrom: number): Iterable<RecordedCommit> {
    let upTo = downFrom;
    for (let limit = WALK_FIRST_ROWS; ; limit = WALK_ROWS) {
      const rows = this.#reader.commitsOf(life.object, 'newest-first', { after: 0, upTo, limit });
      for (const row of rows) yield recordedCommit(row, life);
      upTo = (rows.at(-1)?.revision ?? 1) - 1;
      if (rows.length < limit) return;
    }
  }

  #life(object: number): ObjectLife {
    const life = this.#reader.life(object);
    if (life === undefined) return this.#reader.damaged(lacking(object));
    return life;
  }

  /** Folds an object's own commits up to a revision, from the nearest image on where it has one. */
  #fold(key: ObjectKey, object: number, revision: number): ObjectRecord | undefined {
    const rows = [...this.#reader.folded(object, revision, FOLD_ROWS)];
    // More than one read takes only where images are missing that are still to be made.
    for (let full = rows.length === FOLD_ROWS; full;) {
      const more = this.#reader.folded(object, (rows.at(-1)?.[0] ?? 0) - 1, FOLD_ROWS);
      rows.push(...more);
      full = more.length === FOLD_ROWS;
    }
    const image = rows.at(-1)?.[0] === object ? undefined : this.#reader.image(object, revision);
    return this.#foldFrom(key, image?.body ?? null, rows.toReversed());
  }

  /** A row that is missing or another one leads to commits that do not follow each other. */
  #foldFrom(key: ObjectKey, image: ImageRow['body'] | null, rows: readonly FoldedRow[]): ObjectRecord | undefined {
    try {
      return foldFrom(key, image, rows);
    } catch (cause) {
      return this.#reader.damaged(cause);
    }
  }
}

/** Folds commits, oldest first, onto an image or, without one, from nothing. */
function foldFrom(
  { kind: kindName, namespace, name }: ObjectKey,
  image: ImageRow['body'] | null,
  rows: readonly FoldedRow[],
): ObjectRecord | undefined {
  const kind = kinds.get(kindName);
  if (kind === undefined) throw new Error(`there is no kind ${kindName}`);
  let record = image === null ? undefined : (JSON.parse(unpacked(image)) as ObjectRecord);
  for (const [revision, time, body] of rows) {
    const [, , , , , correlation, events] = readBody(body);
    record = evolveCommit(kind, record, { kind: kindName, namespace, name, revision, correlation, events }, time);
  }
  return record;
}

function pointOfRow(row: { readonly revision: number; readonly time: number } | undefined): PastPoint | undefined {
  return row && { revision: row.revision, time: row.time };
}

function recordedOf(row: CommitOfLife): RecordedCommit {
  if (row.kind === null) throw lacking(row.object);
  return recordedCommit(row, row);
}

function lacking(object: number): Error {
  return new Error(`history has commits of object ${object}, but not the object`);
}

export function recordedCommit(row: CommitRow, life: ObjectLife): RecordedCommit {
  return { commit: commitOf(row, life), time: row.time, entry: row.entry };
}

export function recordedRefusal({ revision, time, entry, body }: RefusalRow): RecordedRefusal {
  return { refused: JSON.parse(unpacked(body)) as RecordedRefusal['refused'], revision, time, entry };
}
