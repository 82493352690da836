/** What the query service asks: the read model and the log, as ports that the cell wires. */
import type { ObjectRecord, SelectorRequirement, Static } from '../../machines/index.ts';
import type { Checkpoint } from '../log/checkpoint.ts';
import type { EventLog } from '../log/event-log.ts';
import type { StateDigest, StateRecords } from '../state/state-digest.ts';
import type { MOMENT } from './history-messages/moment.ts';
import type { HistoryQueryAnswers, HistoryQueryName } from './history-messages/index.ts';
import type { Query, QueryFault } from './query-messages.ts';

/** One term of a field selector; which fields there are is the read model's business. */
export interface FieldTerm<Field extends string = string> {
  readonly field: Field;
  readonly operator: 'Equals' | 'NotEquals';
  readonly value: string;
}

/** A page of a list. */
export interface ListOptions<Field extends string = string> {
  readonly kind: string;
  readonly namespace?: string;
  readonly labelSelector?: readonly SelectorRequirement[];
  readonly annotationSelector?: readonly SelectorRequirement[];
  readonly fieldSelector?: readonly FieldTerm<Field>[];
  readonly ownerUid?: string;
  readonly limit?: number;
  readonly after?: { readonly namespace: string; readonly name: string };
}

interface Page {
  readonly revision: number;
  readonly continue?: string;
}

/** Reads at one revision each; the read model's queries are one. */
export interface ObjectQueries<Field extends string = string> extends Disposable {
  revision(): number;
  get(kind: string, namespace: string, name: string): { readonly revision: number; readonly item?: string };
  list(options: ListOptions<Field>): Page & { readonly items: readonly string[] };
  listRecords(options: ListOptions<Field>): Page & { readonly records: readonly ObjectRecord[] };
  getRecord(
    kind: string,
    namespace: string,
    name: string,
  ): { readonly revision: number; readonly record?: ObjectRecord };
  counts(): { readonly revision: number; readonly counts: ReadonlyMap<string, number> };
  /** The same at the revision of now, for lists of many pages. */
  snapshot(): ObjectQueries<Field>;
}

/** The cell at one point of its past. */
export interface PastView {
  readonly revision: number;
  /** Unix milliseconds of that revision. */
  readonly time: number;
  /** What ages are counted to, Unix milliseconds: the time that was asked for, or else that of the revision. */
  readonly now: number;
  get(kind: string, namespace: string, name: string): ObjectRecord | undefined;
  /** At most `limit`, in the order of namespace and name, and whether there are more. */
  list(request: Pick<ListOptions, 'kind' | 'namespace' | 'after'> & { readonly limit: number }): {
    readonly records: readonly ObjectRecord[];
    readonly more: boolean;
  };
}

/** Answers about the past, by query. */
export type HistoryAnswers = {
  readonly [Name in HistoryQueryName]: (query: Query<Name>) => HistoryQueryAnswers[Name];
};

/** The past cannot answer; the message says what to ask for instead. */
export class HistoryFailure extends Error {
  override readonly name: string = 'HistoryFailure';
  readonly reason: QueryFault;

  constructor(reason: QueryFault, message: string) {
    super(message);
    this.reason = reason;
  }
}

/** What lets others prove that the cell is what its log says. */
export interface ProofSource {
  /** Signs the state as it is now. */
  checkpoint(): Promise<Checkpoint>;
  /** The state in memory, digested. */
  digest(): Promise<StateDigest>;
  /** Objects of it by their createdRevisions. */
  records(createdRevisions: readonly number[]): StateRecords;
}

/** All a query service needs. */
export interface QuerySource<Field extends string = string> {
  readonly queries: ObjectQueries<Field>;
  /** Resolves once the read model has reached a revision; rejects when it does not in time. */
  waitFor(revision: number, timeoutMs: number): Promise<void>;
  /** The same for what the past records. Absent where it records at once. Rejects with HistoryFailure. */
  waitForPast?(revision: number, timeoutMs: number): Promise<void>;
  /** Terms of a field selector, or a sentence saying what is wrong with it. */
  parseFieldSelector(kind: string, text: string): readonly FieldTerm<Field>[] | string;
  /** Where a page's token continues; undefined for what is none. */
  decodeContinue(token: string): { readonly namespace: string; readonly name: string } | undefined;
  readonly log: EventLog;
  /** The cell at a moment. Raises HistoryFailure for one that there is not. */
  pastAt(moment: Static<typeof MOMENT>): PastView;
  /** Answers to what is asked of the past. They raise HistoryFailure for what cannot be answered. */
  readonly history: HistoryAnswers;
  readonly proof: ProofSource;
  /** What this process knows of the cell, for `status`. */
  status(): CellStatus;
}

/** The cell as its control plane sees it. */
export interface CellStatus {
  readonly cell: string;
  readonly lineage: string;
  /** Where the fold is. */
  readonly entry: number;
  readonly revision: number;
  /** Name of the process that answers, and whether it is the one that writes. */
  readonly process: string;
  readonly writing: boolean;
  /** Commands waiting to be decided. */
  readonly queued: number;
  /** Public key of the checkpoints this process signs. */
  readonly checkpointKey: string;
  /** The newest checkpoint it knows of. */
  readonly checkpoint?: { readonly entry: number; readonly time: number };
  /** What keeps the cell from going on, when something does. */
  readonly trouble?: string;
}
