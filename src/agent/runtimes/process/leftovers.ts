/** Ends what a container left when its shim was killed and could not do it: whoever is in its groups or its session. */
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { ProcessMark } from './records.ts';
import { readIfThere } from './records.ts';

/** Forks that race with the killing are found by the next round; a program that out-forks all of them has a limit of its own. */
const ROUNDS_MAX = 10;
const SESSION_FIELD = 3;

export async function killLeftovers(mark: ProcessMark, groups: readonly string[]): Promise<void> {
  for (let round = 0; round < ROUNDS_MAX; round++) {
    const pids = new Set([...(await sessionMembers(mark)), ...(await groupMembers(groups))]);
    if (pids.size === 0) return;
    for (const pid of pids) kill(pid);
  }
}

async function groupMembers(groups: readonly string[]): Promise<number[]> {
  const lists = await Promise.all(groups.map((group) => readIfThere(join(group, 'cgroup.procs'))));
  return lists.flatMap((list) => (list ?? '').split('\n').filter(Boolean).map(Number));
}

/** The kernel gives no new process the number of a session that still has members, so the number is enough. */
async function sessionMembers(mark: ProcessMark): Promise<number[]> {
  const first = await statOf(mark.pid);
  const reused = first !== undefined && first.startTicks !== mark.startTicks;
  if (reused) return [];
  const members: number[] = [];
  for (const name of await readdir('/proc')) {
    if (!/^\d+$/.test(name)) continue;
    const stat = await statOf(Number(name));
    if (stat?.session === mark.pid && stat.state !== 'Z') members.push(Number(name));
  }
  return members;
}

async function statOf(pid: number) {
  const text = await readIfThere(join('/proc', String(pid), 'stat')).catch(() => undefined);
  if (text === undefined) return undefined;
  // The program's name comes in brackets and may hold anything.
  const fields = text.slice(text.lastIndexOf(')') + 2).split(' ');
  return { state: fields[0], session: Number(fields[SESSION_FIELD]), startTicks: fields[19] };
}

function kill(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL');
  } catch {
    // It has ended by itself.
  }
}
