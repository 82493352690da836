/** A command run inside a container, over the engine's hijacked connection. */
import type { Duplex } from 'node:stream';
import { Transform } from 'node:stream';
import type { Clock } from '../../../foundation/clock.ts';
import type { ExecRequest, ExecSession, LogChunk } from '../container-runtime.ts';
import { RuntimeError } from '../container-runtime.ts';
import type { Engine, EngineExec } from './engine.ts';
import { createFrameReader } from './frames.ts';

/** Chunks kept for a reader who is slow or absent; then the program has to wait in its writes. */
export const UNREAD_CHUNKS_MAX = 64;

/** The engine may close the connection shortly before it has the exit code. */
const EXIT_CODE_POLL_MS = 20;
const EXIT_CODE_POLLS_MAX = 250;

/** Rejects with RuntimeError: `refused` when the container does not run. */
export async function startExec(
  deps: { readonly engine: Engine; readonly clock: Clock },
  containerId: string,
  request: ExecRequest,
): Promise<ExecSession> {
  const exec = await deps.engine.exec(containerId, request);
  const { connection } = exec;
  const output = connection.pipe(demultiplexer(request));
  const exitCode = exitCodeOf(connection, exec, deps.clock);
  // Whoever closes a session need not wait for a code that will never come.
  exitCode.catch(() => {});
  connection.once('close', () => output.end());
  output.once('close', () => connection.destroy());
  return {
    output: chunksOf(output),
    write: (data) => write(connection, data),
    endInput: () => connection.end(),
    resize: (size) => exec.resize(size),
    exitCode,
    close: () => output.destroy(),
  };
}

/** With a terminal there are no frames: all is one stream. */
function demultiplexer(request: ExecRequest): Transform {
  const frames = createFrameReader();
  return new Transform({
    readableObjectMode: true,
    readableHighWaterMark: UNREAD_CHUNKS_MAX,
    transform(bytes: Buffer, _encoding, done) {
      if (request.tty) this.push({ stream: 'stdout', data: bytes } satisfies LogChunk);
      else for (const chunk of frames.push(bytes)) this.push(chunk);
      done();
    },
  });
}

/** A closed session simply ends. */
async function* chunksOf(output: Transform): AsyncGenerator<LogChunk> {
  try {
    for await (const chunk of output) yield chunk;
  } catch (error) {
    if (!output.destroyed) throw error;
  }
}

function write(connection: Duplex, data: Uint8Array): Promise<void> {
  const written = Promise.withResolvers<void>();
  connection.write(data, (error) => {
    if (error) written.reject(new RuntimeError('gone', 'the command takes no more input', { cause: error }));
    else written.resolve();
  });
  return written.promise;
}

async function exitCodeOf(connection: Duplex, exec: EngineExec, clock: Clock): Promise<number> {
  const ended = Promise.withResolvers<void>();
  connection.once('end', () => ended.resolve());
  connection.once('close', () =>
    ended.reject(new RuntimeError('gone', 'the session was closed before its command ended')),
  );
  connection.on('error', (cause) =>
    ended.reject(new RuntimeError('unavailable', 'the connection to the Docker engine broke', { cause })),
  );
  await ended.promise;
  for (let poll = 0; poll < EXIT_CODE_POLLS_MAX; poll++) {
    const exitCode = await exec.exitCode();
    if (exitCode !== undefined) return exitCode;
    await clock.sleep(EXIT_CODE_POLL_MS);
  }
  throw new RuntimeError('unavailable', 'the Docker engine ended the session without an exit code');
}
