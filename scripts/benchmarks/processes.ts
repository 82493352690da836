/** What processes have used, as the kernel counts it: processor time and resident memory. */
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';

const TICKS_PER_SECOND = Number(execFileSync('getconf', ['CLK_TCK'], { encoding: 'utf8' }));
/** Places in /proc/PID/stat, counted after the command's name: user and system time in ticks. */
const USER_TIME = 11;
const SYSTEM_TIME = 12;
const START_TIME = 19;

export interface Usage {
  readonly cpuMs: number;
  readonly residentMb: number;
  /** Resident, with pages that several processes share (Node's own code) divided among them. */
  readonly proportionalMb: number;
  /** Highest resident memory so far. */
  readonly peakMb: number;
}

/** By name, what each process has used so far. */
export function usageOf(processes: Readonly<Record<string, number>>): Readonly<Record<string, Usage>> {
  return Object.fromEntries(Object.entries(processes).map(([name, pid]) => [name, usageOfProcess(pid)]));
}

/** The sum of what `pick` takes of each. */
export function total(usages: Readonly<Record<string, Usage>>, pick: (usage: Usage) => number): number {
  return Object.values(usages).reduce((sum, usage) => sum + pick(usage), 0);
}

/** When a process started, Unix milliseconds, to the kernel's 10 ms. */
export function startedAt(pid: number): number {
  const uptimeMs = Number(readFileSync('/proc/uptime', 'utf8').split(' ')[0]) * 1000;
  const sinceBootMs = (Number(statOf(pid)[START_TIME]) * 1000) / TICKS_PER_SECOND;
  return Date.now() - (uptimeMs - sinceBootMs);
}

function statOf(pid: number): readonly string[] {
  const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
  // A command's name may hold spaces and parentheses; what follows the last one does not.
  return stat.slice(stat.lastIndexOf(')') + 2).split(' ');
}

function usageOfProcess(pid: number): Usage {
  const fields = statOf(pid);
  const ticks = Number(fields[USER_TIME]) + Number(fields[SYSTEM_TIME]);
  const status = readFileSync(`/proc/${pid}/status`, 'utf8');
  return {
    cpuMs: (ticks * 1000) / TICKS_PER_SECOND,
    residentMb: megabytes(status, 'VmRSS'),
    proportionalMb: megabytes(readFileSync(`/proc/${pid}/smaps_rollup`, 'utf8'), 'Pss'),
    peakMb: megabytes(status, 'VmHWM'),
  };
}

function megabytes(status: string, field: string): number {
  return Number(new RegExp(`^${field}:\\s+(\\d+)`, 'm').exec(status)?.[1] ?? 0) / 1024;
}
