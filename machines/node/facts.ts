/** What others may ask of a node: scheduler, pod decider, health controller and agents compare no state of it themselves. */
import { isBeingDeleted } from '../metadata.ts';
import { cpuMillis, memoryBytes, wholeNumber } from '../quantity.ts';
import type { ObjectRecord } from '../view.ts';
import type { NodeContext, NodeResources } from './manifest.ts';
import { UNREACHABLE_TAINT } from './taints.ts';

export type NodeRecord = ObjectRecord<NodeContext>;

/** What a node has room for in all. */
export interface Allocatable {
  readonly cpuMillis: number;
  readonly memoryBytes: number;
  readonly pods: number;
}

/** Whether its agent has ever spoken. */
export function isRegistered(record: NodeRecord): boolean {
  return record.context.status.conditions !== undefined;
}

/** Whether its agent is heard: Kubernetes' condition Ready. */
export function isReachable(record: NodeRecord): boolean {
  return record.context.status.conditions?.some(({ type, status }) => type === 'Ready' && status === 'True') ?? false;
}

/** Whether it went silent, which a node that never spoke did not. */
export function isUnreachable(record: NodeRecord): boolean {
  return isRegistered(record) && !isReachable(record);
}

/** Whether it went silent and its pods may be evicted for it. */
export function isEvicting(record: NodeRecord): boolean {
  return isUnreachable(record) && !record.context.evictionsSuspended;
}

/** Whether people took it out of scheduling. */
export function isCordoned(record: NodeRecord): boolean {
  return record.context.spec.unschedulable === true;
}

/** Why a node takes no new pods. */
export interface Unschedulability {
  /** The phrase of Kubernetes' "0/3 nodes are available: …". */
  readonly reason: string;
  /** The same of one node, behind its name. */
  readonly brief: string;
}

const BEING_DELETED = { reason: 'node(s) were being deleted', brief: 'is being deleted' };
const NOT_READY = {
  reason: 'node(s) had untolerated taint {node.kubernetes.io/not-ready: }',
  brief: 'was never heard of',
};
const UNREACHABLE = { reason: `node(s) had untolerated taint {${UNREACHABLE_TAINT}: }`, brief: 'is unreachable' };
const CORDONED = { reason: 'node(s) were unschedulable', brief: 'is cordoned' };

/** Why no new pod may go there; undefined: it may, room aside. */
export function unschedulability(record: NodeRecord): Unschedulability | undefined {
  if (isBeingDeleted(record.context.metadata)) return BEING_DELETED;
  if (!isRegistered(record)) return NOT_READY;
  if (!isReachable(record)) return UNREACHABLE;
  return isCordoned(record) ? CORDONED : undefined;
}

/** Why no new pod may go there, in Kubernetes' phrase; undefined: it may. */
export function unschedulableReason(record: NodeRecord): string | undefined {
  return unschedulability(record)?.reason;
}

/** Whether new pods may go there (room aside). */
export function isSchedulable(record: NodeRecord): boolean {
  return unschedulableReason(record) === undefined;
}

const NOTHING: Allocatable = { cpuMillis: 0, memoryBytes: 0, pods: 0 };
const parsed = new WeakMap<NodeResources, Allocatable>();

/** What the node has room for in all; nothing before its agent said so. Parsed once per registration. */
export function allocatable(record: NodeRecord): Allocatable {
  const resources = record.context.status.allocatable;
  if (resources === undefined) return NOTHING;
  let result = parsed.get(resources);
  if (result === undefined) {
    result = {
      cpuMillis: cpuMillis(resources.cpu),
      memoryBytes: memoryBytes(resources.memory),
      pods: wholeNumber(resources.pods),
    };
    parsed.set(resources, result);
  }
  return result;
}
