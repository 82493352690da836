/** What an export file looks like, byte by byte: a line that says what it is, a line of JSON, then frames, the last of which proves that it is whole. */
import type { EntryHead } from '../log/entry.ts';

/** Version of the file's own shape. Raised when a reader of today could not read it. */
export const EXPORT_VERSION = 1;
/** The first line is this and the version. */
export const MAGIC = 'periplus-export ';
/** Longest of the two first lines, bytes: a header has a dozen short fields, and who reads a foreign file should soon know. */
export const LINE_MAX_BYTES = 64 * 1024;
/** A frame of entries is closed once it holds so much, bytes before compression: larger ones compress no better, and reader and writer hold a few. */
export const FRAME_BYTES = 4 * 1024 * 1024;
/** Most that a frame may hold, bytes before compression: the largest stored entry on top of a frame that was nearly full, twice. */
export const FRAME_MAX_BYTES = 16 * 1024 * 1024;
/** Before each frame: its type, one byte, and the number of bytes that follow, unsigned, 32 bits, big-endian. */
export const FRAME_HEAD_BYTES = 5;
/** Before each entry in a frame: its length in bytes, unsigned, 32 bits, big-endian. */
export const ENTRY_HEAD_BYTES = 4;

/** Frames, in this order: checkpoints once, entries any number of times, the end once and as the last of the file. */
export const FRAME = {
  /** Zstandard of a JSON list. */
  checkpoints: 0x43,
  /** Zstandard of entries, each with its length, byte for byte as the log has them. */
  entries: 0x45,
  /** JSON of ExportEnd, not compressed. */
  end: 0x54,
} as const;

/** One end of what an export holds. */
export interface ExportBound {
  readonly entry: number;
  readonly revision: number;
}

/** The file's second line. */
export interface ExportHeader {
  readonly cell: string;
  /** The lineage exported; those it continues are named by its entries. */
  readonly lineage: string;
  readonly first: ExportBound;
  readonly last: ExportBound & {
    /** hashOf the last entry. */
    readonly hash: string;
    /** Time of the last entry, Unix milliseconds. */
    readonly time: number;
  };
  /** The highest revision the log had when it was exported, which may be above the last one here. */
  readonly knownRevision: number;
  /** When it was made, Unix milliseconds. */
  readonly exportedAt: number;
  /** Version of the program that made it. */
  readonly periplus: string;
  /** Public keys of the checkpoints in it. */
  readonly checkpointKeys: readonly string[];
}

/** What the last frame says of all before it. */
export interface ExportEnd {
  readonly entries: number;
  readonly commits: number;
  /** The lineages the entries were written in, oldest first. */
  readonly lineages: readonly { readonly lineage: string; readonly firstEntry: number }[];
  /** SHA-256 of every byte of the file before this frame and of the JSON of the facts above, hexadecimal. */
  readonly sha256: string;
}

/** What the end says of the entries. */
export type ExportFacts = Omit<ExportEnd, 'sha256'>;

/** The bytes of an end that its hash covers. */
export function factsText({ entries, commits, lineages }: ExportFacts): string {
  const names = lineages.map(({ lineage, firstEntry }) => ({ lineage, firstEntry }));
  return JSON.stringify({ entries, commits, lineages: names });
}

/** Names the entry and revision at which a file that was to hold a log is of no more use. */
export class ExportFileError extends Error {
  override readonly name = 'ExportFileError';
  /** The first entry that could not be had; undefined where it is no export at all. */
  readonly at: ExportBound | undefined;

  constructor(message: string, options: { readonly at?: ExportBound; readonly cause?: unknown } = {}) {
    super(message, { cause: options.cause });
    this.at = options.at;
  }
}

/** Where an entry's head ends. Its own texts cannot look like this, since their quotation marks are escaped. */
const LISTS_BEGIN = Buffer.from(',"commits":[');
/** Heads take some hundred bytes. */
const HEAD_MAX_BYTES = 16 * 1024;

/** An entry's head without the cost of parsing its commits; undefined for what is no entry. */
export function headOf(payload: Uint8Array): EntryHead | undefined {
  const start = Buffer.from(payload.buffer, payload.byteOffset, Math.min(payload.byteLength, HEAD_MAX_BYTES));
  const end = start.indexOf(LISTS_BEGIN);
  if (end < 0) return undefined;
  try {
    return JSON.parse(`${start.toString('utf8', 0, end)}}`) as EntryHead;
  } catch {
    return undefined;
  }
}
