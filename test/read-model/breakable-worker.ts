// A projection worker that a test can take space from, stop in the middle of a transaction, or crash: its listener runs before the real one.
import { parentPort, workerData } from 'node:worker_threads';
import { openForWriting } from '../../src/read-model/database.ts';
import { serveProjection } from '../../src/read-model/projection-service.ts';

/** What a test tells this worker; the real service ignores messages of other types only because they never reach it. */
export interface BreakMessage {
  readonly type: 'break';
  /** Most pages the file may have from now on: a disk that is full, or has space again. */
  readonly maxPages: number;
}

const port = parentPort;
if (port === null) throw new Error('this file is a worker');
const database = openForWriting((workerData as { readonly file: string }).file);
serveProjection(database, {
  postMessage: (message) => port.postMessage(message),
  close: () => port.close(),
  on: (event, listener) =>
    port.on(event, (message: Parameters<typeof listener>[0] | BreakMessage) => {
      if (message.type === 'break') database.pragma(`max_page_count = ${message.maxPages}`);
      else listener(message);
    }),
});
