/** Takes a snapshot of the read model, proves it, and lets go of those that are too many. */
import { mkdirSync, renameSync, rmSync, statSync } from 'node:fs';
import { basename, join } from 'node:path';
import type { Clock } from '../foundation/clock.ts';
import type { EventLog } from '../log/event-log.ts';
import type { Position } from '../log/entry.ts';
import { loadReadModel } from '../read-model/index.ts';
import { copyReadModel } from '../read-model/snapshot.ts';
import { FOLD_VERSION } from '../state/cell-state.ts';
import { writeJson } from './data-directory.ts';
import { syncPath } from './durable-files.ts';
import { RefusedOperationError } from './refused-operation.ts';
import {
  abandonedPartials,
  doubtOf,
  factsFile,
  listSnapshots,
  namesIn,
  partialPath,
  readModelFile,
  readSnapshot,
  sha256Of,
  snapshotPath,
  SNAPSHOT_VERSION,
  type Snapshot,
  type SnapshotFacts,
} from './snapshots.ts';
import { doubtOfState } from './start-state.ts';

export interface TakeSnapshotOptions {
  /** The read model to copy. */
  readonly readModelFile: string;
  /** Where snapshots are. */
  readonly directory: string;
  readonly log: EventLog;
  /** So many that check out stay, this one among them; at least 1. */
  readonly keep: number;
  readonly clock: Clock;
}

/**
 * Resolves with the snapshot, which is on disk and was loaded and compared with the log; with one that was there already for this
 * position. Rejects with RefusedOperationError where the read model holds nothing or does not check out, and with the read
 * model's and the log's errors.
 */
export async function takeSnapshot(options: TakeSnapshotOptions): Promise<Snapshot> {
  const { directory } = options;
  mkdirSync(directory, { recursive: true, mode: 0o700 });
  for (const path of abandonedPartials(directory)) rmSync(path, { recursive: true, force: true });
  const partial = partialPath(directory, process.pid);
  try {
    mkdirSync(partial, { mode: 0o700 });
    copyReadModel(options.readModelFile, readModelFile(partial));
    const snapshot = await settle(options, partial, await provenPosition(options, partial));
    await prune(options, snapshot);
    return snapshot;
  } finally {
    rmSync(partial, { recursive: true, force: true });
  }
}

async function provenPosition({ log, readModelFile: file }: TakeSnapshotOptions, partial: string): Promise<Position> {
  using stored = loadReadModel(readModelFile(partial));
  if (stored === undefined) throw new RefusedOperationError(`the read model ${file} holds nothing yet: try again`);
  const doubt = await doubtOfState(stored, log);
  if (doubt !== undefined) {
    throw new RefusedOperationError(`the read model ${file} does not check out, so no snapshot was taken: ${doubt}`);
  }
  return stored.position;
}

/** Gives it its name once all of it is on disk. */
async function settle(
  { directory, log, clock }: TakeSnapshotOptions,
  partial: string,
  position: Position,
): Promise<Snapshot> {
  const path = snapshotPath(directory, position);
  const there = readSnapshot(path);
  if (there !== undefined && (await doubtOf(there, log)) === undefined) return there;
  const copy = readModelFile(partial);
  const { lineage, entry, revision, hash } = position;
  const facts: SnapshotFacts = {
    version: SNAPSHOT_VERSION,
    cell: log.cell,
    lineage,
    entry,
    revision,
    hash,
    foldVersion: FOLD_VERSION,
    takenAt: clock.now(),
    bytes: statSync(copy).size,
    sha256: await sha256Of(copy),
  };
  writeJson(factsFile(partial), facts);
  for (const file of [copy, factsFile(partial), partial]) await syncPath(file);
  rmSync(path, { recursive: true, force: true });
  renameSync(partial, path);
  await syncPath(directory);
  return { path, readModel: readModelFile(path), facts };
}

/**
 * The newest that check out stay, the one just proven among them; all else of this cell goes: too old, damaged, or of a stretch
 * that its log has left. What another cell took is not ours to remove.
 */
async function prune({ directory, log, keep }: TakeSnapshotOptions, taken: Snapshot): Promise<void> {
  let kept = 1;
  for (const snapshot of listSnapshots(directory)) {
    if (snapshot.path === taken.path || snapshot.facts.cell !== log.cell) continue;
    const isWanted = kept < keep && (await doubtOf(snapshot, log)) === undefined;
    if (isWanted) kept++;
    else rmSync(snapshot.path, { recursive: true, force: true });
  }
}

/** What is in the directory beside whole snapshots: for people to look at. */
export function unreadableIn(directory: string): readonly string[] {
  const whole = new Set(listSnapshots(directory).map(({ path }) => basename(path)));
  return namesIn(directory)
    .filter((name) => !whole.has(name))
    .map((name) => join(directory, name));
}
