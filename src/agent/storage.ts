/** What an agent keeps on its node beside containers, as a port: the node's disk in production, memory in the simulator. */
import { mkdir, open, readFile, rename } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { readPullSecrets, type FoundCredentials } from './image-credentials.ts';
import { createVolumes, type Volumes } from './volumes/volumes.ts';

/** Its name in the agent's directory. */
export const WORK_FILE = 'work.json';

/** A text that is replaced as a whole: whoever reads sees the one before or the new one, never a part. */
export interface DurableText {
  /** Where it is, for people. */
  readonly path: string;
  /** Undefined where there is none yet. */
  read(): Promise<string | undefined>;
  /** Resolves once it outlives a loss of power. Rejects when the disk refuses. */
  write(text: string): Promise<void>;
}

export interface PullSecretsRequest {
  readonly namespace: string;
  readonly names: readonly string[];
  readonly image: string;
}

export interface AgentStorage {
  /** The last work list and the attempts made. */
  readonly work: DurableText;
  readonly volumes: Volumes;
  pullSecrets(request: PullSecretsRequest): Promise<FoundCredentials>;
}

/** Files below a cell's data directory; the agent keeps to `agent-<node>` in it. */
export function diskStorage(dataDirectory: string, node: string): AgentStorage {
  const directory = join(dataDirectory, `agent-${node}`);
  return {
    work: diskText(join(directory, WORK_FILE)),
    volumes: createVolumes(directory),
    pullSecrets: (request) => readPullSecrets(dataDirectory, request),
  };
}

/** A file; its directory is made when it is first written. */
export function diskText(path: string): DurableText {
  return {
    path,
    read: () => readFile(path, 'utf8').catch(() => undefined),
    write: (text) => writeDurably(path, text),
  };
}

async function writeDurably(path: string, text: string): Promise<void> {
  const directory = dirname(path);
  await mkdir(directory, { recursive: true });
  const temporary = `${path}.new`;
  const file = await open(temporary, 'w', 0o600);
  try {
    await file.writeFile(text);
    await file.sync();
  } finally {
    await file.close();
  }
  await rename(temporary, path);
  await syncDirectory(directory);
}

async function syncDirectory(directory: string): Promise<void> {
  const handle = await open(directory, 'r');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}
