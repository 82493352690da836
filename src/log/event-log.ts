/** The log as a port: append by compare-and-swap, read in order. JetStream in production, memory in simulations; one contract suite for both. */

/** An entry as stored. */
export interface StoredEntry {
  /** The entry's number: its sequence in the stream. */
  readonly number: number;
  readonly payload: Uint8Array;
}

/**
 * What became of an append. Only the exact acknowledgement and "wrong last sequence" are outcomes; whatever else happened
 * (time-out, connection lost, an answer that does not fit) is unknown: it may be stored, may yet be, or never.
 */
export type AppendOutcome =
  | { readonly outcome: 'appended' }
  | {
      readonly outcome: 'refused';
      /** What the server says its last number is: for people and for detecting a log that became shorter, never for the next append. */
      readonly lastNumber: number;
    }
  | { readonly outcome: 'unknown'; readonly cause: unknown };

/** One lineage of one cell's log. */
export interface EventLog {
  readonly cell: string;
  readonly lineage: string;
  /** Appends as entry `number`: accepted only when the last one stored is `number - 1`. Never rejects. */
  append(number: number, payload: Uint8Array): Promise<AppendOutcome>;
  /**
   * Stored entries from a number on, in order, a batch at a time, then new ones as they come; ends when the signal is
   * aborted. A gap is passed on as it is: whoever folds notices. Reconnects by itself. Rejects with LogUnavailableError
   * when the log cannot be read for good.
   */
  read(fromNumber: number, signal: AbortSignal): AsyncIterable<readonly StoredEntry[]>;
  /** One entry, or undefined where it cannot be read. Rejects with LogUnavailableError when the server does not answer. */
  get(number: number): Promise<StoredEntry | undefined>;
  /** The number of the last entry as the server says; may lag behind the truth on a cluster, and lie after damage. */
  lastNumber(): Promise<number>;
}

/** The log's server cannot be reached or does not answer; try again. */
export class LogUnavailableError extends Error {
  override readonly name = 'LogUnavailableError';
}
