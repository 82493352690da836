/** `who`: who made each field of an object what it is, or which values one field has had. */
import { strictObject, Type, type ObjectKey } from '../../../machines/index.ts';
import { MOMENT, type PointAnswer } from './moment.ts';
import type { ToldCommit } from './told-commit.ts';

const Name = Type.String({ maxLength: 253 });

export const WHO_QUERY = strictObject({
  kind: Name,
  /** Of kinds that live in one. */
  namespace: Type.Optional(Name),
  name: Name,
  /** Which of the objects that had the name; the last one where absent. */
  uid: Type.Optional(Name),
  at: Type.Optional(MOMENT),
  /** All values of this field instead: `spec.replicas`, `spec.containers[main].image`, `metadata.labels[a.b/c]`. */
  field: Type.Optional(Type.String({ maxLength: 1_024 })),
});

/** A field without fields of its own, and the commit that made it what it is; null where that is further back than was looked. */
export interface BlamedField {
  readonly field: string;
  readonly value: unknown;
  readonly revision: number | null;
}

/** A value that a field has had, and the commit that gave it; absent where the field was taken away. */
export interface FieldValue {
  readonly revision: number;
  readonly value?: unknown;
}

export interface WhoAnswer {
  readonly object: ObjectKey & { readonly uid: string };
  readonly at: PointAnswer;
  /** The commit that removed it; its fields are those it had before. */
  readonly removed: ToldCommit | null;
  /** In the order of their names; empty where one field was asked for. */
  readonly fields: readonly BlamedField[];
  /** Oldest first; of the field asked for. */
  readonly values: readonly FieldValue[];
  /** The commits that fields and values name, oldest first. */
  readonly commits: readonly ToldCommit[];
  /** How many of the object's commits were looked at, the newest, and the first of them. */
  readonly looked: number;
  readonly lookedFrom: number;
  /** Whether that is all of them. */
  readonly complete: boolean;
}
