/** Decides what a pod's agent says: `report`, levels that become events where they are news, and `fail`, that it gives the pod up. */
import { evolve } from '../evolve.ts';
import type { Decision, DecideInput } from '../kind.ts';
import type { Event, MachineEvent } from '../message.ts';
import { isBeingDeleted } from '../metadata.ts';
import { currentOf, removed } from '../object-rules.ts';
import { refuse, type Refusal } from '../refusal.ts';
import type { ContainerReport, FailArguments, ReportArguments } from './commands.ts';
import { containerChanges } from './container-changes.ts';
import { boundNode, isTerminal } from './facts.ts';
import { phaseOf } from './phase.ts';
import { podEvent } from './pod-event.ts';
import { podRules } from './rules.ts';
import type { PodContext, PodRecord } from './status.ts';

type Input<Arguments> = DecideInput<PodContext, Arguments>;

const NODE_ACTOR = 'system:node:';

/** An agent may speak of the pods of its own node, and of no others. */
function refuseSpeaker(input: Input<{ readonly node: string }>): Refusal | undefined {
  const { kind, command } = input;
  const pod = currentOf(input);
  const { node } = input.arguments;
  if (command.actor.startsWith(NODE_ACTOR) && command.actor !== NODE_ACTOR + node) {
    const own = command.actor.slice(NODE_ACTOR.length);
    return refuse.forbidden(kind, pod.name, `node "${own}" may not speak for node "${node}"`);
  }
  const bound = boundNode(pod);
  if (bound === node) return undefined;
  const where = bound === undefined ? 'bound to no node' : `on node "${bound}"`;
  return refuse.conflict(kind, pod.name, `the pod is ${where}, not on node "${node}"`);
}

export function decideReport(input: Input<ReportArguments>): Decision {
  const { kind } = input;
  const refusal = refuseSpeaker(input);
  if (refusal) return { refusal };
  const pod = currentOf(input);
  const seen = isTerminal(pod) ? afterEnd(input, pod) : [...sandboxEvents(input, pod), ...containersEvents(input, pod)];
  const notices = (input.arguments.notices ?? []).map((notice) => podEvent(kind, 'PodNoticed', notice));
  const events = [...seen, ...notices];
  if (!isBeingDeleted(pod.context.metadata)) return { events: [...events, ...phaseEvents(input, pod, events)] };
  return { events: [...events, ...departure(input, pod)] };
}

function sandboxEvents({ kind, arguments: { sandbox } }: Input<ReportArguments>, { context }: PodRecord): Event[] {
  if (sandbox === undefined) return [];
  const { status, progress } = context;
  const latest = (progress?.sandboxes ?? 0) - 1;
  const news =
    sandbox.podIP !== status.podIP ||
    sandbox.hostIP !== (sandbox.hostIP && status.hostIP) ||
    sandbox.assignedPort !== progress?.assignedPort;
  if (sandbox.attempt < latest || (sandbox.attempt === latest && !news)) return [];
  return [podEvent(kind, 'PodSandboxStarted', sandbox)];
}

function containersEvents(
  { kind, now, arguments: { containers } }: Input<ReportArguments>,
  { context }: PodRecord,
): Event[] {
  const { status, progress } = context;
  return latestOfEach(containers).flatMap((report) => {
    const known = status.containerStatuses?.find(({ name }) => name === report.name);
    const counted = progress?.containers[report.name];
    if (known === undefined || counted === undefined) return [];
    const changes = containerChanges({ status: known, progress: counted }, report, now);
    return changes.map(({ type, data }) => podEvent(kind, type, data));
  });
}

/** Levels of one container that were merged into one report: the newest counts. */
function latestOfEach(reports: readonly ContainerReport[]): readonly ContainerReport[] {
  if (reports.length < 2) return reports;
  const latest = new Map<string, ContainerReport>();
  for (const report of reports) {
    const known = latest.get(report.name);
    if (known === undefined || known.number < report.number) latest.set(report.name, report);
  }
  return [...latest.values()];
}

/** Of a pod that was given up, the ends of its containers are still told; the rest says nothing new. */
function afterEnd(input: Input<ReportArguments>, pod: PodRecord): Event[] {
  const stillRunning = (name: string) =>
    pod.context.status.containerStatuses?.some((known) => known.name === name && 'running' in known.state) ?? false;
  const containers = input.arguments.containers.filter(
    ({ name, state }) => stillRunning(name) && 'terminated' in state,
  );
  const told = containersEvents({ ...input, arguments: { ...input.arguments, containers } }, pod);
  return told.filter(({ type }) => type === 'ContainerExited');
}

/** Folds what was seen to see which phase the pod is in then. */
function phaseEvents({ kind, now }: Input<ReportArguments>, pod: PodRecord, events: readonly Event[]): Event[] {
  if (isTerminal(pod) || events.length === 0) return [];
  let state: Pick<PodRecord, 'value' | 'context'> = pod;
  for (const { type, data } of events) state = evolve(kind.machine, state, { type, data, time: now } as MachineEvent);
  const { status, spec } = state.context;
  const phase = phaseOf(status.containerStatuses ?? [], spec.restartPolicy);
  if (phase === 'Succeeded') return [podEvent(kind, 'PodSucceeded', {})];
  if (phase === 'Failed') return [podEvent(kind, 'PodFailed', {})];
  return phase === 'Running' && status.phase === 'Pending' ? [podEvent(kind, 'PodBecameRunning', {})] : [];
}

/** A pod on its way out goes once nothing is left of it and no finalizer holds it. */
function departure(input: Input<ReportArguments>, { context }: PodRecord): Event[] {
  if (input.arguments.cleanedUp !== true) return [];
  if ((context.metadata.finalizers ?? []).length === 0) return [removed(podRules, input.kind)];
  return context.progress?.cleanedUp === true ? [] : [podEvent(input.kind, 'PodCleanedUp', {})];
}

export function decideFail(input: Input<FailArguments>): Decision {
  const refusal = refuseSpeaker(input);
  if (refusal) return { refusal };
  const pod = currentOf(input);
  if (isTerminal(pod) || isBeingDeleted(pod.context.metadata)) return { events: [] };
  const { reason, message } = input.arguments;
  return { events: [podEvent(input.kind, 'PodFailed', { reason, message })] };
}
