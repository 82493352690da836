/** What a fold tells its subscribers about each entry, own or foreign, in log order from one place. */
import type { Commit, ObjectRecord } from '../../machines/index.ts';
import type { Entry, Position } from '../log/entry.ts';
import type { RememberedOutcome } from './outcomes.ts';

/** One commit and what it did. */
export interface Change {
  readonly commit: Commit;
  /** Undefined when the commit created the object. */
  readonly before: ObjectRecord | undefined;
  /** Undefined when the commit removed the object. */
  readonly after: ObjectRecord | undefined;
}

/** An entry that has been folded into the state. */
export interface AppliedEntry {
  readonly entry: Entry;
  /** The entry as the log has it; whoever keeps it for long copies it, since it may be part of a larger buffer. */
  readonly payload: Uint8Array;
  readonly position: Position;
  readonly changes: readonly Change[];
  /** What it made the state remember of its commands, in order; repeats that taught nothing new are not among them. */
  readonly outcomes: readonly RememberedOutcome[];
  /** How many outcomes the state remembers after it: always the last so many that were remembered. */
  readonly outcomeCount: number;
  /** The state's `forgottenThrough` after it. */
  readonly forgottenThrough: number;
}

export type EntrySubscriber = (applied: AppliedEntry) => void;
