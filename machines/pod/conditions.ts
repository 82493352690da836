/** A pod's conditions as Kubernetes computes them from what its containers do. */
import { timestamp } from '../metadata.ts';
import type { PodCondition, PodConditionType, PodStatus } from './status.ts';

type Judgement = Omit<PodCondition, 'lastTransitionTime'>;

const NOT_READY = 'ContainersNotReady';
/** Reason of a lost node in Kubernetes' status. */
export const NODE_LOST = 'NodeLost';

/** The conditions of a bound pod; those that do not change stay the same objects. */
export function conditionsOf(status: PodStatus, nodeLost: boolean, time: number): readonly PodCondition[] {
  const containers = containersReady(status);
  const ready = nodeLost
    ? { ...unready('Ready', NODE_LOST), message: status.message }
    : { ...containers, type: 'Ready' };
  const judged = [initialized(status), ready as Judgement, containers];
  const before = status.conditions ?? [];
  const scheduled = before.find(({ type }) => type === 'PodScheduled');
  const after = judged.map((judgement) => updated(before, judgement, time));
  if (scheduled !== undefined) after.push(scheduled);
  const same = after.length === before.length && after.every((condition, index) => condition === before[index]);
  return same ? before : after;
}

/** The conditions with one of them as given. */
export function withCondition(status: PodStatus, judgement: Judgement, time: number): readonly PodCondition[] {
  const before = status.conditions ?? [];
  const others = before.filter(({ type }) => type !== judgement.type);
  return [...others, updated(before, judgement, time)];
}

/** The time moves only when the status does. */
function updated(before: readonly PodCondition[], judgement: Judgement, time: number): PodCondition {
  const old = before.find(({ type }) => type === judgement.type);
  const { type, status, reason, message } = judgement;
  if (old?.status === status && old.reason === reason && old.message === message) return old;
  return {
    type,
    status,
    lastTransitionTime: old?.status === status ? old.lastTransitionTime : timestamp(time),
    ...(reason === undefined ? {} : { reason }),
    ...(message === undefined ? {} : { message }),
  };
}

function unready(type: PodConditionType, reason: string): Judgement {
  return { type, status: 'False', reason };
}

function initialized({ phase }: PodStatus): Judgement {
  const judgement: Judgement = { type: 'Initialized', status: 'True' };
  return phase === 'Succeeded' ? { ...judgement, reason: 'PodCompleted' } : judgement;
}

function containersReady({ phase, containerStatuses = [] }: PodStatus): Judgement {
  if (phase === 'Succeeded') return unready('ContainersReady', 'PodCompleted');
  if (phase === 'Failed') return unready('ContainersReady', 'PodFailed');
  const names = containerStatuses.filter(({ ready }) => !ready).map(({ name }) => name);
  if (names.length === 0) return { type: 'ContainersReady', status: 'True' };
  const message = `containers with unready status: [${names.join(' ')}]`;
  return { ...unready('ContainersReady', NOT_READY), message };
}
