/** What others may ask of a pod: no state of it is compared outside this folder. */
import { isBeingDeleted } from '../metadata.ts';
import type { PodRecord } from './status.ts';

/** Whether it has ended for good. */
export function isTerminal({ context }: PodRecord): boolean {
  const { phase } = context.status;
  return phase === 'Succeeded' || phase === 'Failed';
}

/** Whether it counts for its controller: not ended, not on its way out. */
export function isLive(record: PodRecord): boolean {
  return !isTerminal(record) && !isBeingDeleted(record.context.metadata);
}

/** Whether a node was chosen for it. */
export function isBound({ context }: PodRecord): boolean {
  return context.progress !== undefined;
}

/** The node it is bound to; spec.nodeName may name one before it is. */
export function boundNode(record: PodRecord): string | undefined {
  return isBound(record) ? record.context.spec.nodeName : undefined;
}

/** Whether the scheduler has to find a node for it. */
export function needsScheduling(record: PodRecord): boolean {
  return !isBound(record) && isLive(record);
}

/** Why the scheduler found no node, in its sentence; undefined where it has not looked or has found one. */
export function unschedulableMessage({ context }: PodRecord): string | undefined {
  return context.status.conditions?.find(({ type, status }) => type === 'PodScheduled' && status === 'False')?.message;
}

function readyCondition({ context }: PodRecord) {
  return context.status.conditions?.find(({ type, status }) => type === 'Ready' && status === 'True');
}

/** Whether all its containers are ready and its node is heard. */
export function isReady(record: PodRecord): boolean {
  return readyCondition(record) !== undefined;
}

/** Since when it is ready, Unix milliseconds; undefined while it is not. */
export function readySince(record: PodRecord): number | undefined {
  const condition = readyCondition(record);
  return condition && Date.parse(condition.lastTransitionTime);
}

/** Whether its node went silent with it. */
export function isNodeLost({ context }: PodRecord): boolean {
  return context.nodeLoss !== undefined;
}

/** What the agent needs to go on counting from, by container: highest report number folded (-1: none) and restarts so far. */
export function containerCounts({
  context,
}: PodRecord): Readonly<Record<string, { readonly number: number; readonly restartCount: number }>> {
  const counts: Record<string, { number: number; restartCount: number }> = {};
  for (const { name, restartCount } of context.status.containerStatuses ?? []) {
    counts[name] = { number: context.progress?.containers[name]?.number ?? -1, restartCount };
  }
  return counts;
}

/** Sandboxes its agent has made for it so far. */
export function sandboxAttempts({ context }: PodRecord): number {
  return context.progress?.sandboxes ?? 0;
}

/** Port of its node that a pod without a network of its own was given. */
export function assignedPort({ context }: PodRecord): number | undefined {
  return context.progress?.assignedPort;
}
