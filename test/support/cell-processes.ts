/** The processes of a cell as /proc shows them, since a process that was started again has another id than `cell.json` says. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

/** `supervisor`, `nats-server`, `control-plane`, `standby`, `agent-n1`, `agents` (several in one process). */
export type ProcessName = string;

/** Ids of a cell's living processes by name. */
export function processesOf(directory: string): ReadonlyMap<ProcessName, number> {
  const found = new Map<ProcessName, number>();
  for (const entry of readdirSync('/proc')) {
    if (!/^\d+$/.test(entry)) continue;
    const name = nameOf(commandLineOf(entry), directory);
    if (name !== undefined && isAlive(Number(entry))) found.set(name, Number(entry));
  }
  return found;
}

/** Whether a process exists and is no zombie. */
export function isAlive(pid: number): boolean {
  try {
    return !/^State:\s+Z/m.test(readFileSync(`/proc/${pid}/status`, 'utf8'));
  } catch {
    return false;
  }
}

function commandLineOf(pid: string): readonly string[] {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8').split('\0');
  } catch {
    return [];
  }
}

function nameOf(words: readonly string[], directory: string): ProcessName | undefined {
  if (words.includes(join(directory, 'nats/nats-server.conf'))) {
    // Its launcher, for the moment it takes to become the server, has the same words.
    return words[0]?.endsWith('nats-server') ? 'nats-server' : undefined;
  }
  if (!words.includes(directory)) return undefined;
  if (words.includes('supervisor')) return 'supervisor';
  if (words.includes('agents')) return agentName(words[words.indexOf('--nodes') + 1] ?? '');
  return words.includes('control-plane') ? words[words.indexOf('--name') + 1] : undefined;
}

function agentName(nodes: string): ProcessName {
  return nodes.includes(',') ? 'agents' : `agent-${nodes}`;
}
