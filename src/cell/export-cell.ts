/** Exports the log of the cell that runs under a data directory, up to where it is at the start: the cell goes on writing meanwhile. */
import { systemClock } from '../foundation/clock.ts';
import type { ExportEnd, ExportHeader } from '../history/export-format.ts';
import { writeExport, type ExportOptions } from '../history/export-writer.ts';
import { openCheckpoints } from '../log/checkpoint-bucket.ts';
import type { Checkpoint } from '../log/checkpoint.ts';
import { decodeEntry, hashOf, LogDamageError, type Entry } from '../log/entry.ts';
import type { EventLog } from '../log/event-log.ts';
import { readUntil } from '../writer/catch-up.ts';
import { WRITER_LIMITS } from '../writer/limits.ts';
import { withCellLog } from './cell-log.ts';
import { writeWhole, type TakeBytes } from './durable-files.ts';
import { fileTrouble, RefusedOperationError } from './refused-operation.ts';
import { PERIPLUS_VERSION } from './version.ts';

export interface ExportCellOptions {
  /** The cell's data directory. */
  readonly data: string;
  /** The last revision wanted; the log's last where absent. */
  readonly to?: number;
  readonly target: ExportTarget;
  readonly signal: AbortSignal;
  onProgress?(entry: number, until: number): void;
}

/** Where an export goes: a file, which is there only once it is whole, or whoever takes bytes. */
export type ExportTarget = { readonly file: string } | { readonly write: TakeBytes };

export interface CellExport {
  readonly header: ExportHeader;
  readonly end: ExportEnd;
}

/**
 * Rejects with RefusedOperationError, LogDamageError where the log is wrong (an earlier revision may still be exported), and what
 * the connection and the file system say.
 */
export function exportCell(options: ExportCellOptions): Promise<CellExport> {
  return withCellLog(options.data, 'export', async (log, { connection, cell }) => {
    const kept = await (await openCheckpoints({ connection, cell })).list();
    const { header, checkpoints } = withCheckpoints(await headerOf(log, options.to), kept);
    const write = (take: TakeBytes) => exportLog(log, { header, checkpoints, write: take }, options);
    const { target } = options;
    const end = 'file' in target ? await intoFile(target.file, write) : await write(target.write);
    return { header, end };
  });
}

async function intoFile<Result>(path: string, write: (take: TakeBytes) => Promise<Result>): Promise<Result> {
  try {
    return await writeWhole(path, write);
  } catch (error) {
    throw fileTrouble(`cannot write ${path}`, error);
  }
}

function exportLog(
  log: EventLog,
  file: Pick<ExportOptions, 'header' | 'checkpoints' | 'write'>,
  { signal, onProgress }: ExportCellOptions,
): Promise<ExportEnd> {
  const { entry: until } = file.header.last;
  const reading = { clock: systemClock, readBackMs: WRITER_LIMITS.readBackMs, signal };
  return writeExport({
    ...file,
    entries: readUntil(log, 1, until, reading),
    onProgress: (entry) => onProgress?.(entry, until),
  });
}

/** Those that speak of an entry in the export. */
function withCheckpoints(header: ExportHeader, kept: readonly Checkpoint[]) {
  const checkpoints = kept.filter(({ entry }) => entry <= header.last.entry);
  const checkpointKeys = [...new Set(checkpoints.map(({ key }) => key))];
  return { header: { ...header, checkpointKeys }, checkpoints };
}

async function headerOf(log: EventLog, to: number | undefined): Promise<ExportHeader> {
  const known = await readEntry(log, await log.lastNumber());
  if (known === undefined)
    throw new RefusedOperationError(`the log of cell ${log.cell} is empty: there is nothing to export`);
  const knownRevision = lastRevision(known.entry);
  if (to !== undefined && to > knownRevision) {
    throw new RefusedOperationError(`--to: revision ${to} is not in the log, which ends at revision ${knownRevision}`);
  }
  const last = to === undefined ? known : await entryThatReaches(log, to, known);
  return {
    cell: log.cell,
    lineage: last.entry.lineage,
    first: { entry: 1, revision: 1 },
    last: { entry: last.entry.number, revision: lastRevision(last.entry), hash: last.hash, time: last.entry.time },
    knownRevision,
    exportedAt: systemClock.now(),
    periplus: PERIPLUS_VERSION,
    checkpointKeys: [],
  };
}

interface ReadEntry {
  readonly entry: Entry;
  readonly hash: string;
}

/** Undefined before the first. Raises LogDamageError for one that cannot be read. */
async function readEntry(log: EventLog, number: number): Promise<ReadEntry | undefined> {
  if (number === 0) return undefined;
  const at = { entry: number, revision: 0 };
  const stored = await log.get(number);
  if (stored === undefined) throw new LogDamageError({ ...at, what: 'the server counts it, but it cannot be read' });
  return { entry: decodeEntry(stored.payload, at), hash: hashOf(stored.payload) };
}

function lastRevision({ firstRevision, commits }: Entry): number {
  return firstRevision + commits.length - 1;
}

/** The first entry after which the revision is reached: revisions only grow, so halving finds it. */
async function entryThatReaches(log: EventLog, revision: number, last: ReadEntry): Promise<ReadEntry> {
  let found = last;
  let low = 1;
  while (low < found.entry.number) {
    const middle = Math.floor((low + found.entry.number) / 2);
    const read = await readEntry(log, middle);
    if (read !== undefined && lastRevision(read.entry) >= revision) found = read;
    else low = middle + 1;
  }
  return found;
}
