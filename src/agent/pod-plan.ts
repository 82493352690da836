/** Says what the one next thing to do for a pod is, from what is wanted and what is there: pure, so that every case is a test. */
import { dueAt } from './back-off.ts';
import type { ContainerMemory, PodState } from './pod-state.ts';
import { allRuns, runsOf } from './pod-state.ts';
import { mayRunAgain } from './restart-policy.ts';
import type { RuntimeContainer, RuntimeSandbox } from './runtimes/container-runtime.ts';

export type Step =
  | { readonly do: 'inspect'; readonly id: string }
  | { readonly do: 'stop'; readonly runs: readonly RuntimeContainer[]; readonly why: StopReason }
  | { readonly do: 'prepareVolumes' }
  | { readonly do: 'createSandbox' }
  | { readonly do: 'checkImage'; readonly name: string }
  | { readonly do: 'tellImageBackOff'; readonly name: string }
  | { readonly do: 'tellCrashLoop'; readonly name: string }
  | { readonly do: 'create'; readonly name: string }
  | { readonly do: 'start'; readonly name: string }
  | { readonly do: 'removeContainers'; readonly runs: readonly RuntimeContainer[] }
  | { readonly do: 'removeSandboxes'; readonly sandboxes: readonly RuntimeSandbox[] }
  | { readonly do: 'removeVolumes' }
  /** Nothing until something is heard, or until then (Unix milliseconds). */
  | { readonly do: 'wait'; readonly until?: number }
  /** Nothing of the pod is left. */
  | { readonly do: 'finish' };

/** `leaving`: the pod goes or has ended; `changed`: its image changed; `lost`: its sandbox is gone; `stray`: not in the specification, or a second run. */
export type StopReason = 'leaving' | 'changed' | 'lost' | 'stray';

/** The next step; the caller carries it out, notes what came of it and asks again. */
export function planPod(pod: PodState, now: number): Step {
  if (now < pod.holdUntil) return { do: 'wait', until: pod.holdUntil };
  for (const id of pod.toInspect) return { do: 'inspect', id };
  switch (pod.want) {
    case 'run':
      return planRunning(pod, now);
    case 'end':
      return planEnd(pod, now);
    case 'remove':
      return planRemoval(pod, now);
    case 'leave':
      return { do: 'wait' };
    default:
      return pod.want satisfies never;
  }
}

function planRemoval(pod: PodState, now: number): Step {
  const runs = allRuns(pod);
  const stopping = stopAll(pod, { runs: runs.filter(isRunning), why: 'leaving' }, now);
  if (stopping !== undefined) return stopping;
  if (runs.length > 0) return { do: 'removeContainers', runs };
  const sandboxes = allSandboxes(pod);
  if (sandboxes.length > 0) return { do: 'removeSandboxes', sandboxes };
  return pod.volumes === 'removed' ? { do: 'finish' } : { do: 'removeVolumes' };
}

/** Dead containers stay until the pod is deleted, so that their output can be read. */
function planEnd(pod: PodState, now: number): Step {
  const stopping = stopAll(pod, { runs: allRuns(pod).filter(isRunning), why: 'leaving' }, now);
  if (stopping !== undefined) return stopping;
  const sandboxes = allSandboxes(pod);
  if (sandboxes.length > 0) return { do: 'removeSandboxes', sandboxes };
  return planGarbage(pod) ?? { do: 'wait' };
}

function planRunning(pod: PodState, now: number): Step {
  const specs = pod.work?.spec.containers ?? [];
  const sandbox = pod.sandbox?.running === true ? pod.sandbox : undefined;
  const { stray, lost, changed } = findMisplaced(pod, specs, sandbox?.id);
  const straying = stopAll(pod, { runs: stray, why: 'stray' }, now);
  if (straying?.do === 'stop') return straying;
  const losing = stopAll(pod, { runs: lost, why: 'lost' }, now);
  if (losing !== undefined) return losing;
  const changing = stopAll(pod, { runs: changed, why: 'changed' }, now);
  if (changing?.do === 'stop') return changing;
  const turns: Step[] = [];
  for (const { name, image } of specs) {
    const memory = pod.containers.get(name);
    if (memory?.current?.state === 'running') continue;
    const turn = planContainer(pod, { name, image, memory }, now);
    if (turn !== 'ended') turns.push(turn);
  }
  if (turns.length > 0 && pod.volumes !== 'prepared') return { do: 'prepareVolumes' };
  if (turns.length > 0 && sandbox === undefined) return { do: 'createSandbox' };
  const step = turns.find((turn) => turn.do !== 'wait');
  return step ?? planGarbage(pod) ?? earliest(turns);
}

type Specs = NonNullable<PodState['work']>['spec']['containers'];

interface Misplaced {
  /** In no specification, or second runs of one container. */
  readonly stray: readonly RuntimeContainer[];
  /** In a sandbox that is gone. */
  readonly lost: readonly RuntimeContainer[];
  /** Of another image than is wanted now. */
  readonly changed: readonly RuntimeContainer[];
}

const NONE_MISPLACED: Misplaced = { stray: [], lost: [], changed: [] };

