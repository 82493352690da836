/** `why`: what led to a commit, or to an object being as it is, and what that led to in turn. */
import { strictObject, Type, type ObjectKey } from '../../../machines/index.ts';
import { MOMENT, type PointAnswer } from './moment.ts';
import type { ToldCommit } from './told-commit.ts';

const Name = Type.String({ maxLength: 253 });

/** Of a commit, or of an object by kind and name. */
export const WHY_QUERY = strictObject({
  /** A commit's revision; not called so, since that is what an answer is to wait for in other queries. */
  commit: Type.Optional(Type.Integer({ minimum: 1, maximum: Number.MAX_SAFE_INTEGER })),
  kind: Type.Optional(Name),
  /** Of kinds that live in one. */
  namespace: Type.Optional(Name),
  name: Type.Optional(Name),
  /** Which of the objects that had the name; the last one where absent. */
  uid: Type.Optional(Name),
  /** As things were then; now where absent. */
  at: Type.Optional(MOMENT),
});

/** A commit that another led to. */
export interface Consequence {
  readonly commit: ToldCommit;
  readonly consequences: Consequences;
}

export interface Consequences {
  /** Oldest first. */
  readonly shown: readonly Consequence[];
  /** How many more there are. */
  readonly more: number;
  /** There may be more than were counted. */
  readonly uncounted?: true;
}

/** One of the objects that had a name in turn. */
export interface Life {
  readonly uid: string;
  /** Revisions of its first and, up to the moment, last commit. */
  readonly first: number;
  readonly last: number;
}

export interface WhyAnswer {
  readonly object: ObjectKey & { readonly uid: string };
  /** The moment it is told for. */
  readonly at: PointAnswer;
  /** How it was then, in the words of its table: `ready 1/1, status Running`; null where it was gone. */
  readonly state: string | null;
  /** Revisions from the first cause to the commit in question: the one asked for, or the last one of note about the object. */
  readonly chain: readonly number[];
  /** The commits of the chain, other commits of note about the object, and what led to those; oldest first. */
  readonly story: readonly ToldCommit[];
  /** Revisions in the story whose causes are left out of it, since they are many: ask for those to read on. */
  readonly cut: readonly number[];
  /** Commits of note about the object that are left out of the story. */
  readonly leftOut: number;
  /** There may be more of them than were counted. */
  readonly uncounted?: true;
  /** What came of it and is not in the story. */
  readonly ledTo: Consequences;
  /** Other objects that had the name, the latest first; not of a commit. */
  readonly otherLives: readonly Life[];
}
