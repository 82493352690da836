/** Reads an export: says what is in it at once, hands out its entries as the log would, and tells a whole file from one that is cut or changed. */
import type { Hash } from 'node:crypto';
import { open } from 'node:fs/promises';
import { promisify } from 'node:util';
import { zstdDecompress } from 'node:zlib';
import { decodeEntry, hashOf } from '../log/entry.ts';
import type { StoredEntry } from '../log/event-log.ts';
import type { Checkpoint } from '../log/checkpoint.ts';
import { HashedReader, type Frame } from './export-bytes.ts';
import {
  ENTRY_HEAD_BYTES,
  EXPORT_VERSION,
  ExportFileError,
  factsText,
  FRAME,
  FRAME_MAX_BYTES,
  MAGIC,
  type ExportBound,
  type ExportEnd,
  type ExportHeader,
} from './export-format.ts';
import { exportEndOf, exportHeaderOf } from './export-schemas.ts';

const decompress = promisify(zstdDecompress);

/** An export that is being read. */
export interface ExportFile extends AsyncDisposable {
  readonly header: ExportHeader;
  /** As they are in the file: whether they prove anything is for `checkCheckpoint` to say. */
  readonly checkpoints: readonly Checkpoint[];
  /**
   * All entries, in order, some at a time; can be walked once. Raises ExportFileError where the file is cut or was changed,
   * at the latest after the last of them: only who was given all and no error has read a whole export. The chain is for the
   * fold to check.
   */
  entries(): AsyncIterable<readonly StoredEntry[]>;
  /** Known once all entries were read. */
  readonly end: ExportEnd | undefined;
}

/** Opens a file, reading its first lines and its checkpoints. Raises ExportFileError, or what the file system says. */
export async function openExport(path: string): Promise<ExportFile> {
  const bytes = new HashedReader(await open(path, 'r'));
  try {
    const header = await readHeader(bytes, path);
    return new Reader({ path, bytes, header, checkpoints: await readCheckpoints(bytes, path) });
  } catch (error) {
    await bytes.close();
    throw error;
  }
}

async function readHeader(bytes: HashedReader, path: string): Promise<ExportHeader> {
  const magic = await bytes.line();
  if (magic === undefined || !magic.startsWith(MAGIC)) throw new ExportFileError(`${path} is no export of a cell`);
  const version = magic.slice(MAGIC.length);
  if (version !== String(EXPORT_VERSION)) {
    const message = `${path} is an export of format ${version}, and this program reads format ${EXPORT_VERSION}: use the version of periplus that made it`;
    throw new ExportFileError(message);
  }
  const header = exportHeaderOf(await bytes.line());
  if (header === undefined) throw new ExportFileError(`${path} is damaged: its header cannot be read; copy it again`);
  return header;
}

async function readCheckpoints(bytes: HashedReader, path: string): Promise<readonly Checkpoint[]> {
  const damaged = (cause?: unknown) =>
    new ExportFileError(`${path} is damaged or cut off: its checkpoints cannot be read; copy it again`, { cause });
  const frame = await bytes.frame().catch((error: unknown) => {
    throw damaged(error);
  });
  if (frame?.type !== FRAME.checkpoints) throw damaged();
  try {
    const text = await decompress(frame.content, { maxOutputLength: FRAME_MAX_BYTES });
    return JSON.parse(text.toString('utf8')) as readonly Checkpoint[];
  } catch (cause) {
    throw damaged(cause);
  }
}

interface ReaderOptions {
  readonly path: string;
  readonly bytes: HashedReader;
  readonly header: ExportHeader;
  readonly checkpoints: readonly Checkpoint[];
}

class Reader implements ExportFile {
  readonly header: ExportHeader;
  readonly checkpoints: readonly Checkpoint[];
  readonly #path: string;
  readonly #bytes: HashedReader;
  #last: StoredEntry | undefined;
  #end: ExportEnd | undefined;

  constructor({ path, bytes, header, checkpoints }: ReaderOptions) {
    this.header = header;
    this.checkpoints = checkpoints;
    this.#path = path;
    this.#bytes = bytes;
  }

  get end(): ExportEnd | undefined {
    return this.#end;
  }

  async *entries(): AsyncGenerator<readonly StoredEntry[]> {
    let next = this.#nextFrame();
    for (;;) {
      const read = await next;
      if ('trouble' in read) throw this.#damaged('damaged', read.trouble);
      const { frame } = read;
      if (frame === undefined) throw this.#damaged('cut off');
      if (frame.type === FRAME.end) return await this.#finish(frame, read.before);
      if (frame.type !== FRAME.entries) throw this.#damaged('damaged');
      // The next is read and decompressed, in a thread of its own, while this one is looked at.
      next = this.#nextFrame();
      const batch = this.#split(frame.content);
      this.#last = batch.at(-1) ?? this.#last;
      if (batch.length > 0) yield batch;
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#bytes.close();
  }

  /** Decompressed where it is of entries, with the hash of all before it. Never rejects: whoever stops half-way does not ask for it. */
  async #nextFrame(): Promise<ReadFrame> {
    const before = this.#bytes.hash();
    try {
      const frame = await this.#bytes.frame();
      if (frame?.type !== FRAME.entries) return { frame, before };
      const content = await decompress(frame.content, { maxOutputLength: FRAME_MAX_BYTES });
      return { frame: { type: frame.type, content }, before };
    } catch (trouble) {
      return { trouble };
    }
  }

  async #finish({ content }: Frame, before: Hash): Promise<void> {
    const end = exportEndOf(content.toString('utf8'));
    if (end === undefined || end.sha256 !== before.update(factsText(end)).digest('hex')) throw this.#damaged('damaged');
    if (await this.#bytes.hasMore()) throw new ExportFileError(`${this.#path} is damaged: it goes on after its end`);
    const { last } = this.header;
    const lastHash = this.#last === undefined ? '' : hashOf(this.#last.payload);
    if (end.entries !== (this.#last?.number ?? 0) || end.entries !== last.entry || lastHash !== last.hash) {
      throw this.#damaged('damaged');
    }
    this.#end = end;
  }

  #split(content: Buffer): StoredEntry[] {
    const entries: StoredEntry[] = [];
    let number = this.#last?.number ?? this.header.first.entry - 1;
    for (let at = 0; at < content.length;) {
      const start = at + ENTRY_HEAD_BYTES;
      at = start > content.length ? Infinity : start + content.readUInt32BE(at);
      if (at > content.length) throw this.#damaged('damaged');
      entries.push({ number: ++number, payload: content.subarray(start, at) });
    }
    return entries;
  }

  #damaged(how: 'damaged' | 'cut off', cause?: unknown): ExportFileError {
    const at = this.#next();
    const where = `after entry ${at.entry - 1} of ${this.header.last.entry} (revision ${at.revision - 1})`;
    const message = `${this.#path} is ${how} ${where}: copy it again, or export again`;
    return new ExportFileError(message, { at, cause });
  }

  /** The first that was not had. */
  #next(): ExportBound {
    if (this.#last === undefined) return this.header.first;
    const { number, payload } = this.#last;
    try {
      const { firstRevision, commits } = decodeEntry(payload, { entry: number, revision: 0 });
      return { entry: number + 1, revision: firstRevision + commits.length };
    } catch {
      return { entry: number, revision: this.header.first.revision };
    }
  }
}

type ReadFrame = { readonly frame: Frame | undefined; readonly before: Hash } | { readonly trouble: unknown };
