/** Starts the thread that writes the read model. */
import { Worker } from 'node:worker_threads';
import type { ProjectionWorkerData } from './projection-worker.ts';

/** The worker's file has this one's ending: .ts in the sources, .js in a build. */
const WORKER_FILE = import.meta.url.replace(/[^/]*(\.[a-z]+)$/, 'projection-worker$1');

/**
 * The worker's memory: what it is sent lives for one transaction, so a small nursery costs nothing and saves 10 MB; the rest
 * has room for the outcomes of a whole horizon in one transaction.
 */
const RESOURCE_LIMITS = { maxYoungGenerationSizeMb: 4, maxOldGenerationSizeMb: 256 };

/** The worker opens the file and says so, or fails. */
export function startProjectionWorker(file: string): Worker {
  const workerData: ProjectionWorkerData = { file };
  return new Worker(new URL(WORKER_FILE), { workerData, execArgv: [], resourceLimits: RESOURCE_LIMITS });
}
