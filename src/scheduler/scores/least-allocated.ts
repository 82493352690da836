/** Prefers the node with most room left: the mean of free CPU, memory and pod slots. Pod slots tell nodes apart where pods request nothing. */
import type { Score } from './index.ts';

// A pod that requests nothing still takes something: Kubernetes counts 100m and 200 MB for scoring.
const ASSUMED_CPU_MILLIS = 100;
const ASSUMED_MEMORY_BYTES = 200 * 1024 * 1024;

function free(offered: number, taken: number): number {
  return offered <= 0 ? 0 : Math.max(0, ((offered - taken) / offered) * 100);
}

export const leastAllocated: Score = {
  name: 'leastAllocated',
  weight: 1,
  of(demand, candidate) {
    const { offers } = candidate;
    const cpu = free(offers.cpuMillis, candidate.cpuMillis + (demand.cpuMillis || ASSUMED_CPU_MILLIS));
    const memory = free(offers.memoryBytes, candidate.memoryBytes + (demand.memoryBytes || ASSUMED_MEMORY_BYTES));
    const pods = free(offers.pods, candidate.pods + 1);
    return (cpu + memory + pods) / 3;
  },
};
