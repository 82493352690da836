/** What runs of a cell on this machine, as `up` writes it down for every other command. */
import { readFileSync } from 'node:fs';
import type { DataDirectory } from './data-directory.ts';
import { readJson } from './data-directory.ts';

/** What an operator can do where the log is damaged, or shorter than somebody has seen it. */
export const LOSS_REMEDY = 'Restore the log, or accept the loss with "periplus up --accept-loss".';

export interface RunningCell {
  readonly cell: string;
  /** The bus: `nats://127.0.0.1:4222`. */
  readonly url: string;
  readonly monitoringUrl: string;
  readonly supervisor: number;
  /** Its other processes by name. */
  readonly processes: Readonly<Record<string, number>>;
  /** It was told to stop: what it still does is end. */
  readonly stopping?: true;
  /** Why it cannot go on, when it stands still: a damaged log, say. */
  readonly trouble?: string;
  readonly nodes: readonly string[];
  readonly runtime: string;
}

/** The cell that runs under this directory; undefined when none does (a file left by a killed supervisor is none). */
export function runningCell(directory: DataDirectory): RunningCell | undefined {
  const running = readJson<RunningCell>(directory.running);
  return running && isOurProcess(running.supervisor, directory.root) ? running : undefined;
}

/** Whether a process is alive and has the directory on its command line, so that a pid used again by another is not mistaken. */
export function isOurProcess(pid: number, root: string): boolean {
  try {
    const state = /^State:\s+(\S)/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1];
    return state !== 'Z' && readFileSync(`/proc/${pid}/cmdline`, 'utf8').split('\0').includes(root);
  } catch {
    return false;
  }
}
