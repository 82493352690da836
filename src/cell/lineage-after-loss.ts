/** What the first own entry of a lineage says that begins where a log was lost. No I/O: production and the simulator run this. */
import type { Identifiers } from '../foundation/identifiers.ts';
import type { CellState } from '../state/cell-state.ts';
import { Batch } from '../writer/batch.ts';
import { WRITER_LIMITS } from '../writer/limits.ts';
import type { KnownPosition } from './seen-position.ts';

/** Microseconds of a millisecond: one commit takes far longer than one of them. */
const REVISIONS_PER_MS = 1_000;

export interface LineageAfterLossOptions {
  /** The cell as of the last good entry. */
  readonly state: CellState;
  /** Where everybody says that the log once was. */
  readonly known: readonly KnownPosition[];
  /** Unix milliseconds. */
  readonly now: number;
  readonly identifiers: Identifiers;
  /** Names who begins it. */
  readonly writer: string;
}

export interface LineageAfterLoss {
  readonly lastGoodEntry: number;
  readonly lastGoodHash: string;
  /** Above every revision that anybody can have seen. */
  readonly firstRevision: number;
  firstEntry(lineage: string): Uint8Array;
}

export function lineageAfterLoss(options: LineageAfterLossOptions): LineageAfterLoss {
  const { state, known, now, identifiers, writer } = options;
  // The lineage of the last good entry: a log that lost its own beginning falls back to one further behind, or to none.
  const { lineage: continues, entry: lastGoodEntry, hash: lastGoodHash, revision } = state.position;
  const firstRevision = Math.max(revision, now * REVISIONS_PER_MS, ...known.map((seen) => seen.revision)) + 1;
  const lineageStart = { continues, lastGoodEntry, lastGoodHash, why: 'loss-accepted' };
  const batchOf = (lineage: string) =>
    new Batch({ state, identifiers, limits: WRITER_LIMITS, now, writer, lineage, firstRevision, lineageStart });
  return {
    lastGoodEntry,
    lastGoodHash,
    firstRevision,
    firstEntry: (lineage) => batchOf(lineage).prepare().payload,
  };
}
