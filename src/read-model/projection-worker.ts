/** The thread that writes the read model, and the history beside it, so that SQLite's 100 µs a row are not the writer's. Started by the projector. */
import { parentPort, workerData } from 'node:worker_threads';
import { openForWriting } from './database.ts';
import { troubleOf } from './errors.ts';
import { serveHistory } from './history/service.ts';
import type { FromWorker } from './projection-message.ts';
import { serveProjection } from './projection-service.ts';

/** What a projector starts its worker with. */
export interface ProjectionWorkerData {
  readonly file: string;
}

if (parentPort === null) throw new Error('this file is a worker: start it through createProjector');
try {
  serveHistory(parentPort);
  serveProjection(openForWriting((workerData as ProjectionWorkerData).file), parentPort);
} catch (error) {
  parentPort.postMessage({ type: 'failed', trouble: troubleOf(error) } satisfies FromWorker);
  parentPort.close();
}
