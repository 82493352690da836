/** What deciders, reconcilers and filters may see of the cell: its state at one revision, read-only. */
import type { ObjectKey } from './identity.ts';
import type { ObjectMeta } from './metadata.ts';

/** The data a kind's machine keeps per object. `metadata` is Kubernetes' ObjectMeta; the other parts are the kind's own. */
export interface ObjectContext {
  readonly metadata: ObjectMeta;
}

/** One object as the fold has it. Records are immutable; a change makes a new one. */
export interface ObjectRecord<Context extends ObjectContext = ObjectContext> extends ObjectKey {
  readonly uid: string;
  /** Revision of its last commit: Kubernetes' resourceVersion. */
  readonly revision: number;
  /** Revision of the commit that created it. */
  readonly createdRevision: number;
  /** Correlation of its last commit, for whoever acts because of it. */
  readonly correlation: number;
  /** The machine's state. Compared nowhere outside machines/. */
  readonly value: string;
  readonly context: Context;
}

/** Index name of every object by the uid of its controlling owner; kept for all kinds. */
export const OWNER_INDEX = 'owner';

/** Index name, where a kind has it, of objects that count for their controller's wanted number, by that controller's uid. */
export const LIVE_OWNER_INDEX = 'liveOwner';

/** The cell's state at one revision. */
export interface View {
  /** Revision of the last commit seen. */
  readonly revision: number;
  get<Context extends ObjectContext>(kind: string, namespace: string, name: string): ObjectRecord<Context> | undefined;
  /** All objects of a kind, of one namespace when given, in no particular order. */
  list<Context extends ObjectContext>(kind: string, namespace?: string): Iterable<ObjectRecord<Context>>;
  /** Objects of a kind by a value of one of its indexes (`Pod` has `node`; all kinds have `owner`). */
  indexed<Context extends ObjectContext>(kind: string, index: string, value: string): Iterable<ObjectRecord<Context>>;
  /** How many objects `indexed` would yield, without walking them. */
  count(kind: string, index: string, value: string): number;
}
