/** Commits and refusals as the log recorded them, as they travel and as history reads them. */
import type { Commit, RefusedCommand } from '../../../machines/index.ts';

/** A commit with what its entry says of it. */
export interface RecordedCommit {
  readonly commit: Commit;
  /** Unix milliseconds. */
  readonly time: number;
  /** Number of its entry. */
  readonly entry: number;
}

/** A refusal with what its entry says of it. */
export interface RecordedRefusal {
  readonly refused: RefusedCommand;
  /** Revision of the last commit before it or of its entry: what the cell looked like when it was refused. */
  readonly revision: number;
  /** Unix milliseconds. */
  readonly time: number;
  /** Number of its entry. */
  readonly entry: number;
}

/** Something that the log recorded, in its order: an entry's commits, then its refusals. */
export type Recorded = RecordedCommit | RecordedRefusal;
