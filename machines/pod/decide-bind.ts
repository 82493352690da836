/** Decides the scheduler's verbs: its premise, that the pod is still unbound and fits the node, is checked against the cell as it is now. */
import type { Decision, DecideInput } from '../kind.ts';
import { matchesLabels } from '../labels.ts';
import { isBeingDeleted } from '../metadata.ts';
import { allocatable, unschedulableReason, type NodeContext, type NodeRecord } from '../node/index.ts';
import { currentOf } from '../object-rules.ts';
import { refuse } from '../refusal.ts';
import type { View } from '../view.ts';
import type { BindArguments, MarkUnschedulableArguments } from './commands.ts';
import { podEvent } from './pod-event.ts';
import { boundNode, isTerminal, unschedulableMessage } from './facts.ts';
import { hostPortsConflict, hostPortsOf } from './host-ports.ts';
import { NODE_INDEX } from './indexes.ts';
import { resourceRequests } from './resources.ts';
import type { PodContext, PodRecord } from './status.ts';

export function decideBind(input: DecideInput<PodContext, BindArguments>): Decision {
  const { kind, view } = input;
  const pod = currentOf(input);
  const { node: name } = input.arguments;
  if (boundNode(pod) === name) return { events: [] };
  const why = refusePod(pod, name) ?? refuseNode(pod, view, name);
  if (why !== undefined) return { refusal: refuse.conflict(kind, pod.name, why) };
  return { events: [podEvent(kind, 'PodScheduled', input.arguments)] };
}

function refusePod(pod: PodRecord, node: string): string | undefined {
  const bound = boundNode(pod);
  if (bound !== undefined) return `pod ${pod.name} is already assigned to node "${bound}"`;
  if (isBeingDeleted(pod.context.metadata)) return `pod ${pod.name} is being deleted, cannot be assigned to a host`;
  const { nodeName } = pod.context.spec;
  return nodeName === undefined || nodeName === node ? undefined : `pod ${pod.name} asks for node "${nodeName}"`;
}

/** Why a node does not take the pod, in the scheduler's phrases. */
function refuseNode(pod: PodRecord, view: View, name: string): string | undefined {
  const node = view.get<NodeContext>('Node', '', name);
  if (node === undefined) return `node "${name}" does not exist`;
  const unschedulable = unschedulableReason(node);
  if (unschedulable !== undefined) return `node "${name}": ${unschedulable}`;
  if (!matchesLabels(node.context.metadata.labels, pod.context.spec.nodeSelector ?? {})) {
    return `node "${name}": node(s) didn't match Pod's node affinity/selector`;
  }
  const lacking = missingRoom(pod, view, node);
  return lacking.length > 0 ? `node "${name}": ${lacking.join(', ')}` : undefined;
}

function missingRoom(pod: PodRecord, view: View, node: NodeRecord): readonly string[] {
  const offers = allocatable(node);
  const asks = resourceRequests(pod.context.spec);
  const ports = hostPortsOf(pod.context.spec);
  let { cpuMillis, memoryBytes } = asks;
  let pods = 1;
  let portsTaken = false;
  for (const other of view.indexed<PodContext>('Pod', NODE_INDEX, node.name)) {
    if (isTerminal(other)) continue;
    const taken = resourceRequests(other.context.spec);
    cpuMillis += taken.cpuMillis;
    memoryBytes += taken.memoryBytes;
    pods++;
    portsTaken ||= ports.length > 0 && hostPortsConflict(ports, hostPortsOf(other.context.spec));
  }
  const missing: string[] = [];
  if (portsTaken) missing.push("node(s) didn't have free ports for the requested pod ports");
  if (pods > offers.pods) missing.push('Too many pods');
  if (asks.cpuMillis > 0 && cpuMillis > offers.cpuMillis) missing.push('Insufficient cpu');
  if (asks.memoryBytes > 0 && memoryBytes > offers.memoryBytes) missing.push('Insufficient memory');
  return missing;
}

export function decideMarkUnschedulable(input: DecideInput<PodContext, MarkUnschedulableArguments>): Decision {
  const { kind } = input;
  const pod = currentOf(input);
  const why = refusePod(pod, pod.context.spec.nodeName ?? '');
  if (why !== undefined) return { refusal: refuse.conflict(kind, pod.name, why) };
  if (unschedulableMessage(pod) === input.arguments.message) return { events: [] };
  return { events: [podEvent(kind, 'PodUnschedulable', input.arguments)] };
}
