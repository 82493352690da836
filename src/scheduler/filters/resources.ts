/** What the pod requests must still be free: pods, CPU, memory. */
import type { Filter } from './index.ts';

export const resources: Filter = (demand, { offers, pods, cpuMillis, memoryBytes }) => {
  const reasons: string[] = [];
  if (pods + 1 > offers.pods) reasons.push('Too many pods');
  if (demand.cpuMillis > 0 && cpuMillis + demand.cpuMillis > offers.cpuMillis) reasons.push('Insufficient cpu');
  if (demand.memoryBytes > 0 && memoryBytes + demand.memoryBytes > offers.memoryBytes)
    reasons.push('Insufficient memory');
  return reasons;
};
