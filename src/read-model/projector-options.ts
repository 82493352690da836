/** What a projector promises, what it is started with, and how long it waits for what. */
import type { Worker } from 'node:worker_threads';
import type { Clock } from '../foundation/clock.ts';
import type { Logger } from '../foundation/logger.ts';
import type { AppliedEntry } from '../state/applied-entry.ts';
import type { ReadModelDamagedError } from './errors.ts';
import type { FromHistory, ToHistory } from './history/message.ts';
import type { FromWorker, ToWorker } from './projection-message.ts';

/**
 * How long changes gather before they are written, where nobody waits for them: a pod's way from created to Running is then
 * one row written instead of three. Whoever waits for a revision ends it at once.
 */
export const GATHER_MS = 200;
/** Wait before writing again after a full disk, or before the next worker after a crash; long enough not to fill the logs. */
export const RETRY_DELAY_MS = 1000;
/** Longest that closing waits for what is pending; the log has it all anyway. */
export const CLOSE_TIMEOUT_MS = 10_000;

/** The worker as its companion may use it. */
export type CompanionWorker = Pick<Worker, 'postMessage'>;

/** The worker as its projector uses it. */
export interface ProjectionThread {
  postMessage(message: ToWorker | ToHistory): void;
  on(event: 'message', listener: (message: FromWorker | FromHistory) => void): unknown;
  on(event: 'error', listener: (cause: unknown) => void): unknown;
  on(event: 'exit', listener: () => void): unknown;
  terminate(): Promise<unknown>;
}

/** Somebody else who has work done by the projection's worker: one thread for both. */
export interface WorkerCompanion {
  /** A worker runs, the first or another one after a crash: it takes messages until it ends. */
  started(worker: CompanionWorker): void;
  receive(message: FromHistory): void;
  ended(): void;
}

export interface ProjectorOptions {
  readonly file: string;
  readonly clock: Clock;
  readonly logger: Logger;
  /** Called once when the read model is of no more use: discard it and start again. Nothing is projected from then on. */
  onFailure?(error: ReadModelDamagedError): void;
  readonly companion?: WorkerCompanion;
  /** For tests that take part in what the worker does. */
  startWorker?(file: string): ProjectionThread;
}

/** The projection of one fold. */
export interface Projector {
  /** Revision that the read model has reached. */
  readonly projectedRevision: number;
  /** What keeps it from going on at the moment; undefined when all is well. */
  readonly trouble: Error | undefined;
  /** Takes the next entry; returns at once. An entry that does not follow the last one is a bug, and raises. */
  project(applied: AppliedEntry): void;
  /** Resolves when the read model has the revision. Rejects with ReadModelBehindError, or ReadModelDamagedError when it never will. */
  waitFor(revision: number, timeoutMs: number): Promise<void>;
  /** Writes what is pending and ends the worker. Rejects with ReadModelUnavailableError when that could not be written in time. */
  close(): Promise<void>;
}
