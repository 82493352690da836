/** What a pod asks of a node, as filters and scores see it. */
import { controllerOf, type ObjectMeta } from '../../machines/index.ts';
import {
  hostPortsOf,
  resourceRequests,
  type HostPortClaim,
  type PodSpec,
  type ResourceRequests,
} from '../../machines/pod/index.ts';

/** A pod that requests nothing takes something all the same: Kubernetes counts so much where it compares nodes. */
const ASSUMED_CPU_MILLIS = 100;
const ASSUMED_MEMORY_BYTES = 200 * 1024 * 1024;

export interface PodDemand {
  readonly spec: Pick<PodSpec, 'nodeName' | 'nodeSelector'>;
  /** What has to be free, and is promised once the pod is there. */
  readonly requests: ResourceRequests;
  /** What it counts as where nodes are compared. */
  readonly assumed: ResourceRequests;
  readonly hostPorts: readonly HostPortClaim[];
  /** uid of the controlling owner, for spreading. */
  readonly owner: string | undefined;
}

export function demandOf(pod: { readonly metadata: ObjectMeta; readonly spec: PodSpec }): PodDemand {
  const requests = resourceRequests(pod.spec);
  return {
    spec: pod.spec,
    requests,
    assumed: {
      cpuMillis: requests.cpuMillis || ASSUMED_CPU_MILLIS,
      memoryBytes: requests.memoryBytes || ASSUMED_MEMORY_BYTES,
    },
    hostPorts: hostPortsOf(pod.spec),
    owner: controllerOf(pod.metadata)?.uid,
  };
}

/** Equal for pods that every filter and every score treats alike: those of one template share one plan. */
export function signatureOf({ spec, requests, hostPorts, owner }: PodDemand): string {
  const { cpuMillis, memoryBytes } = requests;
  return JSON.stringify([owner, cpuMillis, memoryBytes, hostPorts, spec.nodeName, spec.nodeSelector]);
}
