/** One message in the log: the commits and refusals of one batch, numbered and chained to the entry before it. */
import { hash } from 'node:crypto';
import type { Commit, RefusedCommand, UnchangedCommand } from '../../machines/index.ts';

/** Version of the entry's own shape; events carry theirs. */
export const ENTRY_VERSION = 1;
/** Most commits in one entry: where measured throughput stops growing much while latency still does. */
export const ENTRY_MAX_COMMITS = 256;
/** Largest entry, bytes: a quarter of the bus's largest message, so that a reader's buffers stay small. */
export const ENTRY_MAX_BYTES = 2 * 1024 * 1024;

/** What the first own entry of a lineage says of the log it continues. */
export interface LineageStart {
  /** The lineage it continues. */
  readonly continues: string;
  /** Number and hash of the last entry taken over. */
  readonly lastGoodEntry: number;
  readonly lastGoodHash: string;
  /** `loss-accepted`, `restored`. */
  readonly why: string;
}

/** A decoded entry. */
export interface Entry {
  readonly version: number;
  /** Equal to its sequence in the stream. The first is 1. */
  readonly number: number;
  readonly lineage: string;
  /** Revision of its first commit; where it has none, the revision the next commit would get. */
  readonly firstRevision: number;
  /** Which process wrote it. */
  readonly writer: string;
  /** Unix milliseconds, never before the entry before it. */
  readonly time: number;
  /** hashOf the payload of the entry before it; empty for the first. */
  readonly previous: string;
  /** Hash of the cell's state after it, by the fold of that version. */
  readonly state: string;
  /** FOLD_VERSION of the program that wrote it: another version's fold may lead to another state from the same events. */
  readonly fold: number;
  readonly commits: readonly Commit[];
  readonly refused: readonly RefusedCommand[];
  readonly unchanged: readonly UnchangedCommand[];
  readonly lineageStart?: LineageStart;
}

/** Where a fold is. */
export interface Position {
  readonly lineage: string;
  /** Number of the last entry folded; 0 before the first. */
  readonly entry: number;
  /** Revision of the last commit folded; 0 before the first. */
  readonly revision: number;
  /** hashOf the last entry's payload; empty before the first. */
  readonly hash: string;
}

/** The chain's hash: SHA-256, base64url. */
export function hashOf(payload: Uint8Array): string {
  return hash('sha256', payload, 'base64url');
}

/** Something in the log is not what it must be. Whoever folds stops here and writes nothing. */
export class LogDamageError extends Error {
  override readonly name = 'LogDamageError';
  /** The first wrong entry. */
  readonly entry: number;
  /** The first revision that cannot be trusted. */
  readonly revision: number;

  constructor(options: {
    readonly entry: number;
    readonly revision: number;
    readonly what: string;
    readonly cause?: unknown;
  }) {
    super(`the log is wrong at entry ${options.entry} (revision ${options.revision}): ${options.what}`, {
      cause: options.cause,
    });
    this.entry = options.entry;
    this.revision = options.revision;
  }
}

const encoder = new TextEncoder();
const decoder = new TextDecoder('utf-8', { fatal: true });

/** Everything of an entry but its three lists, which arrive as JSON texts made while deciding. */
export type EntryHead = Omit<Entry, 'commits' | 'refused' | 'unchanged'>;

/** Writes an entry; the lists' items are JSON texts already, so that nothing is stringified twice. */
export function encodeEntry(
  head: EntryHead,
  items: {
    readonly commits: readonly string[];
    readonly refused: readonly string[];
    readonly unchanged: readonly string[];
  },
): Uint8Array {
  const start = JSON.stringify(head).slice(0, -1);
  return encoder.encode(
    `${start},"commits":[${items.commits.join(',')}],"refused":[${items.refused.join(',')}],"unchanged":[${items.unchanged.join(',')}]}`,
  );
}

/** Reads an entry. Raises LogDamageError for anything that is not one; `at` is where the reader is. */
export function decodeEntry(payload: Uint8Array, at: { readonly entry: number; readonly revision: number }): Entry {
  let entry: Entry;
  try {
    entry = JSON.parse(decoder.decode(payload)) as Entry;
  } catch (cause) {
    throw new LogDamageError({ ...at, what: 'the entry does not parse', cause });
  }
  if (!isObject(entry)) throw new LogDamageError({ ...at, what: 'the entry is no object' });
  const { version } = entry;
  if (version !== ENTRY_VERSION) throw new LogDamageError({ ...at, what: `unknown entry version ${String(version)}` });
  const fault = faultOf(entry);
  if (fault !== undefined) throw new LogDamageError({ ...at, what: fault });
  return entry;
}

const TEXTS = ['lineage', 'writer', 'previous', 'state'] as const;
const INTEGERS = ['number', 'firstRevision', 'time', 'fold'] as const;
const DECIDED_WITHOUT_COMMIT = ['refused', 'unchanged'] as const;
const LISTS = ['commits', 'refused', 'unchanged'] as const;

/** What keeps JSON from being an entry; commits and events are the fold's to judge. */
function faultOf(entry: Entry): string | undefined {
  for (const field of TEXTS) if (typeof entry[field] !== 'string') return `the entry's ${field} is no text`;
  for (const field of INTEGERS)
    if (!Number.isSafeInteger(entry[field])) return `the entry's ${field} is no whole number`;
  for (const field of LISTS) {
    const items: unknown = entry[field];
    if (!Array.isArray(items) || !items.every(isObject)) return `the entry's ${field} are no list of objects`;
  }
  for (const field of DECIDED_WITHOUT_COMMIT)
    if (!entry[field].every(hasCommand)) return `one of the entry's ${field} names no command and attempt`;
  return entry.lineageStart === undefined || isObject(entry.lineageStart) ? undefined : 'its lineageStart is no object';
}

/** Outcomes are remembered under it; of a commit its fold asks. */
function hasCommand({ commandId, attempt }: RefusedCommand | UnchangedCommand): boolean {
  return typeof commandId === 'string' && Number.isSafeInteger(attempt);
}

function isObject(value: unknown): boolean {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** The head is at the payload's beginning; its own texts cannot look like this, since their quotation marks are escaped. */
const HEAD_BYTES_MAX = 4_096;
const PREVIOUS = /"previous":"([^"]*)"/;

/** What an entry says the hash of the one before it is, without parsing all of it; undefined for what is no entry. */
export function previousHashOf(payload: Uint8Array): string | undefined {
  const head = Buffer.from(payload.buffer, payload.byteOffset, Math.min(payload.byteLength, HEAD_BYTES_MAX));
  return PREVIOUS.exec(head.toString('latin1'))?.[1];
}
