/** What a pod's worker is given by its agent. */
import type { Clock } from '../foundation/clock.ts';
import type { Logger } from '../foundation/logger.ts';
import type { WorkPod } from './control-plane-link.ts';
import type { FoundCredentials } from './image-credentials.ts';
import type { PodUpdate } from './report-merge.ts';
import type { ContainerRuntime, RuntimeInfo } from './runtimes/container-runtime.ts';
import type { Limiter } from './runtimes/limiter.ts';
import type { Volumes } from './volumes/volumes.ts';

export interface PodServices {
  readonly runtime: ContainerRuntime;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly volumes: Volumes;
  /** Bounds how many sandboxes and containers are being made and started at once. */
  readonly starts: Limiter;
  /** Bounds how many images are being fetched at once. */
  readonly pulls: Limiter;
  /** The node's address, as reports give it. */
  readonly hostIP: string;
  unenforceable(): RuntimeInfo['unenforceable'];
  pullSecrets(request: {
    readonly namespace: string;
    readonly names: readonly string[];
    readonly image: string;
  }): Promise<FoundCredentials>;
  report(work: WorkPod, update: PodUpdate): void;
  /** A sandbox or container was made: its attempt number is never to be used again. */
  attempted(uid: string): void;
  /** Nothing of the pod is left on the node. */
  finished(uid: string): void;
}
