/** What the pod requests must still be free: a pod's place, CPU, memory. */
import type { Filter } from './index.ts';

export const resources: Filter = ({ requests }, { offers, pods, requested }) => {
  const { cpuMillis, memoryBytes } = requests;
  const reasons: string[] = [];
  if (pods + 1 > offers.pods) reasons.push('Too many pods');
  if (cpuMillis > 0 && requested.cpuMillis + cpuMillis > offers.cpuMillis) reasons.push('Insufficient cpu');
  if (memoryBytes > 0 && requested.memoryBytes + memoryBytes > offers.memoryBytes) reasons.push('Insufficient memory');
  return reasons;
};
