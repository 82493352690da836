/** Reads a container's log from the engine, chunk by chunk. */
import type { LogChunk, LogRequest } from '../container-runtime.ts';
import { toEngineError } from './engine-error.ts';
import type { Engine } from './engine.ts';
import { createFrameReader } from './frames.ts';

/** Ends quietly when the signal is aborted. */
export async function* readLogs(
  engine: Engine,
  id: string,
  request: LogRequest,
  signal: AbortSignal,
): AsyncGenerator<LogChunk> {
  if (signal.aborted) return;
  const stream = await engine.logs(id, {
    follow: request.follow,
    tail: request.tailLines ?? 'all',
    timestamps: request.timestamps,
    since: ((request.since ?? 0) / 1000).toFixed(3),
  });
  const stop = () => stream.destroy();
  signal.addEventListener('abort', stop);
  const frames = createFrameReader();
  try {
    if (signal.aborted) return;
    for await (const bytes of stream) yield* frames.push(bytes);
  } catch (error) {
    if (!signal.aborted) throw toEngineError(error, `reading the log of container ${id}`);
  } finally {
    signal.removeEventListener('abort', stop);
    stream.destroy();
  }
}
