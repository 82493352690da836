/** What is on disk of each sandbox and container: a description by the runtime, and what its shim noted. Each is written whole. */
import { readFile, readdir, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { ContainerExit, PodIdentity } from '../container-runtime.ts';

export interface SandboxDescription {
  readonly kind: 'sandbox';
  readonly pod: PodIdentity;
  readonly attempt: number;
  readonly hostname: string;
  readonly createdAt: number;
  /** In the pod's own network; absent where pods have none. */
  readonly network?: { readonly address: string; readonly networkInterface: string };
}

/** Holds no environment: it may hold secrets, which only the shim keeps, in memory. */
export interface ContainerDescription {
  readonly kind: 'container';
  readonly pod: PodIdentity;
  readonly sandboxId: string;
  readonly name: string;
  readonly attempt: number;
  readonly image: string;
  readonly workingDirectory: string;
}

export type Description = SandboxDescription | ContainerDescription;

/** A process that cannot be mistaken for a later one of the same pid. */
export interface ProcessMark {
  readonly pid: number;
  /** Ticks since boot. */
  readonly startTicks: string;
  /** Unix milliseconds. */
  readonly startedAt: number;
  /** Sandboxes: the port the pod was given; 0 when none. */
  readonly port: number;
}

const DESCRIPTION = '.json';
/** What the shims call their records. */
const RECORDS = ['.control', '.running', '.refused', '.exit', DESCRIPTION];

export interface Records {
  describe(id: string, description: Description): Promise<void>;
  description(id: string): Promise<Description | undefined>;
  ids(): Promise<string[]>;
  running(id: string): Promise<ProcessMark | undefined>;
  /** Why it could not be started. */
  refusal(id: string): Promise<string | undefined>;
  exit(id: string): Promise<ContainerExit | undefined>;
  /** Notes an end that no shim lived to note. */
  noteExit(id: string, exit: ContainerExit): Promise<void>;
  remove(id: string): Promise<void>;
  /** Path without the suffix; the shims add theirs. */
  pathOf(id: string): string;
}

export function createRecords(directory: string): Records {
  const pathOf = (id: string) => join(directory, id);

  async function words(id: string, suffix: string): Promise<string[] | undefined> {
    return (await readIfThere(pathOf(id) + suffix))?.trim().split(' ');
  }

  return {
    pathOf,
    describe: (id, description) => write(pathOf(id) + DESCRIPTION, JSON.stringify(description)),
    async description(id) {
      const text = await readIfThere(pathOf(id) + DESCRIPTION);
      return text === undefined ? undefined : JSON.parse(text);
    },
    async ids() {
      const names = await readdir(directory);
      return names.filter((name) => name.endsWith(DESCRIPTION)).map((name) => name.slice(0, -DESCRIPTION.length));
    },
    async running(id) {
      const [pid, startTicks = '', startedAt, port] = (await words(id, '.running')) ?? [];
      if (pid === undefined) return undefined;
      return { pid: Number(pid), startTicks, startedAt: Number(startedAt), port: Number(port ?? 0) };
    },
    refusal: (id) => readIfThere(`${pathOf(id)}.refused`),
    async exit(id) {
      const [exitCode, signal, oomKilled, finishedAt] = (await words(id, '.exit'))?.map(Number) ?? [];
      if (exitCode === undefined) return undefined;
      return {
        exitCode,
        ...(signal !== 0 && { signal }),
        oomKilled: oomKilled === 1,
        finishedAt: finishedAt ?? 0,
      };
    },
    noteExit: (id, { exitCode, signal = 0, finishedAt }) =>
      write(`${pathOf(id)}.exit`, `${exitCode} ${signal} 0 ${finishedAt}`),
    async remove(id) {
      // The description last: as long as it is there, whoever lists finds what is left to remove.
      for (const suffix of RECORDS) await rm(pathOf(id) + suffix, { force: true });
    },
  };
}

async function write(path: string, text: string): Promise<void> {
  await writeFile(`${path}.new`, text);
  await rename(`${path}.new`, path);
}

/** Undefined when there is no such file. */
export async function readIfThere(path: string): Promise<string | undefined> {
  try {
    return await readFile(path, 'utf8');
  } catch (error) {
    if (isMissing(error)) return undefined;
    throw error;
  }
}

export function isMissing(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === 'ENOENT';
}
