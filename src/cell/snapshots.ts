/** The snapshots of a cell: directories with a copy of the read model and what it says of itself, the newest first; and whether one may be used. */
import { createHash } from 'node:crypto';
import { createReadStream, readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { strictObject, Type, validator, type Static } from '../../machines/index.ts';
import { hashOf, type Position } from '../log/entry.ts';
import type { EventLog } from '../log/event-log.ts';
import { FOLD_VERSION } from '../state/cell-state.ts';
import { readJson } from './data-directory.ts';

/** Version of a snapshot's own shape. */
export const SNAPSHOT_VERSION = 1;

/** In a snapshot's directory. */
const READ_MODEL = 'read-model.sqlite';
const FACTS = 'snapshot.json';
/** A directory that is being written: what is left of one whose process ended goes with the next snapshot. */
const PARTIAL = /^partial-(\d+)$/;
/** So that names are in the order of entries. */
const ENTRY_DIGITS = 12;

const Whole = Type.Integer({ minimum: 0, maximum: Number.MAX_SAFE_INTEGER });
const Facts = strictObject({
  version: Type.Literal(SNAPSHOT_VERSION),
  cell: Type.String(),
  lineage: Type.String(),
  entry: Whole,
  revision: Whole,
  /** hashOf the entry. */
  hash: Type.String(),
  foldVersion: Whole,
  /** When it was taken, Unix milliseconds. */
  takenAt: Whole,
  bytes: Whole,
  /** Of the copy, hexadecimal. */
  sha256: Type.String(),
});

/** What a snapshot says of itself. */
export type SnapshotFacts = Readonly<Static<typeof Facts>>;

const facts = validator(Facts);

export interface Snapshot {
  readonly path: string;
  /** Its copy of the read model. */
  readonly readModel: string;
  readonly facts: SnapshotFacts;
}

/** Why a snapshot is not used. */
export type Doubt = string;

/** The snapshots in a directory, newest first; what is no whole snapshot is left out. */
export function listSnapshots(directory: string): readonly Snapshot[] {
  return namesIn(directory)
    .flatMap((name) => readSnapshot(join(directory, name)) ?? [])
    .toSorted((one, other) => other.facts.entry - one.facts.entry || other.facts.takenAt - one.facts.takenAt);
}

/** Undefined where there is no whole one. */
export function readSnapshot(path: string): Snapshot | undefined {
  const said = readJson<unknown>(factsFile(path));
  return facts.check(said) ? { path, readModel: readModelFile(path), facts: said } : undefined;
}

export function readModelFile(path: string): string {
  return join(path, READ_MODEL);
}

export function factsFile(path: string): string {
  return join(path, FACTS);
}

/** Where the snapshot of a position is. */
export function snapshotPath(directory: string, { lineage, entry }: Position): string {
  return join(directory, `${String(entry).padStart(ENTRY_DIGITS, '0')}-${lineage}`);
}

/** Where a process writes one. */
export function partialPath(directory: string, pid: number): string {
  return join(directory, `partial-${pid}`);
}

/** What processes left that ended before their snapshot was whole. */
export function abandonedPartials(directory: string): readonly string[] {
  return namesIn(directory)
    .filter((name) => {
      const pid = PARTIAL.exec(name)?.[1];
      return pid !== undefined && Number(pid) !== process.pid && !isAlive(Number(pid));
    })
    .map((name) => join(directory, name));
}

/** Directories; those that are no whole snapshots too. */
export function namesIn(directory: string): readonly string[] {
  try {
    return readdirSync(directory);
  } catch {
    return [];
  }
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}

/**
 * Why a snapshot is not one of this log by what it says and by its bytes; undefined where it is. Its state hash is for whoever
 * loads it to compare. Raises LogUnavailableError.
 */
export async function doubtOf(
  snapshot: Snapshot,
  log: Pick<EventLog, 'cell' | 'lineage' | 'get'>,
): Promise<Doubt | undefined> {
  const { cell, lineage, entry, hash, foldVersion, bytes, sha256 } = snapshot.facts;
  if (cell !== log.cell) return `it is of cell ${cell}, and this is cell ${log.cell}`;
  if (foldVersion !== FOLD_VERSION) return `its fold version is ${foldVersion}, ours ${FOLD_VERSION}`;
  const stored = await log.get(entry);
  if (stored === undefined)
    return `it is at entry ${entry} of lineage ${lineage}, which is not in lineage ${log.lineage}`;
  if (hashOf(stored.payload) !== hash) {
    return `it is at entry ${entry} of lineage ${lineage}, and another entry stands there in lineage ${log.lineage}`;
  }
  const size = statSync(snapshot.readModel, { throwIfNoEntry: false })?.size;
  if (size === undefined) return `its file ${READ_MODEL} is missing`;
  if (size !== bytes) return `its file ${READ_MODEL} has ${size} bytes, and had ${bytes}: it was cut off or written to`;
  if ((await sha256Of(snapshot.readModel)) !== sha256)
    return `its file ${READ_MODEL} is not as it was: some byte of it changed`;
  return undefined;
}

export async function sha256Of(file: string): Promise<string> {
  const hash = createHash('sha256');
  await pipeline(createReadStream(file, { highWaterMark: 1024 * 1024 }), hash);
  return hash.digest('hex');
}
