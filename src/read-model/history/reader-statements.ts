/** The statements that read history, compiled once for a connection. */
import type { Connection } from '../database.ts';
import type { CommitRow, ImageRow, ObjectLife, RefusalRow } from './schema.ts';

/** After one revision (or id), exclusive, up to another, inclusive; at most `limit`. */
export interface CommitRange {
  readonly after: number;
  readonly upTo: number;
  readonly limit: number;
}

export interface KeyValues {
  readonly kind: string;
  readonly namespace: string;
  readonly name: string;
}

export interface LivesRequest {
  readonly era: number;
  readonly kind: string;
  readonly revision: number;
  readonly limit: number;
  /** Given for one namespace. */
  readonly namespace?: string;
  /** Given for all namespaces. */
  readonly after_namespace?: string;
  readonly after_name: string;
}

/** A commit and its object's life: all null where the file lacks it. */
export type CommitOfLife = CommitRow & (ObjectLife | Readonly<Record<Exclude<keyof ObjectLife, 'object'>, null>>);

/** What of a commit its object is folded from. */
export type FoldedRow = readonly [revision: number, time: number, body: CommitRow['body']];

/** An object of a list, with its newest image by then: `imaged` is the image's revision, 0 where there is none. */
export type ListedRow = readonly [
  namespace: string,
  name: string,
  object: number,
  imaged: number,
  image: ImageRow['body'] | null,
];

/** A commit that an object of a list is folded from: `index` tells which of those asked for. */
export type ListedCommitRow = readonly [index: number, ...FoldedRow];

const HEAD = 'revision, object, entry, time, cause';
const IN_RANGE = 'revision > @after and revision <= @upTo';
const LIFE = 'object, kind, namespace, name, uid, until';
const WITH_LIFE = `select commits.*, kind, namespace, name, uid, until from commits left join objects using (object)`;
const BY_NAME = 'kind = @kind and namespace = @namespace and name = @name';
const LIVING = 'object <= @revision and (until is null or until > @revision)';
const REFUSAL = 'id, revision, entry, time, body';

export function readerStatements(database: Connection) {
  return { ...commitStatements(database), ...lifeStatements(database), ...refusalStatements(database) };
}

function commitStatements(database: Connection) {
  const range = (where: string, order: 'asc' | 'desc') =>
    `select ${HEAD}, body from commits where ${where}${IN_RANGE} order by revision ${order} limit @limit`;
  const ofObject = (order: 'asc' | 'desc') =>
    database.prepare<[CommitRange & { readonly object: number }], CommitRow>(range('object = @object and ', order));
  return {
    commit: database.prepare<[number], CommitRow>(`select ${HEAD}, body from commits where revision = ?`),
    commitOfLife: database.prepare<[number], CommitOfLife>(`${WITH_LIFE} where revision = ?`),
    lastOfObject: database
      .prepare<[object: number, upTo: number], number>(
        'select max(revision) from commits where object = ? and revision <= ?',
      )
      .pluck(),
    commitBefore: database.prepare<[number], Omit<CommitRow, 'body'>>(
      `select ${HEAD} from commits where revision <= ? order by revision desc limit 1`,
    ),
    commitAfter: database.prepare<[number], Omit<CommitRow, 'body'>>(
      `select ${HEAD} from commits where revision >= ? order by revision limit 1`,
    ),
    commitsOldest: database.prepare<[CommitRange], CommitRow>(range('', 'asc')),
    commitsNewest: database.prepare<[CommitRange], CommitRow>(range('', 'desc')),
    objectOldest: ofObject('asc'),
    objectNewest: ofObject('desc'),
    causedBy: database.prepare<[cause: number, after: number, limit: number], CommitOfLife>(
      `${WITH_LIFE} where cause = ? and revision > ? order by revision limit ?`,
    ),
    changed: database.prepare<[CommitRange], { readonly object: number; readonly revision: number }>(
      `select object, revision from commits where ${IN_RANGE} order by revision limit @limit`,
    ),
    // Bound by place and read as lists: a list of 10,000 objects runs these as often, and names would cost as much as the rows.
    folded: database
      .prepare<[object: number, upTo: number, object: number, upTo: number, limit: number], FoldedRow>(
        `select revision, time, body from commits where object = ? and revision <= ? and revision >
         coalesce((select max(revision) from images where object = ? and revision <= ?), 0)
         order by revision desc limit ?`,
      )
      .raw(),
    // For many objects at once: a statement each would cost as much as its rows. The order of the join is the order of the index.
    foldedOfMany: database
      .prepare<[objectsAndImages: string, upTo: number], ListedCommitRow>(
        `select wanted.key, commits.revision, commits.time, commits.body from json_each(?) wanted cross join commits
         on commits.object = wanted.value ->> 0 and commits.revision > wanted.value ->> 1 and commits.revision <= ?
         order by wanted.key, commits.revision`,
      )
      .raw(),
    image: database.prepare<[{ readonly object: number; readonly revision: number }], ImageRow>(
      `select revision, object, body from images where object = @object and revision <= @revision
       order by revision desc limit 1`,
    ),
  };
}

function lifeStatements(database: Connection) {
  const lives = (
    where: string,
  ) => `select page.namespace, page.name, page.object, coalesce(images.revision, 0), images.body
    from (select namespace, name, object from lives
      where era = @era and kind = @kind and ${where} and ${LIVING} order by namespace, name limit @limit) page
    left join images on images.revision =
      (select max(revision) from images where object = page.object and revision <= @revision)
    order by page.namespace, page.name`;
  return {
    life: database.prepare<[number], ObjectLife>(`select ${LIFE} from objects where object = ?`),
    lifeOfUid: database.prepare<[string], ObjectLife>(`select ${LIFE} from objects where uid = ?`),
    livesOf: database.prepare<[KeyValues], ObjectLife>(`select ${LIFE} from objects where ${BY_NAME} order by object`),
    lifeAt: database.prepare<[KeyValues & { readonly revision: number }], ObjectLife>(
      `select ${LIFE} from objects where ${BY_NAME} and object <= @revision order by object desc limit 1`,
    ),
    era: database
      .prepare<[number], number>('select era from eras where begin <= ? order by begin desc limit 1')
      .pluck(),
    livesInNamespace: database
      .prepare<[LivesRequest], ListedRow>(lives('namespace = @namespace and name > @after_name'))
      .raw(),
    livesInAll: database
      .prepare<[LivesRequest], ListedRow>(lives('(namespace, name) > (@after_namespace, @after_name)'))
      .raw(),
    counts: database.prepare<
      [{ readonly era: number; readonly revision: number }],
      { readonly kind: string; readonly count: number }
    >(`select kind, count(*) as count from lives where era = @era and ${LIVING} group by kind`),
  };
}

function refusalRange(where: string, order: 'asc' | 'desc'): string {
  return `select ${REFUSAL} from refusals where ${where}id > @after and id <= @upTo order by id ${order} limit @limit`;
}

function refusalStatements(database: Connection) {
  const ofKey = (order: 'asc' | 'desc') =>
    database.prepare<[CommitRange & KeyValues], RefusalRow>(refusalRange(`${BY_NAME} and `, order));
  return {
    refusalsOldest: database.prepare<[CommitRange], RefusalRow>(refusalRange('', 'asc')),
    refusalsNewest: database.prepare<[CommitRange], RefusalRow>(refusalRange('', 'desc')),
    keyRefusalsOldest: ofKey('asc'),
    keyRefusalsNewest: ofKey('desc'),
  };
}
