/** What the recorder of history and its worker say to each other: one message at a time, each answered before the next. */
import type { StoredEntry } from '../../log/event-log.ts';
import type { SqliteTrouble } from '../errors.ts';
import type { HistoryPosition } from './schema.ts';

/** An object as it was after one of its commits, for reads to begin at. */
export interface Image {
  readonly revision: number;
  readonly object: number;
  /** The record as JSON. */
  readonly text: string;
}

/** Where an image would help. */
export type WantedImage = Pick<Image, 'revision' | 'object'>;

export interface RecordMessage {
  readonly type: 'history-record';
  /** Payloads of entries in order, one after the other. */
  readonly payloads: Uint8Array;
  readonly lengths: readonly number[];
  readonly images: readonly Image[];
}

/** The message that has entries recorded. */
export function recordMessage(entries: readonly StoredEntry[], images: readonly Image[]): RecordMessage {
  return {
    type: 'history-record',
    payloads: Buffer.concat(entries.map(({ payload }) => payload)),
    lengths: entries.map(({ payload }) => payload.byteLength),
    images,
  };
}

export type ToHistory =
  /** Opens a prepared file. `endings`: by kind, the events after which an object is gone. */
  | {
      readonly type: 'history-open';
      readonly file: string;
      readonly endings: Readonly<Record<string, readonly string[]>>;
    }
  | RecordMessage
  /** Goes back to where an earlier transaction ended; to the beginning where there is none of that entry. */
  | { readonly type: 'history-truncate'; readonly entry: number }
  | { readonly type: 'history-close' };

export type FromHistory =
  /** The file is open, or was taken back; undefined where nothing is recorded. */
  | { readonly type: 'history-opened'; readonly position: HistoryPosition | undefined }
  | {
      readonly type: 'history-recorded';
      readonly position: HistoryPosition;
      readonly wanted: readonly WantedImage[];
    }
  /** The entries do not follow what is recorded; nothing was changed. */
  | { readonly type: 'history-mismatch' }
  /** The transaction was rolled back, or the file could not be opened. */
  | { readonly type: 'history-failed'; readonly trouble: SqliteTrouble }
  | { readonly type: 'history-closed' };

export function isToHistory(message: { readonly type: string }): message is ToHistory {
  return message.type.startsWith('history-');
}

export function isFromHistory(message: { readonly type: string }): message is FromHistory {
  return message.type.startsWith('history-');
}
