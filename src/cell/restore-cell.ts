/** Makes a cell from an export in an empty data directory: there as a whole, or not at all. */
import { mkdirSync, readdirSync, renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { connectBus, type Bus } from '../bus/connection.ts';
import { startNatsServer, type NatsServer } from '../bus/embedded-server.ts';
import { systemClock } from '../foundation/clock.ts';
import { systemIdentifiers } from '../foundation/identifiers.ts';
import { silentLogger } from '../foundation/logger.ts';
import { openExport, type ExportFile } from '../history/export-file.ts';
import type { ExportHeader } from '../history/export-format.ts';
import { openLog } from '../log/jetstream-log.ts';
import { busUsers } from './bus-users.ts';
import {
  dataDirectory,
  UNFINISHED_RESTORE,
  writeJson,
  type CellIdentity,
  type DataDirectory,
} from './data-directory.ts';
import { holdDirectory } from './directory-lock.ts';
import { syncPath, syncTree } from './durable-files.ts';
import { fileTrouble, RefusedOperationError } from './refused-operation.ts';
import { restoreLog, type RestoredLog } from './restore-log.ts';
import { runningCell } from './running-cell.ts';

export interface RestoreCellOptions {
  /** Path of the export. */
  readonly file: string;
  /** The new cell's data directory: absent or empty. */
  readonly data: string;
  /** The last revision wanted; all where absent. */
  readonly to?: number;
  /** Takes the exported cell's name, and with it what still runs of it; a name of its own where absent. */
  readonly keepName?: boolean;
  readonly signal: AbortSignal;
  onProgress?(entry: number, until: number): void;
}

export interface CellRestore extends RestoredLog {
  readonly cell: string;
  /** What it was made from. */
  readonly from: ExportHeader;
}

/**
 * Resolves once the cell is on disk; until then the directory holds nothing that can be started. Rejects with
 * RefusedOperationError, ExportFileError and LogDamageError, which name the first wrong entry, NatsServerError and what the file
 * system says, and then nothing is left of it.
 */
export async function restoreCell(options: RestoreCellOptions): Promise<CellRestore> {
  await using held = new AsyncDisposableStack();
  const file = held.use(await openToRestore(options.file));
  requireRevision(file.header, options.to);
  const directory = dataDirectory(options.data);
  const made = makeDirectory(directory.root);
  if (runningCell(directory)) throw notEmpty(directory.root, 'a cell runs there');
  held.use(await holdDirectory(directory.root));
  clearUnfinished(directory);
  const work = dataDirectory(join(directory.root, UNFINISHED_RESTORE));
  try {
    const cell = options.keepName ? file.header.cell : `cell-${systemIdentifiers.suffix()}`;
    const restored = await loadInto(work, cell, file, options);
    await finish(directory, work, { cell, startedBefore: true });
    return { ...restored, cell, from: file.header };
  } catch (error) {
    const left = made === undefined ? [directory.identity, directory.nats, work.root] : [directory.root];
    for (const path of left) rmSync(path, { recursive: true, force: true });
    throw fileTrouble(`cannot restore into ${directory.root}`, error);
  }
}

async function openToRestore(path: string): Promise<ExportFile> {
  try {
    return await openExport(path);
  } catch (error) {
    throw fileTrouble(`cannot read ${path}`, error);
  }
}

/** The first directory that had to be made; undefined where all were there. */
function makeDirectory(root: string): string | undefined {
  try {
    return mkdirSync(root, { recursive: true, mode: 0o700 });
  } catch (error) {
    throw fileTrouble(`cannot restore into ${root}`, error);
  }
}

function requireRevision({ first, last }: ExportHeader, to: number | undefined): void {
  if (to === undefined || (to >= first.revision && to <= last.revision)) return;
  const message = `--to: revision ${to} is not in the export, which holds revisions ${first.revision} to ${last.revision}`;
  throw new RefusedOperationError(message);
}

/** What an interrupted restore left goes; anything else is somebody's. */
function clearUnfinished({ root, nats }: DataDirectory): void {
  const names = readdirSync(root);
  if (names.includes(UNFINISHED_RESTORE) && !names.includes('identity.json')) {
    rmSync(nats, { recursive: true, force: true });
    rmSync(join(root, UNFINISHED_RESTORE), { recursive: true });
  }
  const [found] = readdirSync(root);
  if (found !== undefined) throw notEmpty(root, `it holds ${found}`);
}

function notEmpty(root: string, why: string): RefusedOperationError {
  return new RefusedOperationError(
    `cannot restore into ${root}: ${why}. Name a directory that is empty or not there yet with --data`,
  );
}

/**
 * Loads with a server that syncs nothing by itself, syncs all of it as a whole, and then asks a server that syncs always for
 * the end of the log: so many entries with a sync each would take minutes.
 */
async function loadInto(
  work: DataDirectory,
  cell: string,
  file: ExportFile,
  options: RestoreCellOptions,
): Promise<RestoredLog> {
  mkdirSync(work.root, { recursive: true, mode: 0o700 });
  const { to, signal, onProgress } = options;
  const restored = await withServer(work, cell, 'later', ({ connection, subjects, actor }) =>
    restoreLog({
      connection,
      inboxPrefix: subjects.inbox(actor),
      cell,
      file,
      clock: systemClock,
      logger: silentLogger,
      identifiers: systemIdentifiers,
      signal,
      ...(to === undefined ? {} : { to }),
      onProgress: (entry, until) => onProgress?.(entry, until),
    }),
  );
  await syncTree(work.nats);
  await withServer(work, cell, 'always', async ({ connection, subjects, actor }) => {
    const inboxPrefix = subjects.inbox(actor);
    const log = await openLog({ connection, inboxPrefix, cell, clock: systemClock, logger: silentLogger });
    const last = await log.lastNumber();
    if (log.lineage !== restored.lineage || last !== restored.firstOwnEntry || !(await log.get(last))) {
      throw new Error(`lineage ${log.lineage} ends at entry ${last} on disk, not at ${restored.firstOwnEntry}`);
    }
  });
  return restored;
}

/** Runs a server on the directory for as long as something is done with it, as the only one that may connect. */
async function withServer<Result>(
  work: DataDirectory,
  cell: string,
  sync: 'always' | 'later',
  use: (bus: Bus) => Promise<Result>,
): Promise<Result> {
  const users = busUsers(work, cell, []);
  const server: NatsServer = await startNatsServer({
    dataDirectory: work.root,
    users,
    logger: silentLogger,
    clock: systemClock,
    sync,
  });
  try {
    const [user] = users;
    if (user === undefined) throw new Error('the control plane is a user of every cell');
    const credentials = { cell, actor: user.name, url: server.url, user: user.name, password: user.password };
    const bus = await connectBus(credentials, { name: `restore ${process.pid}` });
    try {
      return await use(bus);
    } finally {
      await bus.close();
    }
  } finally {
    await server.stop();
  }
}

/** The identity comes last: without it, and with what is still unfinished, the directory is no cell's. */
async function finish(directory: DataDirectory, work: DataDirectory, identity: CellIdentity): Promise<void> {
  await syncTree(work.nats);
  renameSync(work.nats, directory.nats);
  await syncPath(directory.root);
  writeJson(directory.identity, identity);
  await syncPath(directory.identity);
  await syncPath(directory.root);
  rmSync(work.root, { recursive: true, force: true });
}
