/** What the projector and its worker say to each other: one slice of a transaction at a time, each answered before the next. */
import type { SqliteTrouble } from './errors.ts';
import type { RowUpdate } from './row-update.ts';
import type { PositionRow } from './schema.ts';

/** What ends a transaction: the position after it, and what is remembered of its commands. */
export interface SliceEnd {
  readonly position: Omit<PositionRow, 'id'>;
  readonly outcomes?: { readonly firstRevision: number; readonly lastRevision: number; readonly text: string };
}

/** Part of a transaction; the one with `end` is its last. */
export interface SliceMessage {
  readonly type: 'slice';
  readonly rows: readonly RowUpdate[];
  readonly end?: SliceEnd;
}

export type ToWorker = SliceMessage | { readonly type: 'close' };

/** Where the worker found the read model. */
export interface StoredPosition {
  readonly entry: number;
  readonly revision: number;
  readonly hash: string;
}

export type FromWorker =
  /** The file is open. */
  | { readonly type: 'ready'; readonly position: StoredPosition }
  /** The slice is in the open transaction. */
  | { readonly type: 'staged' }
  | { readonly type: 'committed' }
  /** The transaction was rolled back, or the file could not be opened. */
  | { readonly type: 'failed'; readonly trouble: SqliteTrouble }
  | { readonly type: 'closed' };
