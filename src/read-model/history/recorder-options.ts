/** What the recorder of history is started with and promises, and how much it takes at once. */
import type { Clock } from '../../foundation/clock.ts';
import type { Logger } from '../../foundation/logger.ts';
import type { Position } from '../../log/entry.ts';
import type { EventLog } from '../../log/event-log.ts';
import type { AppliedEntry } from '../../state/applied-entry.ts';
import type { WorkerCompanion } from '../projector-options.ts';
import type { WantedImage } from './message.ts';

/** How long entries gather before they are recorded, where nobody waits: a transaction each would cost more than its rows. */
export const RECORD_GATHER_MS = 200;
/** Most of the log in one transaction, bytes and entries: the worker is busy with it for some 50 ms, and the read model waits. */
export const RECORD_MAX_BYTES = 1024 * 1024;
export const RECORD_MAX_ENTRIES = 1_000;
/**
 * Entries that wait in memory while the worker is away or behind; with what they did that is some three times as much. What
 * is beyond is read from the log again.
 */
export const WAITING_MAX_BYTES = 8 * 1024 * 1024;
/** While the log is read for what is missing, the worker rests for as long as it worked, so that the cell has the other half. */
export const CATCH_UP_REST_SHARE = 1;
/** Wait before trying again after trouble. */
export const RECORD_RETRY_MS = 1_000;
/** Longest that closing waits for what is under way; the log has it all anyway. */
export const RECORD_CLOSE_MS = 5_000;

export interface RecorderOptions {
  readonly file: string;
  readonly log: EventLog;
  readonly clock: Clock;
  readonly logger: Logger;
  /** Where the fold begins: entries up to there come from the log, later ones through `observe`. */
  readonly from: Position;
  /** The last entry of the file that is on the log: what it has beyond is forgotten. */
  readonly keepThrough: number;
  /** By kind, the events after which an object is gone. */
  readonly endings: Readonly<Record<string, readonly string[]>>;
  /** The record of an object as JSON, from what is recorded; undefined where it cannot be had. */
  imageOf(wanted: WantedImage): string | undefined;
  /** The file is about to be deleted and made anew: close what reads it, and open it again with the next question. */
  onDiscard(): void;
}

/** Records history behind one fold. */
export interface HistoryRecorder extends WorkerCompanion {
  /** Revision that is recorded; 0 where nothing is. */
  readonly recordedRevision: number;
  /** Whether all that was folded is recorded, or will be within moments. */
  readonly isCurrent: boolean;
  /** Takes the next entry; returns at once. */
  observe(applied: AppliedEntry): void;
  /** Resolves when the revision is recorded; rejects with ReadModelBehindError. */
  waitFor(revision: number, timeoutMs: number): Promise<void>;
  /** Something read the file and found it damaged: it is made anew. */
  discard(why: unknown): void;
  /** Records what waits and ends; to be called before the projector is closed. */
  close(): Promise<void>;
}
