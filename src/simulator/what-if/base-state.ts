/** The cell as it was at a revision, and the state that a what-if goes on from: the same objects, with a log of its own. */
import type { ObjectRecord } from '../../../machines/index.ts';
import { CellState, type KeptObject } from '../../state/cell-state.ts';
import { NO_CONTENT, type ContentSum } from '../../state/state-hash.ts';

/** All objects of a cell at a revision. */
export interface BaseState {
  readonly records: Iterable<ObjectRecord>;
  readonly revision: number;
  /** Unix milliseconds of that revision. */
  readonly time: number;
}

/** Names the log that exists only here. */
export const FORK_LINEAGE = 'what-if';

/**
 * The state before the fork's first entry. Its log begins anew, so it names no entry before it; and since nobody compares its
 * hash with another's, that counts only what changes from here: hashing all objects would take longer than most scenarios.
 */
export function forkedState({ records, revision, time }: BaseState): CellState {
  return CellState.from({
    position: { lineage: FORK_LINEAGE, entry: 0, revision, hash: '' },
    time,
    forgottenThrough: 0,
    objects: inOrder(records).map(kept),
    outcomes: [],
    outcomeCount: 0,
  });
}

/** As they were created, whatever order they came in: what is listed first is looked at first. */
function inOrder(records: Iterable<ObjectRecord>): readonly ObjectRecord[] {
  return [...records].toSorted((one, other) => one.createdRevision - other.createdRevision);
}

/** Not summed up; and its size is counted exactly once it changes. */
const UNCOUNTED: ContentSum = { ...NO_CONTENT, bytesAtMost: Number.MAX_SAFE_INTEGER };

function kept(record: ObjectRecord): KeptObject {
  return { record, content: UNCOUNTED };
}
