/** Prefers the node with most room left: the mean of free CPU, memory and places for pods. */
import type { Score } from './index.ts';

/** The share left, 0 to 100. */
function freeShare(offered: number, taken: number): number {
  return offered <= 0 ? 0 : Math.max(0, ((offered - taken) / offered) * 100);
}

export const leastAllocated: Score = {
  name: 'leastAllocated',
  weight: 1,
  of({ assumed: asked }, { offers, assumed: taken, pods }) {
    const cpu = freeShare(offers.cpuMillis, taken.cpuMillis + asked.cpuMillis);
    const memory = freeShare(offers.memoryBytes, taken.memoryBytes + asked.memoryBytes);
    return (cpu + memory + freeShare(offers.pods, pods + 1)) / 3;
  },
};
