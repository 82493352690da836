/** Queries and their answers as they travel on `<cell>.query.<actor>.<what>`. */
import { strictObject, Type, validator, type Static, type TSchema, type Validator } from '../../machines/index.ts';
import { MOMENT } from './history-messages/moment.ts';
import { HISTORY_QUERY_SCHEMAS, type HistoryQueryAnswers } from './history-messages/index.ts';
import type { Checkpoint } from '../log/checkpoint.ts';
import type { StateDigest, StateRecords } from '../state/state-digest.ts';
import type { CellStatus } from './query-source.ts';

/** Longest a query may wait for a revision or for new entries. */
export const QUERY_WAIT_MAX_MS = 20_000;
/** Most keys in one `get`: what a watcher asks for at once after a burst. */
export const GET_MAX_KEYS = 500;

const AtLeast = {
  /** The answer is of this revision or a later one: what the sender has written, it reads. */
  revision: Type.Optional(Type.Integer({ minimum: 0 })),
};
/** As it was at a moment of the past, instead of as it is. */
const At = { at: Type.Optional(MOMENT) };
const Name = Type.String({ maxLength: 253 });

const Key = strictObject({ kind: Name, namespace: Type.Optional(Name), name: Name });
const GetQuery = strictObject({ keys: Type.Array(Key, { maxItems: GET_MAX_KEYS }), ...AtLeast, ...At });

const Selection = {
  kind: Name,
  /** All namespaces when absent. */
  namespace: Type.Optional(Name),
  /** kubectl's syntax. */
  labelSelector: Type.Optional(Type.String()),
  fieldSelector: Type.Optional(Type.String()),
  /** Only what the object of this uid controls. */
  ownerUid: Type.Optional(Name),
  ...AtLeast,
  ...At,
};

/** Without a limit the whole list comes, all at one revision; pages of the past are all of the first one's revision. */
const ListQuery = strictObject({
  ...Selection,
  limit: Type.Optional(Type.Integer({ minimum: 1 })),
  continue: Type.Optional(Type.String()),
});

const TableQuery = strictObject({
  ...Selection,
  name: Type.Optional(Name),
  wide: Type.Optional(Type.Boolean()),
});

const StatusQuery = strictObject({});
/** How far the writer is: for followers that must not answer with less than anybody was told before. */
const RevisionQuery = strictObject({});
const SchemasQuery = strictObject({});
/** Has the writer sign what it stands for now. */
const CheckpointQuery = strictObject({});
/** The writer's state in memory: digests of all objects, or some objects whole. */
const StateQuery = strictObject({
  /** createdRevisions of the objects wanted. */
  objects: Type.Optional(Type.Array(Type.Integer({ minimum: 1 }), { maxItems: GET_MAX_KEYS })),
});

/** Entries of the log from a number on. */
const LogQuery = strictObject({
  /** First entry wanted; the one that holds the revision or time below where absent. */
  entry: Type.Optional(Type.Integer({ minimum: 1 })),
  fromRevision: Type.Optional(Type.Integer({ minimum: 0 })),
  /** Unix milliseconds. */
  fromTime: Type.Optional(Type.Number()),
  /** How long to wait for an entry when there is none yet. */
  waitMs: Type.Optional(Type.Integer({ minimum: 0, maximum: QUERY_WAIT_MAX_MS })),
});

export const QUERY_SCHEMAS = {
  get: GetQuery,
  list: ListQuery,
  table: TableQuery,
  status: StatusQuery,
  revision: RevisionQuery,
  schemas: SchemasQuery,
  log: LogQuery,
  checkpoint: CheckpointQuery,
  state: StateQuery,
  ...HISTORY_QUERY_SCHEMAS,
} as const;

export type QueryName = keyof typeof QUERY_SCHEMAS;
export type Query<Name extends QueryName> = Static<(typeof QUERY_SCHEMAS)[Name]>;

const validators = new Map<string, Validator<unknown>>(
  Object.entries(QUERY_SCHEMAS).map(([name, schema]) => [name, validator(schema as TSchema) as Validator<unknown>]),
);

/** The validator of a query; undefined for a query there is not. */
export function queryValidator(name: string): Validator<unknown> | undefined {
  return validators.get(name);
}

/** Why a query was not answered. `Behind`: the read model did not reach the revision in time; `Unavailable`: trouble inside, try again. */
export type QueryFault = 'BadRequest' | 'NotFound' | 'Behind' | 'Unavailable';

export interface QueryFailure {
  readonly failure: { readonly reason: QueryFault; readonly message: string };
}

/** An object as Kubernetes shows it. */
export interface AnyObject {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: {
    readonly name: string;
    readonly namespace?: string;
    readonly uid: string;
    readonly resourceVersion: string;
  };
}

/** What an answer about the past says beside what is asked. */
interface OfThePast {
  /** Where the past was asked for: the time of the answer's revision, Unix milliseconds. */
  readonly time?: number;
}

export interface GetAnswer<Item = AnyObject> extends OfThePast {
  readonly revision: number;
  /** In the order of the keys; null where there is no such object. */
  readonly items: readonly (Item | null)[];
}

export interface ListAnswer<Item = AnyObject> extends OfThePast {
  readonly revision: number;
  readonly items: readonly Item[];
  readonly continue?: string;
}

/** A table as people see it. */
export interface TableAnswer extends OfThePast {
  readonly revision: number;
  readonly columns: readonly string[];
  readonly rows: readonly TableRow[];
}

export interface TableRow {
  readonly namespace: string;
  readonly name: string;
  readonly cells: readonly string[];
}

export interface StatusAnswer extends CellStatus {
  /** Revision of the read model that answers queries. */
  readonly readModelRevision: number;
  /** How many objects there are, by kind. */
  readonly objects: Readonly<Record<string, number>>;
}

/** Answers by query. Entries of the log are as stored. */
export interface QueryAnswers extends HistoryQueryAnswers {
  readonly get: GetAnswer;
  readonly list: ListAnswer;
  readonly table: TableAnswer;
  readonly status: StatusAnswer;
  readonly revision: { readonly revision: number };
  readonly schemas: unknown;
  readonly checkpoint: Checkpoint;
  /** The second where objects were named. */
  readonly state: StateDigest | StateRecords;
  readonly log: { readonly entries: readonly unknown[]; readonly next: number };
}
