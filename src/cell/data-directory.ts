/** Where a cell keeps what on this machine. Everything but the log can be thrown away. */
import {
  accessSync,
  constants,
  existsSync,
  linkSync,
  mkdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { systemIdentifiers } from '../foundation/identifiers.ts';

/** Paths below a cell's data directory. */
export interface DataDirectory {
  readonly root: string;
  /** Who the cell is, kept for ever: CellIdentity. */
  readonly identity: string;
  /** What runs now: CellState, gone when nothing does. */
  readonly running: string;
  readonly nats: string;
  readonly readModel: string;
  /** Copies of the read model to start from, each with its position. */
  readonly snapshots: string;
  readonly credentials: string;
  /** The Kubernetes API's authority, certificates, and where it listens; readable by their owner only. */
  readonly gateway: string;
  /** Private key that checkpoints are signed with, PEM; readable by its owner only. */
  readonly checkpointKey: string;
  readonly logs: string;
  agent(node: string): string;
}

export function dataDirectory(path: string): DataDirectory {
  const root = resolve(path);
  return {
    root,
    identity: join(root, 'identity.json'),
    running: join(root, 'cell.json'),
    nats: join(root, 'nats'),
    readModel: join(root, 'read-model.sqlite'),
    snapshots: join(root, 'snapshots'),
    credentials: join(root, 'credentials'),
    gateway: join(root, 'gateway'),
    checkpointKey: join(root, 'checkpoint-key.pem'),
    logs: join(root, 'logs'),
    agent: (node) => join(root, `agent-${node}`),
  };
}

/** The read model of a control plane by its name: each has its own. */
export function readModelFileOf(directory: DataDirectory, controlPlane: string): string {
  return controlPlane === 'control-plane'
    ? directory.readModel
    : join(directory.root, controlPlane, 'read-model.sqlite');
}

/** The history of the process that has this read model: beside it. */
export function historyFileOf(readModelFile: string): string {
  return join(dirname(readModelFile), 'history.sqlite');
}

/** The name under which a cell's subjects, stream and containers go; made at the first start. */
export interface CellIdentity {
  readonly cell: string;
  /** It was up once: the demo is never applied again. */
  readonly startedBefore: boolean;
}

/** The data directory cannot be used; the message says why. */
export class DataDirectoryError extends Error {
  override readonly name = 'DataDirectoryError';
}

/** Where a restore works until it is done; with an identity beside it, it is what such a restore did not get to remove. */
export const UNFINISHED_RESTORE = 'restore.partial';

/** Reads the identity, making one where there is none. Raises DataDirectoryError. */
export function identityOf(directory: DataDirectory): CellIdentity {
  try {
    mkdirSync(directory.root, { recursive: true, mode: 0o700 });
    accessSync(directory.root, constants.R_OK | constants.W_OK | constants.X_OK);
  } catch (cause) {
    throw new DataDirectoryError(`cannot write to the data directory: ${(cause as Error).message}`, { cause });
  }
  const known = readJson<CellIdentity>(directory.identity);
  if (known) return known;
  if (existsSync(join(directory.root, UNFINISHED_RESTORE))) {
    const message = `a restore into ${directory.root} was not finished: run "periplus restore" again, or remove the directory`;
    throw new DataDirectoryError(message);
  }
  const identity: CellIdentity = { cell: `cell-${systemIdentifiers.suffix()}`, startedBefore: false };
  if (addJson(directory.identity, identity)) return identity;
  const others = readJson<CellIdentity>(directory.identity);
  if (others === undefined)
    throw new DataDirectoryError(`${directory.identity} cannot be read: restore it from a copy`);
  return others;
}

/** Remembers that the cell was up once. */
export function markStarted(directory: DataDirectory): void {
  const identity = identityOf(directory);
  if (!identity.startedBefore) writeJson(directory.identity, { ...identity, startedBefore: true });
}

/** A JSON file's content; undefined where it is missing or does not parse. */
export function readJson<T>(path: string): T | undefined {
  try {
    return JSON.parse(readFileSync(path, 'utf8')) as T;
  } catch {
    return undefined;
  }
}

/** Replaces a JSON file at once: a reader sees the old one or the new one. Readable by its owner only. */
export function writeJson(path: string, content: unknown): void {
  renameSync(writePartial(path, content), path);
}

/** Writes a JSON file where there is none; false where there is one already, such as that of another start at the same time. */
function addJson(path: string, content: unknown): boolean {
  const partial = writePartial(path, content);
  try {
    linkSync(partial, path);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false;
    throw error;
  } finally {
    removeFile(partial);
  }
}

function writePartial(path: string, content: unknown): string {
  const partial = `${path}.${process.pid}.partial`;
  writeFileSync(partial, `${JSON.stringify(content, null, 2)}\n`, { mode: 0o600 });
  return partial;
}

export function removeFile(path: string): void {
  rmSync(path, { force: true });
}
