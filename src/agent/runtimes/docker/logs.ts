/** Reads a container's log from the engine, chunk by chunk. */
import type { Readable } from 'node:stream';
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
  const { follow, timestamps, tailLines, since = 0 } = request;
  const range = { follow, timestamps, tail: tailLines ?? 'all', since: (since / 1000).toFixed(3) } as const;
  let stream: Readable | undefined;
  const stop = () => stream?.destroy();
  signal.addEventListener('abort', stop);
  const frames = createFrameReader();
  try {
    if (signal.aborted) return;
    stream = await engine.logs(id, range, signal);
    for await (const bytes of stream) yield* frames.push(bytes);
  } catch (error) {
    if (!signal.aborted) throw toEngineError(error, `reading the log of container ${id}`);
  } finally {
    signal.removeEventListener('abort', stop);
    stop();
  }
}
