/** What a pod asks of its node, summed over its containers, and the class of service that follows. */
import { cpuMillis, memoryBytes } from '../quantity.ts';
import type { Container } from './container-manifest.ts';
import type { PodSpec } from './manifest.ts';
import type { QualityOfService } from './status.ts';

export interface ResourceRequests {
  readonly cpuMillis: number;
  readonly memoryBytes: number;
}

/** By the list of containers, which stays the same object when the pod is bound. */
const sums = new WeakMap<readonly Container[], ResourceRequests>();

/** The sum of all containers' requests. */
export function resourceRequests({ containers }: Pick<PodSpec, 'containers'>): ResourceRequests {
  let sum = sums.get(containers);
  if (sum === undefined) sums.set(containers, (sum = sumOf(containers)));
  return sum;
}

function sumOf(containers: readonly Container[]): ResourceRequests {
  const sum = { cpuMillis: 0, memoryBytes: 0 };
  for (const { resources } of containers) {
    sum.cpuMillis += cpuMillis(resources.requests?.cpu ?? '0');
    sum.memoryBytes += memoryBytes(resources.requests?.memory ?? '0');
  }
  return sum;
}

const RESOURCES = ['cpu', 'memory'] as const;

/** Kubernetes' quality of service: who goes first when memory runs out. */
export function qualityOfService({ containers }: Pick<PodSpec, 'containers'>): QualityOfService {
  const asks = containers.some(({ resources }) => resources.requests !== undefined || resources.limits !== undefined);
  if (!asks) return 'BestEffort';
  const guaranteed = containers.every(({ resources: { limits, requests } }) =>
    RESOURCES.every((resource) => limits?.[resource] !== undefined && limits[resource] === requests?.[resource]),
  );
  return guaranteed ? 'Guaranteed' : 'Burstable';
}
