/** The steps of a pod's plan that make and start a container, and hold back one that keeps failing. */
import type { Container } from '../../machines/pod/index.ts';
import { formatDuration, raise } from './back-off.ts';
import { podTitle } from './container-level.ts';
import { containerSpecOf, mountsOf } from './container-spec.ts';
import { end, forgetRun, succeed } from './pod-observation.ts';
import type { ContainerMemory } from './pod-state.ts';
import { memoryOf } from './pod-state.ts';
import { RuntimeError } from './runtimes/container-runtime.ts';
import type { StepContext } from './step-context.ts';
import { tellFailure, workOf } from './step-context.ts';

/** A container the engine refuses to make will be refused again until somebody changes something. */
export const CREATE_RETRY_MS = 10_000;

/** What the engine says of a program that could not be started is no exit code; Kubernetes writes 128. */
const CANNOT_RUN_EXIT_CODE = 128;

export class StartSteps {
  readonly #context: StepContext;
  #unenforceableTold = false;

  constructor(context: StepContext) {
    this.#context = context;
  }

  /** @throws RuntimeError */
  async create(container: Container, directories: ReadonlyMap<string, string>): Promise<void> {
    const { pod, services, tell } = this.#context;
    const { name } = container;
    const memory = memoryOf(pod, name);
    const placement = { sandboxId: pod.sandbox?.id ?? '', attempt: memory.attempt + 1 };
    const mounts = mountsOf(container, directories);
    const spec = containerSpecOf(workOf(this.#context), container, { ...placement, mounts });
    try {
      const made = await services.starts.run(() => services.runtime.createContainer(spec));
      this.#raiseRestart(memory);
      succeed(memory, made);
      if (made.state === 'exited') pod.toInspect.add(made.id);
      services.attempted(pod.identity.uid);
    } catch (error) {
      return this.#createFailed(memory, error);
    }
    tell({ type: 'Normal', reason: 'Created', message: `Created container: ${name}`, container: name });
    this.#tellUnenforceable(container);
  }

  /** @throws RuntimeError */
  async start(name: string): Promise<void> {
    const { pod, services, tell } = this.#context;
    const memory = memoryOf(pod, name);
    const { current } = memory;
    if (current === undefined) return;
    try {
      await services.starts.run(() => services.runtime.startContainer(current.id));
    } catch (error) {
      return this.#startFailed(memory, current.id, error);
    }
    tell({ type: 'Normal', reason: 'Started', message: `Started container ${name}`, container: name });
    pod.toInspect.add(current.id);
  }

  /** Once per exit. */
  tellCrashLoop(name: string): void {
    const { pod, services, tell } = this.#context;
    const memory = memoryOf(pod, name);
    memory.backOffTold = true;
    const message = `Back-off restarting failed container ${name} in pod ${podTitle(pod)}`;
    tell({ type: 'Warning', reason: 'BackOff', message, container: name });
    const delay = formatDuration(memory.restart?.delayMs ?? 0);
    services.logger.info('container is held back', { pod: podTitle(pod), container: name, delay });
  }

  #createFailed(memory: ContainerMemory, error: unknown): void {
    const { pod, services } = this.#context;
    if (!(error instanceof RuntimeError) || error.code === 'unavailable') throw error;
    if (error.code === 'gone') {
      if (pod.sandbox !== undefined) pod.sandbox = { ...pod.sandbox, running: false };
      throw error;
    }
    tellFailure(this.#context, { reason: 'Failed', what: 'Error', container: memory.name }, error);
    const until = services.clock.now() + CREATE_RETRY_MS;
    memory.hold = { reason: 'CreateContainerError', message: error.message, until };
  }

  #startFailed(memory: ContainerMemory, id: string, error: unknown): void {
    const { pod, services } = this.#context;
    if (!(error instanceof RuntimeError) || error.code === 'unavailable') throw error;
    const now = services.clock.now();
    if (error.code === 'gone') {
      forgetRun(pod, memory, id, now);
      throw error;
    }
    const what = `Error: failed to start container "${memory.name}"`;
    tellFailure(this.#context, { reason: 'Failed', what, container: memory.name }, error);
    end(memory, {
      exitCode: CANNOT_RUN_EXIT_CODE,
      reason: 'ContainerCannotRun',
      message: error.message,
      finishedAt: now,
      containerId: id,
    });
  }

  #raiseRestart(memory: ContainerMemory): void {
    const { exit, restartAtOnce } = memory;
    if (exit === undefined || restartAtOnce) return;
    const now = this.#context.services.clock.now();
    memory.restart = raise(memory.restart, { failedAt: exit.finishedAt, now });
  }

  #tellUnenforceable(container: Container): void {
    const limits = container.resources.limits ?? {};
    const names = this.#context.services.unenforceable().filter((name) => limits[name] !== undefined);
    if (names.length === 0 || this.#unenforceableTold) return;
    this.#unenforceableTold = true;
    const message = `This node cannot enforce the limit of ${names.join(' and ')}; the container runs without`;
    this.#context.tell({ type: 'Warning', reason: 'LimitNotEnforced', message, container: container.name });
  }
}
