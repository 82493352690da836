/** Cuts pending changes into slices: one transaction, but no message so large that it holds up the thread that makes it. */
import { FOLD_VERSION } from '../state/cell-state.ts';
import type { PendingChanges } from './pending-changes.ts';
import type { SliceEnd, SliceMessage } from './projection-message.ts';
import { rowUpdate, sizeOf, type RowUpdate } from './row-update.ts';

/** Most rows in a slice: making and posting so many takes a few milliseconds of the main thread. */
export const SLICE_MAX_ROWS = 500;
/** A slice is full at so many characters of JSON; a single object of 1.5 MB still fits. */
export const SLICE_MAX_CHARACTERS = 4 * 1024 * 1024;

/** The slices of one transaction; the last has its end. */
export function* slices(pending: PendingChanges): Generator<SliceMessage> {
  let rows: RowUpdate[] = [];
  let size = 0;
  for (const [object, change] of pending.objects) {
    const row = rowUpdate(object, change);
    if (rows.length >= SLICE_MAX_ROWS || (rows.length > 0 && size + sizeOf(row) > SLICE_MAX_CHARACTERS)) {
      yield { type: 'slice', rows };
      rows = [];
      size = 0;
    }
    rows.push(row);
    size += sizeOf(row);
  }
  yield { type: 'slice', rows, end: sliceEnd(pending) };
}

function sliceEnd(pending: PendingChanges): SliceEnd {
  const { outcomes } = pending;
  if (pending.position === undefined) throw new Error('nothing is pending: there is no position to write');
  const { position, time, stateHash, forgottenThrough, outcomeCount } = pending.position;
  const { lineage, entry, revision, hash } = position;
  const counters = { time, state_hash: stateHash, forgotten_through: forgottenThrough, outcome_count: outcomeCount };
  const row = { lineage, entry, revision, hash, ...counters, fold_version: FOLD_VERSION };
  const [first] = outcomes;
  const last = outcomes.at(-1);
  if (first === undefined || last === undefined) return { position: row };
  return {
    position: row,
    outcomes: { firstRevision: first.revision, lastRevision: last.revision, text: JSON.stringify(outcomes) },
  };
}
