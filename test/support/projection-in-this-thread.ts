/** What the projection's worker serves, without a thread of its own: for tests of what is projected, of which each would start one. */
import { MessageChannel } from 'node:worker_threads';
import { openForWriting } from '../../src/read-model/database.ts';
import { serveHistory } from '../../src/read-model/history/service.ts';
import { serveProjection } from '../../src/read-model/projection-service.ts';
import type { ProjectionThread } from '../../src/read-model/projector-options.ts';

/** Messages are copied and arrive later and in order, as between threads; it cannot crash. */
export function projectInThisThread(file: string): ProjectionThread {
  const { port1: near, port2: far } = new MessageChannel();
  const database = openForWriting(file);
  far.on('close', () => database.close());
  serveHistory(far);
  serveProjection(database, far);
  return {
    postMessage: (message) => near.postMessage(message),
    on: (event: string, listener: (said: never) => void) =>
      near.on(event === 'exit' ? 'close' : event, (said: unknown) => listener(said as never)),
    terminate: async () => near.close(),
  };
}
