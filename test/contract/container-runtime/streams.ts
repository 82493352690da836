/** Reads a runtime's chunked output into text, for the rules about logs and exec. */
import type { LogChunk } from '../../../src/agent/runtimes/container-runtime.ts';

/** Everything printed, per stream. */
export interface Output {
  readonly stdout: string;
  readonly stderr: string;
}

/** Reads to the end. */
export async function collect(chunks: AsyncIterable<LogChunk>): Promise<Output> {
  const parts: Record<LogChunk['stream'], Uint8Array[]> = { stdout: [], stderr: [] };
  for await (const chunk of chunks) parts[chunk.stream].push(chunk.data);
  return { stdout: Buffer.concat(parts.stdout).toString(), stderr: Buffer.concat(parts.stderr).toString() };
}

/** Reads until the text has appeared on either stream. */
export async function readUntil(chunks: AsyncIterable<LogChunk>, text: string): Promise<string> {
  let seen = '';
  for await (const chunk of chunks) {
    seen += Buffer.from(chunk.data).toString();
    if (seen.includes(text)) return seen;
  }
  throw new Error(`the stream ended before ${JSON.stringify(text)}; it held ${JSON.stringify(seen)}`);
}
