/** Decides what a node's silence means for its pods: lost, returned, evicted. */
import type { Decision, DecideInput } from '../kind.ts';
import { controllerOf, isBeingDeleted } from '../metadata.ts';
import { isUnreachable, type NodeContext } from '../node/index.ts';
import { decideDelete } from '../object-delete.ts';
import { currentOf } from '../object-rules.ts';
import { refuse } from '../refusal.ts';
import type { ExpireArguments, MarkNodeLostArguments, MarkNodeReturnedArguments } from './commands.ts';
import { boundNode, isNodeLost, isTerminal } from './facts.ts';
import type { Toleration } from './manifest.ts';
import { podEvent } from './pod-event.ts';
import { podRules } from './rules.ts';
import type { PodContext, PodRecord } from './status.ts';

type Input<Arguments> = DecideInput<PodContext, Arguments>;

/** Name of the deadline at which a pod of a lost node is evicted. */
export const EVICTION_DEADLINE = 'eviction';
/** Two heartbeats and a bit: a node that came back while nobody watched has been heard by then. */
export const WATCHED_BEFORE_EVICTION_MS = 5_000;
const UNREACHABLE = 'node.kubernetes.io/unreachable';

export function decideMarkNodeLost(input: Input<MarkNodeLostArguments>): Decision {
  const { kind, now } = input;
  const pod = currentOf(input);
  const { node, defaultTolerationSeconds } = input.arguments;
  if (boundNode(pod) !== node) return { refusal: refuse.conflict(kind, pod.name, `the pod is not on node "${node}"`) };
  if (isNodeLost(pod) || isTerminal(pod)) return { events: [] };
  const seconds = mayBeEvicted(pod) ? tolerationSeconds(pod, defaultTolerationSeconds) : undefined;
  const data = seconds === undefined ? {} : { evictAt: now + seconds * 1000 };
  return { events: [podEvent(kind, 'PodNodeLost', data)] };
}

/** A bare pod is not moved, ever: nothing would replace it. */
function mayBeEvicted({ context }: PodRecord): boolean {
  return controllerOf(context.metadata) !== undefined && !isBeingDeleted(context.metadata);
}

/** How long the pod stays on a silent node; undefined: for ever. As Kubernetes, the shortest of what matches. */
function tolerationSeconds({ context }: PodRecord, byDefault: number): number | undefined {
  const matching = (context.spec.tolerations ?? []).filter(toleratesSilence);
  if (matching.length === 0) return byDefault;
  const limits = matching.flatMap(({ tolerationSeconds: limit }) => (limit === undefined ? [] : [Math.max(0, limit)]));
  return limits.length === 0 ? undefined : Math.min(...limits);
}

/** The taint of a silent node has no value. */
function toleratesSilence({ key = '', operator = 'Equal', value = '', effect }: Toleration): boolean {
  const applies = effect === undefined || effect === 'NoExecute';
  if (operator === 'Exists') return applies && (key === '' || key === UNREACHABLE);
  return applies && key === UNREACHABLE && value === '';
}

export function decideMarkNodeReturned(input: Input<MarkNodeReturnedArguments>): Decision {
  const pod = currentOf(input);
  const { node } = input.arguments;
  if (boundNode(pod) !== node) {
    return { refusal: refuse.conflict(input.kind, pod.name, `the pod is not on node "${node}"`) };
  }
  return { events: isNodeLost(pod) ? [podEvent(input.kind, 'PodNodeReturned', {})] : [] };
}

/** A deadline is due: the pod is evicted if its node is silent still, and its controller there to replace it. */
export function decideExpire(input: Input<ExpireArguments>): Decision {
  const { kind, view, now } = input;
  const pod = currentOf(input);
  const evictAt = input.arguments.deadline === EVICTION_DEADLINE ? pod.context.nodeLoss?.evictAt : undefined;
  if (evictAt === undefined) return { events: [] };
  if (now < evictAt) return { refusal: refuse.conflict(kind, pod.name, 'its eviction is not due yet') };
  const node = view.get<NodeContext>('Node', '', boundNode(pod) ?? '');
  if (node !== undefined && !isUnreachable(node)) {
    return { refusal: refuse.conflict(kind, pod.name, `node "${node.name}" is heard again`) };
  }
  if (!mayBeEvicted(pod)) return { events: [podEvent(kind, 'PodNodeLost', {})] };
  const deletion = decideDelete(podRules, { ...input, arguments: {} });
  if ('refusal' in deletion) return deletion;
  return { events: [podEvent(kind, 'PodEvicted', {}), ...deletion.events] };
}
