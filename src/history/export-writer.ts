/** Writes a log as one file: entries byte for byte, followed along their chain, compressed frame by frame while the next is gathered. */
import { createHash, type Hash } from 'node:crypto';
import { promisify } from 'node:util';
import { constants, zstdCompress } from 'node:zlib';
import { decodeEntry, hashOf, LogDamageError } from '../log/entry.ts';
import type { StoredEntry } from '../log/event-log.ts';
import type { Checkpoint } from '../log/checkpoint.ts';
import {
  ENTRY_HEAD_BYTES,
  EXPORT_VERSION,
  factsText,
  FRAME,
  FRAME_BYTES,
  FRAME_HEAD_BYTES,
  headOf,
  MAGIC,
  type ExportEnd,
  type ExportFacts,
  type ExportHeader,
} from './export-format.ts';

const compress = promisify(zstdCompress);
/** A frame that was changed on a disk is noticed when it is read, not only at the end of the file. */
const COMPRESSION = { params: { [constants.ZSTD_c_checksumFlag]: 1 } };

export interface ExportOptions {
  readonly header: ExportHeader;
  readonly checkpoints: readonly Checkpoint[];
  /** Those of the log from the header's first to its last, and more, which are not looked at. */
  readonly entries: AsyncIterable<readonly StoredEntry[]>;
  /** Takes bytes; resolves once there is room for more. */
  write(bytes: Uint8Array): Promise<void>;
  onProgress?(entry: number): void;
}

/** Resolves with what the last frame says. Raises LogDamageError for the first entry that does not continue the one before it. */
export async function writeExport(options: ExportOptions): Promise<ExportEnd> {
  const { header } = options;
  const file = new HashedFile((bytes) => options.write(bytes));
  await file.write(Buffer.from(`${MAGIC}${EXPORT_VERSION}\n${JSON.stringify(header)}\n`));
  const checkpoints = Buffer.from(JSON.stringify(options.checkpoints));
  await file.frame(FRAME.checkpoints, await compress(checkpoints, COMPRESSION));
  const chain = new Chain(header.last.entry);
  let gathered: Uint8Array[] = [];
  let bytes = 0;
  let compressing: Promise<Buffer> | undefined;
  const flush = async () => {
    const next = bytes > 0 ? compress(Buffer.concat(gathered, bytes), COMPRESSION) : undefined;
    gathered = [];
    bytes = 0;
    // Two are under way at most: this one is compressed while the one before it is written and the next gathered.
    if (compressing !== undefined) await file.frame(FRAME.entries, await compressing);
    compressing = next;
  };
  for await (const batch of options.entries) {
    for (const stored of batch.slice(0, chain.remaining)) {
      chain.add(stored);
      gathered.push(lengthOf(stored.payload), stored.payload);
      bytes += ENTRY_HEAD_BYTES + stored.payload.length;
      if (bytes >= FRAME_BYTES) await flush();
    }
    options.onProgress?.(chain.number);
    if (chain.remaining === 0) break;
  }
  await flush();
  await flush();
  const facts = chain.facts(header);
  const end: ExportEnd = { ...facts, sha256: file.digest(factsText(facts)) };
  await file.frame(FRAME.end, Buffer.from(JSON.stringify(end)));
  return end;
}

function lengthOf(payload: Uint8Array): Buffer {
  const length = Buffer.alloc(ENTRY_HEAD_BYTES);
  length.writeUInt32BE(payload.length);
  return length;
}

class HashedFile {
  readonly #write: (bytes: Uint8Array) => Promise<void>;
  readonly #hash: Hash = createHash('sha256');

  constructor(write: (bytes: Uint8Array) => Promise<void>) {
    this.#write = write;
  }

  async write(bytes: Uint8Array): Promise<void> {
    this.#hash.update(bytes);
    await this.#write(bytes);
  }

  async frame(type: number, content: Uint8Array): Promise<void> {
    const head = Buffer.alloc(FRAME_HEAD_BYTES);
    head.writeUInt8(type);
    head.writeUInt32BE(content.length, 1);
    await this.write(head);
    await this.write(content);
  }

  /** Of all that was written so far, and a text. */
  digest(text: string): string {
    return this.#hash.copy().update(text).digest('hex');
  }
}

/** What was written, link by link: numbers, and that each entry holds the hash of the one before it. */
class Chain {
  readonly #until: number;
  readonly #lineages: { lineage: string; firstEntry: number }[] = [];
  #last: StoredEntry | undefined;
  #lastHash = '';
  #firstRevision = 1;
  #commits = 0;

  constructor(until: number) {
    this.#until = until;
  }

  get number(): number {
    return this.#last?.number ?? 0;
  }

  get remaining(): number {
    return this.#until - this.number;
  }

  add(stored: StoredEntry): void {
    if (stored.number !== this.number + 1) throw this.#damage(`entry ${stored.number} comes next`);
    const head = headOf(stored.payload);
    if (head === undefined) throw this.#damage('it is no entry');
    if (head.previous !== this.#lastHash) throw this.#damage('it does not continue the entry before it');
    this.#commits += head.lineageStart ? this.#commitsOfLast() : Math.max(head.firstRevision - this.#firstRevision, 0);
    if (head.lineage !== this.#lineages.at(-1)?.lineage) {
      this.#lineages.push({ lineage: head.lineage, firstEntry: stored.number });
    }
    this.#last = stored;
    this.#lastHash = hashOf(stored.payload);
    this.#firstRevision = head.firstRevision;
  }

  facts(header: ExportHeader): ExportFacts {
    if (this.number !== header.last.entry || this.#lastHash !== header.last.hash) {
      throw this.#damage(`the log was to go on to entry ${header.last.entry}, and that one as it was at the start`);
    }
    return { entries: this.number, commits: this.#commits + this.#commitsOfLast(), lineages: this.#lineages };
  }

  /** Before a jump of the revisions, and at the end, nothing but the entry itself tells. */
  #commitsOfLast(): number {
    if (this.#last === undefined) return 0;
    return decodeEntry(this.#last.payload, { entry: this.number, revision: this.#firstRevision }).commits.length;
  }

  #damage(what: string): LogDamageError {
    const revision = this.#firstRevision + this.#commitsOfLast();
    return new LogDamageError({ entry: this.number + 1, revision, what });
  }
}
