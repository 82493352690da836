/** Fits what the engine shows into what is known of a pod: adoption, a container's end, its disappearance. */
import type { TerminatedReport } from '../../machines/pod/index.ts';
import type { ContainerMemory, PodState } from './pod-state.ts';
import { memoryOf, runsOf } from './pod-state.ts';
import type { RuntimeContainer, RuntimeInventory, RuntimeSandbox } from './runtimes/container-runtime.ts';

/** What Kubernetes writes of a container that is not there any more: as if it had been killed. */
const UNKNOWN_EXIT_CODE = 137;

/** Takes over a pod's part of an inventory, which was complete and taken while nobody worked on the pod. */
export function adopt(pod: PodState, found: RuntimeInventory, now: number): void {
  adoptSandboxes(pod, found.sandboxes);
  const byName = Map.groupBy(found.containers, ({ name }) => name);
  for (const name of byName.keys()) memoryOf(pod, name);
  for (const memory of pod.containers.values()) adoptRuns(pod, memory, byName.get(memory.name) ?? [], now);
}

function adoptSandboxes(pod: PodState, found: readonly RuntimeSandbox[]): void {
  const [newest, ...older] = found.toSorted((a, b) => b.attempt - a.attempt);
  pod.sandbox = newest;
  pod.oldSandboxes.splice(0, Infinity, ...older);
  if (newest !== undefined) pod.nextSandboxAttempt = Math.max(pod.nextSandboxAttempt, newest.attempt + 1);
}

function adoptRuns(pod: PodState, memory: ContainerMemory, found: readonly RuntimeContainer[], now: number): void {
  const [newest, second, ...older] = found.toSorted((a, b) => b.attempt - a.attempt);
  if (newest !== undefined && newest.attempt >= memory.attempt) {
    if (newest.attempt > memory.attempt) memory.lastExit = memory.exit ?? memory.lastExit;
    if (newest.attempt > memory.attempt || newest.state === 'running') memory.exit = undefined;
    memory.current = newest;
    memory.attempt = newest.attempt;
    memory.previous = second;
    memory.garbage.splice(0, Infinity, ...older);
    if (newest.state === 'exited' && memory.exit === undefined) pod.toInspect.add(newest.id);
    if (second?.state === 'exited' && memory.lastExit === undefined) pod.toInspect.add(second.id);
    return;
  }
  memory.previous = newest;
  memory.garbage.splice(0, Infinity, ...(second === undefined ? older : [second, ...older]));
  vanish(pod, memory, now);
}

/** The newest run is not on the engine any more. */
export function vanish(pod: PodState, memory: ContainerMemory, now: number): void {
  const { current } = memory;
  memory.current = undefined;
  if (memory.attempt < 0 || memory.exit !== undefined) return;
  if (current?.state === 'created') return unmake(memory);
  const message = 'The container could not be located: it was removed by somebody else, or with the machine it ran on';
  end(memory, {
    exitCode: UNKNOWN_EXIT_CODE,
    reason: 'ContainerStatusUnknown',
    message,
    ...(current?.startedAt !== undefined && { startedAt: current.startedAt }),
    finishedAt: now,
    ...(current !== undefined && { containerId: current.id }),
  });
  memory.restartAtOnce = pod.work?.spec.restartPolicy !== 'Never';
}

/** Notes how the newest run ended; whatever is tried next begins with the image. */
export function end(memory: ContainerMemory, exit: TerminatedReport): void {
  memory.exit = exit;
  memory.image = { is: 'unchecked' };
  memory.hold = undefined;
  memory.backOffTold = false;
}

/** What became of a container that was looked at again; `exit` where it has ended. */
export function observe(
  pod: PodState,
  id: string,
  seen: { readonly container: RuntimeContainer; readonly exit: TerminatedReport | undefined } | undefined,
  now: number,
): void {
  for (const memory of pod.containers.values()) {
    if (!runsOf(memory).some((run) => run.id === id)) continue;
    if (seen === undefined) return forgetRun(pod, memory, id, now);
    const { container, exit } = seen;
    if (memory.current?.id !== id) {
      replaceOldRun(memory, container);
      if (memory.previous?.id === id) memory.lastExit ??= exit;
      return;
    }
    memory.current = container;
    if (container.state === 'running') memory.exit = undefined;
    else if (exit !== undefined && memory.exit === undefined) end(memory, exit);
    return;
  }
}

function replaceOldRun(memory: ContainerMemory, container: RuntimeContainer): void {
  if (memory.previous?.id === container.id) memory.previous = container;
  const index = memory.garbage.findIndex((run) => run.id === container.id);
  if (index >= 0) memory.garbage[index] = container;
}

/** A container is gone from the engine. */
export function forgetRun(pod: PodState, memory: ContainerMemory, id: string, now: number): void {
  if (memory.current?.id === id) vanish(pod, memory, now);
  else if (memory.previous?.id === id) memory.previous = undefined;
  else {
    const index = memory.garbage.findIndex((run) => run.id === id);
    if (index >= 0) memory.garbage.splice(index, 1);
  }
}

/** A run that was just created takes the newest one's place; one dead run before it is kept. */
export function succeed(memory: ContainerMemory, run: RuntimeContainer): void {
  if (memory.current !== undefined && memory.current.id !== run.id) {
    if (memory.previous !== undefined) memory.garbage.push(memory.previous);
    memory.previous = memory.current;
  }
  memory.lastExit = memory.exit ?? memory.lastExit;
  memory.exit = undefined;
  memory.current = run;
  memory.attempt = run.attempt;
  memory.restartAtOnce = false;
  memory.hold = undefined;
}

/** A run that the agent removed itself. What was never started counts as never made. */
export function dropRun(memory: ContainerMemory, run: RuntimeContainer): void {
  if (memory.previous?.id === run.id) memory.previous = undefined;
  const index = memory.garbage.findIndex(({ id }) => id === run.id);
  if (index >= 0) memory.garbage.splice(index, 1);
  if (memory.current?.id !== run.id) return;
  memory.current = undefined;
  if (run.state === 'created' && memory.exit === undefined) unmake(memory);
}

/** The newest run was never started: its attempt is made again, and was due already. */
function unmake(memory: ContainerMemory): void {
  memory.attempt -= 1;
  memory.image = { is: 'unchecked' };
  if (memory.attempt < 0) return;
  memory.exit = memory.lastExit;
  memory.lastExit = undefined;
  memory.restartAtOnce = true;
}
