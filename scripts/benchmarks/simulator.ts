/** The simulator: virtual time per second of CPU, for 10 nodes with 200 pods and for the cells of the tests, without faults and with all. */
import { EVERY_FAULT, DEFAULT_CONDITIONS, runSeed, type Conditions } from '../../src/simulator/runs.ts';
import type { BenchmarkContext } from './report.ts';
import { round } from './statistics.ts';

const HOUR_MS = 3_600_000;
const LARGE = { nodes: 10, podsPerNode: 20, durationMs: HOUR_MS };
/** Name, conditions, how many seeds. */
const ROUNDS: readonly (readonly [string, Partial<Conditions>, number])[] = [
  ['10 nodes, 200 pods, nothing happens', { ...LARGE, faults: {}, actionEveryMs: 60_000 }, 2],
  ['10 nodes, 200 pods, users', { ...LARGE, faults: {} }, 1],
  ['10 nodes, 200 pods, users, faults', { ...LARGE, faults: EVERY_FAULT }, 1],
  ['4 nodes, 16 pods, users, faults', {}, 40],
];

export async function simulator({ row }: BenchmarkContext): Promise<void> {
  for (const [what, more, seeds] of ROUNDS)
    row({ what, ...(await measure({ ...DEFAULT_CONDITIONS, ...more }, seeds)) });
}

async function measure(conditions: Conditions, seeds: number) {
  const before = process.cpuUsage();
  let [virtualMs, steps, commits, pods, found] = [0, 0, 0, 0, 0];
  for (let seed = 1; seed <= seeds; seed++) {
    const result = await runSeed(seed, conditions);
    virtualMs += result.virtualMs;
    steps += result.steps;
    commits += result.commits;
    pods = Math.max(pods, result.pods);
    if (result.violation !== undefined) found++;
  }
  const { user, system } = process.cpuUsage(before);
  const cpuMs = (user + system) / 1_000;
  return {
    seeds,
    virtual_hours: round(virtualMs / HOUR_MS),
    pods_at_the_end: pods,
    commits,
    found,
    steps_per_cpu_s: round((steps * 1_000) / cpuMs),
    times_real_time: round(virtualMs / cpuMs),
  };
}