/** What runs and should not, as it is. Asked before every step of every pod, and nearly always nothing. */
function findMisplaced(pod: PodState, specs: Specs, sandboxId: string | undefined): Misplaced {
  let found: { stray: RuntimeContainer[]; lost: RuntimeContainer[]; changed: RuntimeContainer[] } | undefined;
  for (const memory of pod.containers.values()) {
    const { current, previous, garbage } = memory;
    if (!isRunning(current) && !isRunning(previous) && garbage.length === 0) continue;
    const spec = specs.find(({ name }) => name === memory.name);
    if (isInPlace(memory, spec, sandboxId)) continue;
    found ??= { stray: [], lost: [], changed: [] };
    for (const run of runsOf(memory)) {
      if (!isRunning(run)) continue;
      if (spec === undefined || run !== current) found.stray.push(run);
      else if (run.sandboxId !== sandboxId) found.lost.push(run);
      else if (run.image !== spec.image) found.changed.push(run);
    }
  }
  return found ?? NONE_MISPLACED;
}

function isInPlace(memory: ContainerMemory, spec: Specs[number] | undefined, sandboxId: string | undefined): boolean {
  const { current, previous, garbage } = memory;
  if (spec === undefined || isRunning(previous) || garbage.length > 0) return false;
  return current?.sandboxId === sandboxId && current?.image === spec.image;
}

interface ContainerCase {
  readonly name: string;
  readonly image: string;
  readonly memory: ContainerMemory | undefined;
}

/** What is next for a container that does not run. */
function planContainer(pod: PodState, { name, image, memory }: ContainerCase, now: number): Step | 'ended' {
  if (memory === undefined) return { do: 'checkImage', name };
  const { current, exit, hold } = memory;
  // A run that was made before its number was known to be taken is being stopped: two never run side by side.
  if (runsOf(memory).some((run) => run !== current && isRunning(run))) return { do: 'wait' };
  if (exit !== undefined && !memory.restartAtOnce) {
    if (!mayRunAgain(exit, pod.work?.spec.restartPolicy)) return 'ended';
    const due = dueAt(memory.restart, exit.finishedAt);
    if (now < due) return memory.backOffTold ? { do: 'wait', until: due } : { do: 'tellCrashLoop', name };
  }
  if (hold !== undefined && now < hold.until) return { do: 'wait', until: hold.until };
  const waitsToStart = current?.state === 'created' && exit === undefined;
  if (waitsToStart && current.sandboxId === pod.sandbox?.id && current.image === image) return { do: 'start', name };
  if (waitsToStart) return { do: 'removeContainers', runs: [current] };
  return planImage(memory, now);
}

function planImage({ name, image }: ContainerMemory, now: number): Step {
  switch (image.is) {
    case 'unchecked':
      return { do: 'checkImage', name };
    case 'pulling':
      return { do: 'wait' };
    case 'present':
      return { do: 'create', name };
    case 'failed':
      if (now >= image.retryAt) return { do: 'checkImage', name };
      if (image.shownUntil === image.retryAt) return { do: 'wait', until: image.retryAt };
      return now < image.shownUntil ? { do: 'wait', until: image.shownUntil } : { do: 'tellImageBackOff', name };
    default:
      return image satisfies never;
  }
}

/** Stops those that are not being stopped soon enough yet; `wait` while some have still to end; undefined when none is left. */
function stopAll(
  pod: PodState,
  stop: { readonly runs: readonly RuntimeContainer[]; readonly why: StopReason },
  now: number,
): Step | undefined {
  if (stop.runs.length === 0) return undefined;
  const killedBy = now + pod.graceSeconds * 1000;
  const runs = stop.runs.filter(({ id }) => (pod.stops.get(id) ?? Infinity) > killedBy);
  return runs.length > 0 ? { do: 'stop', runs, why: stop.why } : { do: 'wait' };
}

/** Dead runs older than the previous one, whatever is in no specification any more, and sandboxes left behind. */
function planGarbage(pod: PodState): Step | undefined {
  const specs = pod.work?.spec.containers;
  const dead: RuntimeContainer[] = [];
  for (const memory of pod.containers.values()) {
    const isWanted = specs === undefined || specs.some(({ name }) => name === memory.name);
    for (const run of isWanted ? memory.garbage : runsOf(memory)) if (!isRunning(run)) dead.push(run);
  }
  if (dead.length > 0) return { do: 'removeContainers', runs: dead };
  return pod.oldSandboxes.length > 0 ? { do: 'removeSandboxes', sandboxes: [...pod.oldSandboxes] } : undefined;
}

function earliest(turns: readonly Step[]): Step {
  let until: number | undefined;
  for (const turn of turns) {
    if (turn.do === 'wait' && turn.until !== undefined) until = Math.min(until ?? Infinity, turn.until);
  }
  return until === undefined ? { do: 'wait' } : { do: 'wait', until };
}

function allSandboxes(pod: PodState): RuntimeSandbox[] {
  return pod.sandbox === undefined ? [...pod.oldSandboxes] : [pod.sandbox, ...pod.oldSandboxes];
}

function isRunning(run: RuntimeContainer | undefined): boolean {
  return run?.state === 'running';
}
