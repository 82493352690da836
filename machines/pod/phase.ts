/** The phase that follows from what a pod's containers do, as Kubernetes' kubelet computes it. */
import type { RestartPolicy } from './manifest.ts';
import type { ContainerStatus, PodPhase } from './status.ts';

/** Pending until every container was started once; over when none runs or will run again. */
export function phaseOf(statuses: readonly ContainerStatus[], policy: RestartPolicy): PodPhase {
  let running = 0;
  let ended = 0;
  let succeeded = 0;
  for (const { state, lastState } of statuses) {
    if ('running' in state) running++;
    else if ('terminated' in state) {
      ended++;
      if (state.terminated.exitCode === 0) succeeded++;
    } else if (lastState.terminated === undefined) return 'Pending';
    else ended++;
  }
  if (running > 0 || policy === 'Always') return 'Running';
  if (ended === succeeded) return 'Succeeded';
  return policy === 'Never' ? 'Failed' : 'Running';
}
