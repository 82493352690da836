/** What is known of a pod: its status as Kubernetes writes it, and the private state beside it. */
import type { ObjectContext, ObjectRecord } from '../view.ts';
import type { PodSpec } from './manifest.ts';

export type PodPhase = 'Pending' | 'Running' | 'Succeeded' | 'Failed';
export type QualityOfService = 'BestEffort' | 'Burstable' | 'Guaranteed';
export type PodConditionType = 'Initialized' | 'Ready' | 'ContainersReady' | 'PodScheduled';

export interface PodCondition {
  readonly type: PodConditionType;
  readonly status: 'True' | 'False';
  /** RFC 3339. */
  readonly lastTransitionTime: string;
  readonly reason?: string;
  readonly message?: string;
}

export interface TerminatedState {
  readonly exitCode: number;
  readonly signal?: number;
  readonly reason: string;
  readonly message?: string;
  /** RFC 3339. */
  readonly startedAt?: string;
  /** RFC 3339. */
  readonly finishedAt: string;
  readonly containerID?: string;
}

export type ContainerState =
  | { readonly waiting: { readonly reason: string; readonly message?: string } }
  | { readonly running: { readonly startedAt: string } }
  | { readonly terminated: TerminatedState };

export interface ContainerStatus {
  readonly name: string;
  readonly state: ContainerState;
  readonly lastState: { readonly terminated?: TerminatedState };
  readonly ready: boolean;
  readonly restartCount: number;
  readonly image: string;
  readonly imageID: string;
  readonly containerID?: string;
  readonly started: boolean;
}

export interface PodStatus {
  readonly phase: PodPhase;
  readonly reason?: string;
  readonly message?: string;
  readonly conditions?: readonly PodCondition[];
  readonly containerStatuses?: readonly ContainerStatus[];
  readonly hostIP?: string;
  readonly podIP?: string;
  readonly podIPs?: readonly { readonly ip: string }[];
  /** RFC 3339: when its agent was first heard of it. */
  readonly startTime?: string;
  readonly qosClass: QualityOfService;
}

/** Where a container stands in its machine, and what of its agent's reports has been folded. */
export interface ContainerProgress {
  readonly value: string;
  /** Highest report number folded; -1 before the first. */
  readonly number: number;
  /** End of the last run that is known, Unix milliseconds, so that no end is told twice. */
  readonly exitedAt?: number;
}

/** What is known from the node it is bound to. */
export interface PodProgress {
  /** Sandboxes made so far. */
  readonly sandboxes: number;
  readonly containers: Readonly<Record<string, ContainerProgress>>;
  /** Port that a pod without a network of its own was given. */
  readonly assignedPort?: number;
  /** Nothing of it is left on its node. */
  readonly cleanedUp?: boolean;
}

/** The node went silent with this pod on it. */
export interface NodeLoss {
  /** When it is evicted, Unix milliseconds; never where absent. */
  readonly evictAt?: number;
}

export interface PodContext extends ObjectContext {
  readonly spec: PodSpec;
  readonly status: PodStatus;
  /** Number of the replica it is for its controller. Private. */
  readonly slot?: number;
  /** Present once it is bound. Private. */
  readonly progress?: PodProgress;
  /** Present while its node is lost. Private. */
  readonly nodeLoss?: NodeLoss;
}

export type PodRecord = ObjectRecord<PodContext>;
