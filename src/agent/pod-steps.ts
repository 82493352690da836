/** Carries out one step of a pod's plan on the engine and notes what came of it. */
import type { Container } from '../../machines/pod/index.ts';
import { sandboxSpecOf } from './container-spec.ts';
import { describeExit } from './exit-report.ts';
import { ImageSteps } from './image-steps.ts';
import { dropRun, observe } from './pod-observation.ts';
import type { Step, StopReason } from './pod-plan.ts';
import { memoryOf } from './pod-state.ts';
import type { RuntimeContainer, RuntimeSandbox } from './runtimes/container-runtime.ts';
import { RuntimeError } from './runtimes/container-runtime.ts';
import { StartSteps } from './start-steps.ts';
import type { StepContext } from './step-context.ts';
import { tellFailure, workOf } from './step-context.ts';

export class PodSteps {
  readonly #context: StepContext;
  readonly #images: ImageSteps;
  readonly #starts: StartSteps;
  /** Sandboxes heard to be gone before the call that makes them has returned. */
  #departed: Set<string> | undefined;
  #directories: ReadonlyMap<string, string> = new Map();

  constructor(context: StepContext) {
    this.#context = context;
    this.#images = new ImageSteps(context);
    this.#starts = new StartSteps(context);
  }

  /** @throws RuntimeError or VolumeError when it could not be done */
  carryOut(step: Exclude<Step, { readonly do: 'wait' | 'finish' }>): Promise<void> | void {
    switch (step.do) {
      case 'inspect':
        return this.#inspect(step.id);
      case 'stop':
        return this.#stop(step.runs, step.why);
      case 'prepareVolumes':
        return this.#prepareVolumes();
      case 'createSandbox':
        return this.#createSandbox();
      case 'checkImage':
        return this.#images.check(this.#container(step.name));
      case 'tellImageBackOff':
        return this.#images.tellBackOff(this.#container(step.name));
      case 'tellCrashLoop':
        return this.#starts.tellCrashLoop(step.name);
      case 'create':
        return this.#starts.create(this.#container(step.name), this.#directories);
      case 'start':
        return this.#starts.start(step.name);
      case 'removeContainers':
        return this.#removeContainers(step.runs);
      case 'removeSandboxes':
        return this.#removeSandboxes(step.sandboxes);
      case 'removeVolumes':
        return this.#removeVolumes();
      default:
        return step satisfies never;
    }
  }

  /** Something unknown to the pod has ended: perhaps what is being made just now. */
  departed(id: string): void {
    this.#departed?.add(id);
  }

  #container(name: string): Container {
    const container = workOf(this.#context).spec.containers.find((candidate) => candidate.name === name);
    if (container === undefined) throw new Error(`container ${name} is not in the specification`);
    return container;
  }

  async #inspect(id: string): Promise<void> {
    const { pod, services } = this.#context;
    // Before the engine answers, so that what is heard meanwhile is looked at again.
    pod.toInspect.delete(id);
    try {
      const container = await services.runtime.inspectContainer(id);
      const seen = container && { container, exit: await describeExit(services, container) };
      observe(pod, id, seen, services.clock.now());
    } catch (error) {
      pod.toInspect.add(id);
      throw error;
    }
  }

  #stop(runs: readonly RuntimeContainer[], why: StopReason): void {
    const { pod, services } = this.#context;
    const { graceSeconds } = pod;
    for (const run of runs) {
      this.#beforeStop(run, why);
      const killedBy = services.clock.now() + graceSeconds * 1000;
      pod.stops.set(run.id, killedBy);
      this.#context.inBackground(async () => {
        try {
          await services.runtime.stopContainer(run.id, { graceSeconds });
        } catch (error) {
          if (!(error instanceof RuntimeError) || error.code !== 'gone') throw error;
        } finally {
          // A stop with a shorter grace may have taken its place.
          if (pod.stops.get(run.id) === killedBy) pod.stops.delete(run.id);
        }
        pod.toInspect.add(run.id);
      });
    }
  }

  #beforeStop(run: RuntimeContainer, why: StopReason): void {
    const { pod, tell } = this.#context;
    const memory = memoryOf(pod, run.name);
    const restarts = pod.work?.spec.restartPolicy !== 'Never';
    if (why === 'changed' || (why === 'lost' && restarts && run.id === memory.current?.id)) memory.restartAtOnce = true;
    const message =
      why === 'changed'
        ? `Container ${run.name} definition changed, will be restarted`
        : `Stopping container ${run.name}`;
    tell({ type: 'Normal', reason: 'Killing', message, container: run.name });
    if (why !== 'lost') return;
    const changed = 'Pod sandbox changed, it will be killed and re-created.';
    tell({ type: 'Normal', reason: 'SandboxChanged', message: changed });
  }

  async #prepareVolumes(): Promise<void> {
    const { pod, services } = this.#context;
    const { spec, uid } = workOf(this.#context);
    if ((spec.volumes ?? []).length > 0) this.#directories = await services.volumes.prepare(uid, spec);
    pod.volumes = 'prepared';
  }

  async #createSandbox(): Promise<void> {
    const { pod, services } = this.#context;
    const attempt = pod.nextSandboxAttempt;
    if (pod.sandbox !== undefined) pod.oldSandboxes.push(pod.sandbox);
    pod.sandbox = undefined;
    this.#departed = new Set();
    try {
      const spec = sandboxSpecOf(workOf(this.#context), attempt);
      const made = await services.starts.run(() => services.runtime.createSandbox(spec));
      pod.nextSandboxAttempt = attempt + 1;
      services.attempted(pod.identity.uid);
      pod.sandbox = this.#departed.has(made.id) ? { ...made, running: false } : made;
    } catch (error) {
      // An engine that is away is no news of every pod.
      if (error instanceof RuntimeError && error.code === 'refused') {
        tellFailure(this.#context, { reason: 'FailedCreatePodSandBox', what: 'Failed to create pod sandbox' }, error);
      }
      throw error;
    } finally {
      this.#departed = undefined;
    }
  }

  async #removeContainers(runs: readonly RuntimeContainer[]): Promise<void> {
    const { pod, services } = this.#context;
    await Promise.all(
      runs.map(async (run) => {
        await services.runtime.removeContainer(run.id);
        dropRun(memoryOf(pod, run.name), run);
      }),
    );
  }

  async #removeSandboxes(sandboxes: readonly RuntimeSandbox[]): Promise<void> {
    const { pod, services } = this.#context;
    for (const { id } of sandboxes) {
      await services.runtime.removeSandbox(id);
      if (pod.sandbox?.id === id) pod.sandbox = undefined;
      const index = pod.oldSandboxes.findIndex((old) => old.id === id);
      if (index >= 0) pod.oldSandboxes.splice(index, 1);
    }
  }

  async #removeVolumes(): Promise<void> {
    const { pod, services } = this.#context;
    const none = pod.work !== undefined && (pod.work.spec.volumes ?? []).length === 0;
    if (!none) await services.volumes.remove(pod.identity.uid);
    pod.volumes = 'removed';
  }
}
