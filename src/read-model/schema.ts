/** The read model's tables as TypeScript sees them; ARCHITECTURE.md says what each is for, migrations/ makes them. */

/** One row: where the projection is. */
export interface PositionRow {
  readonly id: 1;
  readonly lineage: string;
  readonly entry: number;
  readonly revision: number;
  readonly hash: string;
  /** Time of that entry, Unix milliseconds. */
  readonly time: number;
  readonly state_hash: string;
  readonly fold_version: number;
  readonly forgotten_through: number;
  /** The last so many outcomes are remembered; older ones still in the table are forgotten. */
  readonly outcome_count: number;
}

/** The outcomes of the entries one transaction projected, as a JSON array. */
export interface OutcomesRow {
  readonly last_entry: number;
  readonly first_revision: number;
  readonly last_revision: number;
  readonly outcomes: string;
}

/** An object. The last five are JSON texts. */
export interface ObjectRow {
  /** Identifies the object: each commit is about one object. */
  readonly created_revision: number;
  readonly kind: string;
  readonly namespace: string;
  readonly name: string;
  readonly uid: string;
  readonly revision: number;
  readonly correlation: number;
  /** The machine's state. */
  readonly state: string;
  /** Uid of its controlling owner. */
  readonly owner_uid: string | null;
  /** metadata.deletionTimestamp. */
  readonly deleted: string | null;
  readonly metadata: string;
  readonly spec: string | null;
  readonly status: string | null;
  /** The manifest's other parts. */
  readonly body: string | null;
  /** Parts of the state that no manifest shows. */
  readonly private: string | null;
}

/** A label or an annotation of an object. */
export interface PairRow {
  readonly key: string;
  readonly value: string;
  readonly object: number;
}

/** A timer an object waits for; `at` in Unix milliseconds. */
export interface DeadlineRow {
  readonly object: number;
  readonly name: string;
  readonly at: number;
}

export interface PodRow {
  readonly object: number;
  readonly node: string | null;
  readonly phase: string | null;
}

export interface Tables {
  readonly position: PositionRow;
  readonly outcomes: OutcomesRow;
  readonly objects: ObjectRow;
  readonly labels: PairRow;
  readonly annotations: PairRow;
  readonly deadlines: DeadlineRow;
  readonly pods: PodRow;
}
