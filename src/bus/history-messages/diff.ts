/** `diff-keys`, then `diff`: which objects changed between two moments, and what they were at both. */
import { strictObject, Type, type Manifest, type ObjectKey } from '../../../machines/index.ts';
import { MOMENT, type PointAnswer } from './moment.ts';

/** Most objects in one `diff`: twice as many reads of the past hold up the process that writes for some milliseconds. */
export const DIFF_MAX_OBJECTS = 50;

const Name = Type.String({ maxLength: 253 });

/** Absent moments mean now. */
export const DIFF_KEYS_QUERY = strictObject({
  from: Type.Optional(MOMENT),
  to: Type.Optional(MOMENT),
  kind: Type.Optional(Name),
  /** All namespaces when absent. */
  namespace: Type.Optional(Name),
  /** Of one object; with its kind, and its namespace unless it is of cluster scope. */
  name: Type.Optional(Name),
  /** `next` of the answer before. */
  after: Type.Optional(Type.Integer({ minimum: 0, maximum: Number.MAX_SAFE_INTEGER })),
});

export interface DiffKeysAnswer {
  readonly from: PointAnswer;
  readonly to: PointAnswer;
  /** Objects with commits between the two, in the order of their first one in this part. One may come again in a later part. */
  readonly keys: readonly ObjectKey[];
  /** Ask again from here; absent at the end. */
  readonly next?: number;
}

/** Both revisions are those of points. */
export const DIFF_QUERY = strictObject({
  from: Type.Integer({ minimum: 1 }),
  to: Type.Integer({ minimum: 1 }),
  keys: Type.Array(strictObject({ kind: Name, namespace: Name, name: Name }), { maxItems: DIFF_MAX_OBJECTS }),
});

/** What one actor did to an object between two moments. */
export interface ActorShare {
  readonly actor: string;
  readonly commits: number;
  /** Revisions of the first and the last of them. */
  readonly first: number;
  readonly last: number;
}

/** An object as Kubernetes shows it at both moments; null where there was none. */
export interface ObjectVersions extends ObjectKey {
  readonly before: Manifest | null;
  readonly after: Manifest | null;
  /** Who changed it in between, whoever was last first. */
  readonly actors: readonly ActorShare[];
  /** There were more commits than were looked at; the newest were. */
  readonly more?: true;
}

export interface DiffAnswer {
  /** For the first so many of the keys; ask again for the rest. At least one. */
  readonly objects: readonly ObjectVersions[];
}
