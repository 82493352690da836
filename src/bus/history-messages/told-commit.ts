/** A commit as people are told of it, in the answers of `why`, `why-not` and `who`. */
import type { ObjectKey } from '../../../machines/index.ts';

export interface ToldCommit extends ObjectKey {
  readonly revision: number;
  /** Unix milliseconds. */
  readonly time: number;
  readonly uid: string;
  readonly actor: string;
  readonly verb: string;
  /** The revision that led to it; absent where nothing of the log did: a person, a program, a clock. */
  readonly cause?: number;
  /** The first cause. */
  readonly correlation: number;
  readonly reason?: string;
  /** Types of its events. */
  readonly events: readonly string[];
  /** What happened, to be read behind the object's name: `bound to n1`. */
  readonly sentence: string;
}
