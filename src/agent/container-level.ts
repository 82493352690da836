/** Turns what is known of a container into the level its pod's report carries, in Kubernetes' words. Pure. */
import type { ContainerReport } from '../../machines/pod/index.ts';
import { dueAt, formatDuration } from './back-off.ts';
import type { ContainerMemory, PodState } from './pod-state.ts';
import { mayRunAgain } from './restart-policy.ts';

/** A report's container without the number, which whoever sends it gives. */
export type ContainerLevel = Omit<ContainerReport, 'number'>;

/** A pod as Kubernetes' messages name it: `web-1_default(uid)`. */
export function podTitle({ identity }: PodState): string {
  return `${identity.name}_${identity.namespace}(${identity.uid})`;
}

/** Undefined for a container of which there is nothing to say: of an ended pod, never seen here. */
export function levelOf(pod: PodState, name: string, image: string, now: number): ContainerLevel | undefined {
  const memory = pod.containers.get(name);
  if (pod.want !== 'run' && (memory === undefined || memory.attempt < 0)) return undefined;
  const state = stateOf(pod, memory, now);
  const lastTerminated = 'terminated' in state ? memory?.lastExit : (memory?.exit ?? memory?.lastExit);
  const run = memory?.current;
  return {
    name,
    attempt: shownAttempt(memory, state),
    state,
    ...(lastTerminated !== undefined && { lastTerminated }),
    ready: 'running' in state,
    image: run?.image ?? image,
    ...(run !== undefined && run.imageId !== '' && { imageId: run.imageId }),
    ...(run !== undefined && { containerId: run.id }),
  };
}

/** A run that was made and has not started yet is not counted: what is told is still about the run before. */
function shownAttempt(memory: ContainerMemory | undefined, state: ContainerLevel['state']): number {
  if (memory === undefined) return 0;
  const isUnstarted = 'waiting' in state && memory.exit === undefined && memory.current?.state === 'created';
  return Math.max(0, isUnstarted ? memory.attempt - 1 : memory.attempt);
}

function stateOf(pod: PodState, memory: ContainerMemory | undefined, now: number): ContainerLevel['state'] {
  if (memory === undefined) return creating();
  const { current, exit, hold, image } = memory;
  if (current?.state === 'running') return { running: { startedAt: current.startedAt ?? now } };
  if (pod.want !== 'run') return exit === undefined ? creating() : { terminated: exit };
  if (exit !== undefined && !memory.restartAtOnce) {
    if (!mayRunAgain(exit, pod.work?.spec.restartPolicy)) return { terminated: exit };
    if (now < dueAt(memory.restart, exit.finishedAt)) return { waiting: crashLoop(pod, memory) };
  }
  if (hold !== undefined) return { waiting: { reason: hold.reason, message: hold.message } };
  if (image.is === 'failed') return { waiting: { reason: image.reason, message: image.message } };
  return exit === undefined || image.is === 'pulling' ? creating() : { terminated: exit };
}

/** Why a container that never ran has not started yet. */
export function waitingReason(memory: ContainerMemory | undefined): string {
  if (memory?.hold !== undefined) return memory.hold.reason;
  return memory?.image.is === 'failed' ? memory.image.reason : CREATING;
}

const CREATING = 'ContainerCreating';

function creating(): ContainerLevel['state'] {
  return { waiting: { reason: CREATING } };
}

function crashLoop(pod: PodState, { name, restart }: ContainerMemory) {
  const delay = formatDuration(restart?.delayMs ?? 0);
  const message = `back-off ${delay} restarting failed container=${name} pod=${podTitle(pod)}`;
  return { reason: 'CrashLoopBackOff', message };
}

/** Equal for two levels that say the same; cheaper than comparing trees, and kept instead of the level. */
export function signatureOf(level: ContainerLevel): string {
  return JSON.stringify(level);
}
