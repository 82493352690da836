/** The history file's rows as TypeScript, and how a commit is kept in one. */
import { zstdCompressSync, zstdDecompressSync } from 'node:zlib';
import type { Commit, Event, RefusedCommand } from '../../../machines/index.ts';

/** Where a transaction ended. */
export interface HistoryPosition {
  readonly lineage: string;
  readonly entry: number;
  readonly revision: number;
  readonly hash: string;
}

/** Before the first. */
export const NO_POSITION: HistoryPosition = { lineage: '', entry: 0, revision: 0, hash: '' };

/** What of a commit is in its body: the rest is in columns or in its object's row. */
export type CommitBody = readonly [
  commandId: string,
  attempt: number,
  verb: string,
  actor: string,
  reason: string | null,
  correlation: number,
  events: readonly Event[],
];

export interface CommitRow {
  readonly revision: number;
  /** The revision that created the object. */
  readonly object: number;
  readonly entry: number;
  /** Unix milliseconds. */
  readonly time: number;
  readonly cause: number | null;
  readonly body: string | Buffer;
}

/** One life of a name. */
export interface ObjectLife {
  readonly object: number;
  readonly kind: string;
  readonly namespace: string;
  readonly name: string;
  readonly uid: string;
  /** The revision that removed it. */
  readonly until: number | null;
}

export interface RefusalRow {
  readonly id: number;
  readonly revision: number;
  readonly entry: number;
  readonly time: number;
  readonly body: string | Buffer;
}

export interface ImageRow {
  readonly revision: number;
  readonly object: number;
  readonly body: string | Buffer;
}

/** One call of zstd takes some 25 µs either way, however little it is given: it pays from about so many characters on. */
const COMPRESS_FROM_CHARACTERS = 4_096;

/** A body as it is stored. */
export function packed(body: CommitBody | RefusedCommand | string): string | Buffer {
  const text = typeof body === 'string' ? body : JSON.stringify(body);
  return text.length < COMPRESS_FROM_CHARACTERS ? text : zstdCompressSync(text);
}

/** What `packed` was given, as JSON text. */
export function unpacked(stored: string | Buffer): string {
  return typeof stored === 'string' ? stored : zstdDecompressSync(stored).toString();
}

export function bodyOf(commit: Commit): CommitBody {
  const { commandId, attempt, verb, actor, reason, correlation, events } = commit;
  return [commandId, attempt, verb, actor, reason ?? null, correlation, events];
}

export function readBody(stored: string | Buffer): CommitBody {
  return JSON.parse(unpacked(stored)) as CommitBody;
}

/** The commit as the log has it. */
export function commitOf(row: CommitRow, { kind, namespace, name, uid }: ObjectLife): Commit {
  const [commandId, attempt, verb, actor, reason, correlation, events] = readBody(row.body);
  return {
    revision: row.revision,
    kind,
    namespace,
    name,
    uid,
    commandId,
    attempt,
    verb,
    actor,
    ...(row.cause === null ? {} : { cause: row.cause }),
    correlation,
    ...(reason === null ? {} : { reason }),
    events,
  };
}
