/** Takes apart the engine's framed output; docker-modem's own demultiplexer knows no back-pressure, so a fast program would fill the memory. */
import type { LogChunk } from '../container-runtime.ts';

/** A frame: stream number (1 byte), 3 unused, length of what follows (4 bytes, big-endian). */
const HEADER_LENGTH_BYTES = 8;
const LENGTH_OFFSET_BYTES = 4;
const STDOUT = 1;

export interface FrameReader {
  /** Chunks of what has arrived so far; a frame may be given out in pieces. */
  push(bytes: Uint8Array): LogChunk[];
}

export function createFrameReader(): FrameReader {
  let header = Buffer.alloc(0);
  let stream: LogChunk['stream'] = 'stdout';
  let missing = 0;

  /** Returns what is left after a whole header, or undefined when the header is still short. */
  function readHeader(bytes: Buffer): Buffer | undefined {
    const taken = HEADER_LENGTH_BYTES - header.length;
    header = Buffer.concat([header, bytes.subarray(0, taken)]);
    if (header.length < HEADER_LENGTH_BYTES) return undefined;
    stream = header.readUInt8(0) <= STDOUT ? 'stdout' : 'stderr';
    missing = header.readUInt32BE(LENGTH_OFFSET_BYTES);
    header = Buffer.alloc(0);
    return bytes.subarray(taken);
  }

  return {
    push(bytes) {
      const chunks: LogChunk[] = [];
      let rest: Buffer | undefined = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
      while (rest !== undefined && rest.length > 0) {
        if (missing === 0) {
          rest = readHeader(rest);
        } else {
          const data: Buffer = rest.subarray(0, missing);
          chunks.push({ stream, data });
          missing -= data.length;
          rest = rest.subarray(data.length);
        }
      }
      return chunks;
    },
  };
}
