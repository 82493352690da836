/** How a pod's events change its context. Parts that an event does not touch stay the same objects, so that hashes are kept. */
import { evolve } from '../evolve.ts';
import { timestamp } from '../metadata.ts';
import { changed, created, deletionRequested } from '../object-lifecycle.ts';
import { conditionsOf, NODE_LOST, withCondition } from './conditions.ts';
import type { ContainerEvent } from './container-events.ts';
import { containerMachine, NEW_CONTAINER, newContainerStatus, type ContainerContext } from './container.ts';
import type { PodEvent } from './events.ts';
import type { ContainerStatus, PodContext, PodPhase, PodProgress, PodStatus } from './status.ts';

type Of<Type extends PodEvent['type']> = Extract<PodEvent, { readonly type: Type }>;

/** The context after an event, as far as it changes; whether the event may happen is the machine's to say. */
export function fold(context: PodContext, event: PodEvent): Partial<PodContext> {
  switch (event.type) {
    case 'PodCreated':
      return created(event);
    case 'PodChanged':
      return changed(context, event);
    case 'PodDeletionRequested':
      return leaving(context, event);
    case 'PodScheduled':
      return scheduled(context, event);
    case 'PodUnschedulable':
      return unschedulable(context, event);
    case 'PodSandboxStarted':
      return sandboxStarted(context, event);
    case 'ContainerWaiting':
    case 'ContainerStarted':
    case 'ContainerBecameReady':
    case 'ContainerBecameUnready':
    case 'ContainerExited':
    case 'ContainerConfirmed':
      return containerStepped(context, event);
    case 'PodBecameRunning':
      return phaseEntered(context, 'Running', event);
    case 'PodSucceeded':
      return phaseEntered(context, 'Succeeded', event);
    case 'PodFailed':
      return phaseEntered({ ...context, status: withoutUnstarted(context.status) }, 'Failed', event);
    case 'PodNodeLost':
      return nodeLost(context, event);
    case 'PodNodeReturned':
      return nodeReturned(context, event);
    case 'PodEvicted':
      return { nodeLoss: {} };
    case 'PodCleanedUp':
      return { progress: { ...progressOf(context), cleanedUp: true } };
    case 'PodNoticed':
    case 'PodRemoved':
      return {};
    default:
      return event satisfies never;
  }
}

/** What of a pod is known from its node; every event that asks for it comes after the pod was bound. */
function progressOf(context: PodContext): PodProgress {
  if (context.progress === undefined) throw new Error(`pod ${context.metadata.name} is not bound to a node`);
  return context.progress;
}

function scheduled(context: PodContext, { data, time }: Of<'PodScheduled'>): Partial<PodContext> {
  const { spec, status } = context;
  const { containers } = spec;
  const bound: PodStatus = {
    ...status,
    conditions: withCondition(status, { type: 'PodScheduled', status: 'True' }, time),
    containerStatuses: containers.map(newContainerStatus),
  };
  return {
    ...(spec.nodeName === data.node ? {} : { spec: { ...spec, nodeName: data.node } }),
    status: { ...bound, conditions: conditionsOf(bound, false, time) },
    progress: { sandboxes: 0, containers: Object.fromEntries(containers.map(({ name }) => [name, NEW_CONTAINER])) },
  };
}

function unschedulable({ status }: PodContext, { data, time }: Of<'PodUnschedulable'>): Partial<PodContext> {
  const { message } = data;
  const judgement = { type: 'PodScheduled', status: 'False', reason: 'Unschedulable', message } as const;
  return { status: { ...status, conditions: withCondition(status, judgement, time) } };
}

function sandboxStarted(context: PodContext, { data, time }: Of<'PodSandboxStarted'>): Partial<PodContext> {
  const { attempt, podIP, hostIP, assignedPort } = data;
  const { status } = context;
  const { assignedPort: _replaced, ...progress } = progressOf(context);
  const { podIP: _ip, podIPs: _ips, ...rest } = status;
  return {
    status: {
      ...rest,
      ...(hostIP === undefined ? {} : { hostIP }),
      ...(podIP === undefined ? {} : { podIP, podIPs: [{ ip: podIP }] }),
      startTime: status.startTime ?? timestamp(time),
    },
    progress: { ...progress, sandboxes: attempt + 1, ...(assignedPort === undefined ? {} : { assignedPort }) },
  };
}

/** Steps one container's machine. */
function containerStepped(context: PodContext, event: ContainerEvent): Partial<PodContext> {
  const progress = progressOf(context);
  const name = event.data.container;
  const { value, ...known } = progress.containers[name] ?? NEW_CONTAINER;
  const statuses = context.status.containerStatuses ?? [];
  const index = statuses.findIndex((candidate) => candidate.name === name);
  const before = statuses[index];
  if (before === undefined) throw new Error(`pod ${context.metadata.name} has no container ${name}`);
  const next = evolve<ContainerContext>(containerMachine, { value, context: { ...known, status: before } }, event);
  const { status, ...kept } = next.context;
  const containers = { ...progress.containers, [name]: { value: next.value, ...kept } };
  if (status === before) return { progress: { ...progress, containers } };
  return {
    progress: { ...progress, containers },
    status: withContainers(context, statuses.with(index, status), event.time),
  };
}

function withContainers(context: PodContext, containerStatuses: readonly ContainerStatus[], time: number): PodStatus {
  const startTime = context.status.startTime ?? timestamp(time);
  const status: PodStatus = { ...context.status, containerStatuses, startTime };
  return { ...status, conditions: conditionsOf(status, context.nodeLoss !== undefined, time) };
}

/** The pod is in another phase, and its conditions follow. */
function phaseEntered(
  context: PodContext,
  phase: PodPhase,
  { data, time }: Of<'PodBecameRunning' | 'PodSucceeded' | 'PodFailed'>,
): Partial<PodContext> {
  const status: PodStatus = { ...context.status, ...data, phase };
  return { status: { ...status, conditions: conditionsOf(status, context.nodeLoss !== undefined, time) } };
}

/** Of a pod that failed, containers that were never started have no status: nobody waits for them any more. */
function withoutUnstarted(status: PodStatus): PodStatus {
  const { containerStatuses = [] } = status;
  const known = containerStatuses.filter(({ state, lastState }) => !('waiting' in state) || lastState.terminated);
  return known.length === containerStatuses.length ? status : { ...status, containerStatuses: known };
}

function nodeLost(context: PodContext, { data, time }: Of<'PodNodeLost'>): Partial<PodContext> {
  const { metadata, spec } = context;
  const silence = `Node ${spec.nodeName ?? ''} which was running pod ${metadata.name} is unresponsive`;
  const stays = `${silence}; the pod is not moved, because no controller would replace it`;
  const controlled = metadata.ownerReferences?.some(({ controller }) => controller === true) ?? false;
  const status: PodStatus = { ...context.status, reason: NODE_LOST, message: controlled ? silence : stays };
  return { nodeLoss: data, status: { ...status, conditions: conditionsOf(status, true, time) } };
}

function nodeReturned(context: PodContext, { time }: Of<'PodNodeReturned'>): Partial<PodContext> {
  const { reason: _reason, message: _message, ...status } = context.status;
  return { nodeLoss: undefined, status: { ...status, conditions: conditionsOf(status, false, time) } };
}

/** Who is on the way out already is not evicted any more. */
function leaving(context: PodContext, event: Of<'PodDeletionRequested'>): Partial<PodContext> {
  const requested = deletionRequested(context, event);
  return context.nodeLoss?.evictAt === undefined ? requested : { ...requested, nodeLoss: {} };
}
