/** The bytes of an export in order: lines, then frames, hashed as they are used and never more than a few frames in memory. */
import { createHash, type Hash } from 'node:crypto';
import type { FileHandle } from 'node:fs/promises';
import { FRAME_HEAD_BYTES, FRAME_MAX_BYTES, LINE_MAX_BYTES } from './export-format.ts';

/** One frame, as it is in the file. */
export interface Frame {
  readonly type: number;
  readonly content: Buffer;
}

/** Read at a time, bytes. */
const CHUNK_BYTES = 1024 * 1024;

/** The file's bytes in order, hashed as they are used. */
export class HashedReader {
  readonly #file: FileHandle;
  readonly #hash: Hash = createHash('sha256');
  #waiting: Buffer = Buffer.alloc(0);
  #ended = false;

  constructor(file: FileHandle) {
    this.#file = file;
  }

  /** The hash of all that was used so far, to be gone on with. */
  hash(): Hash {
    return this.#hash.copy();
  }

  /** Text up to the next line break; undefined where none is near. */
  async line(): Promise<string | undefined> {
    await this.#gather(1);
    let end = this.#waiting.indexOf(0x0a);
    while (end < 0 && !this.#ended && this.#waiting.length < LINE_MAX_BYTES) {
      await this.#gather(this.#waiting.length + 1);
      end = this.#waiting.indexOf(0x0a);
    }
    if (end < 0 || end > LINE_MAX_BYTES) return undefined;
    return this.#use(end + 1).toString('utf8', 0, end);
  }

  /** Undefined where the file ends before a whole one. Raises for a length that no frame has. */
  async frame(): Promise<Frame | undefined> {
    if (!(await this.#gather(FRAME_HEAD_BYTES))) return undefined;
    const type = this.#waiting.readUInt8();
    const length = this.#waiting.readUInt32BE(1);
    if (length > FRAME_MAX_BYTES) throw new RangeError(`a frame of ${length} bytes`);
    if (!(await this.#gather(FRAME_HEAD_BYTES + length))) return undefined;
    return { type, content: this.#use(FRAME_HEAD_BYTES + length).subarray(FRAME_HEAD_BYTES) };
  }

  hasMore(): Promise<boolean> {
    return this.#gather(1);
  }

  async close(): Promise<void> {
    await this.#file.close();
  }

  #use(length: number): Buffer {
    const bytes = this.#waiting.subarray(0, length);
    this.#waiting = this.#waiting.subarray(length);
    this.#hash.update(bytes);
    return bytes;
  }

  /** Whether so many bytes are there. */
  async #gather(length: number): Promise<boolean> {
    const chunks = [this.#waiting];
    let gathered = this.#waiting.length;
    while (gathered < length && !this.#ended) {
      const chunk = Buffer.allocUnsafe(Math.max(CHUNK_BYTES, length - gathered));
      const { bytesRead } = await this.#file.read(chunk, 0, chunk.length);
      this.#ended = bytesRead === 0;
      chunks.push(chunk.subarray(0, bytesRead));
      gathered += bytesRead;
    }
    if (chunks.length > 1) this.#waiting = Buffer.concat(chunks, gathered);
    return gathered >= length;
  }
}
