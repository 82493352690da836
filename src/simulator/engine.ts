/** The container engine of one simulated node: hollow, with faults put in between, and seen by the checkers whatever its agent believes. */
import {
  RuntimeError,
  type ContainerRuntime,
  type ContainerSpec,
  type PodIdentity,
  type RuntimeEvent,
} from '../agent/runtimes/container-runtime.ts';
import { createHollowRuntime } from '../agent/runtimes/hollow/runtime.ts';
import type { Clock } from '../foundation/clock.ts';
import type { Random } from './random.ts';
import type { Timeline } from './timeline.ts';
import type { VirtualProcess } from './virtual-process.ts';

/** What an engine call takes, milliseconds. */
const CALL_MS = { least: 1, most: 15 } as const;
/** A container that is made to end does so within this, milliseconds. */
const RUN_MAX_MS = 40_000;
const SEGMENTATION_FAULT = 139;
const OUT_OF_MEMORY = 137;

/**
 * What befalls calls now: probabilities, and milliseconds added at most. `createFails`: a creation or start fails, sometimes
 * after it was carried out; `exits` and `outOfMemory`: a new container will end by itself; `unavailable`: the engine is away.
 */
export type EngineTrouble = Record<'createFails' | 'exits' | 'outOfMemory' | 'unavailable' | 'slowMs', number>;

const NO_TROUBLE: EngineTrouble = { createFails: 0, exits: 0, outOfMemory: 0, unavailable: 0, slowMs: 0 };

export interface EngineOptions {
  readonly node: string;
  readonly clock: Clock;
  readonly timeline: Timeline;
  readonly random: Random;
  readonly cpuMillis: number;
  readonly memoryBytes: number;
  /** A container began to run, as the engine itself knows. */
  onStarted(engine: Engine, container: RunningContainer): void;
}

export interface RunningContainer {
  readonly id: string;
  readonly pod: PodIdentity;
}

export class Engine {
  readonly node: string;
  readonly trouble: EngineTrouble = { ...NO_TROUBLE };
  /** By container id. */
  readonly running = new Map<string, RunningContainer>();
  /** Highest attempt made, by pod uid and container. */
  readonly attempts = new Map<string, number>();
  readonly #options: EngineOptions;
  #inner: ContainerRuntime;
  #power = new AbortController();

  constructor(options: EngineOptions) {
    this.#options = options;
    this.node = options.node;
    this.#inner = this.#boot();
  }

  /** Everything that ran is gone. */
  async losePower(): Promise<void> {
    this.#power.abort();
    this.running.clear();
    await this.#inner.close();
    this.#inner = this.#boot();
  }

  calm(): void {
    Object.assign(this.trouble, NO_TROUBLE);
  }

  /** Somebody removes a container behind the agent's back. */
  async removeBehindBack(index: number): Promise<void> {
    const ids = [...this.running.keys()].toSorted();
    const id = ids[index % ids.length];
    if (id !== undefined) await this.#inner.removeContainer(id);
  }

  /** The engine as an agent's process reaches it. */
  runtimeFor(process: VirtualProcess): ContainerRuntime {
    const inner = this.#inner;
    const call = <Result>(what: 'make' | 'other', act: () => Promise<Result>) =>
      process.answer(this.#carryOut(what, act));
    return {
      kind: inner.kind,
      info: () => call('other', () => inner.info()),
      inventory: () => call('other', () => inner.inventory()),
      ensureImage: (request) => call('other', () => inner.ensureImage(request)),
      createSandbox: (spec) => call('make', () => inner.createSandbox(spec)),
      removeSandbox: (id) => call('other', () => inner.removeSandbox(id)),
      createContainer: (spec) => call('make', () => this.#createContainer(inner, spec)),
      startContainer: (id) => call('make', () => inner.startContainer(id)),
      stopContainer: (id, options) => call('other', () => inner.stopContainer(id, options)),
      removeContainer: (id) => call('other', () => inner.removeContainer(id)),
      inspectContainer: (id) => call('other', () => inner.inspectContainer(id)),
      logs: (id, request, signal) => inner.logs(id, request, signal),
      exec: (id, request) => inner.exec(id, request),
      events: (signal) => eventsFor(process, inner.events(AbortSignal.any([signal, process.death.signal]))),
      close: async () => undefined,
    };
  }

  #boot(): ContainerRuntime {
    this.#power = new AbortController();
    const inner = createHollowRuntime(this.#options);
    void this.#watch(inner, this.#power.signal);
    return inner;
  }

  async #watch(inner: ContainerRuntime, signal: AbortSignal): Promise<void> {
    for await (const event of inner.events(signal)) {
      if (event.type === 'resync' || event.id.includes('/sandbox/')) continue;
      const { id, pod } = event;
      if (event.type !== 'started') this.running.delete(id);
      else {
        this.running.set(id, { id, pod });
        this.#options.onStarted(this, { id, pod });
      }
    }
  }

  async #carryOut<Result>(what: 'make' | 'other', act: () => Promise<Result>): Promise<Result> {
    const { random, timeline } = this.#options;
    const { unavailable, createFails, slowMs } = this.trouble;
    const takesMs = random.between(CALL_MS.least, CALL_MS.most) + (slowMs > 0 ? random.between(0, slowMs) : 0);
    const isAway = unavailable > 0 && random.chance(unavailable);
    const fails = what === 'make' && createFails > 0 && random.chance(createFails);
    const failsAfter = fails && random.chance(0.3);
    await new Promise<void>((resolve) => timeline.after(takesMs, resolve));
    if (isAway) throw new RuntimeError('unavailable', 'the engine does not answer');
    if (fails && !failsAfter) throw new RuntimeError('refused', 'the engine cannot make it');
    const result = await act();
    if (failsAfter) throw new RuntimeError('unavailable', 'the engine went away before it answered');
    return result;
  }

  #createContainer(inner: ContainerRuntime, spec: ContainerSpec) {
    const { random } = this.#options;
    const { exits, outOfMemory } = this.trouble;
    const key = `${spec.pod.uid}/${spec.name}`;
    this.attempts.set(key, Math.max(spec.attempt, this.attempts.get(key) ?? 0));
    const draw = random.fraction();
    if (draw >= exits + outOfMemory) return inner.createContainer(spec);
    const oom = draw >= exits;
    const env = {
      ...spec.env,
      PERIPLUS_HOLLOW_RUN_MS: String(random.below(RUN_MAX_MS)),
      PERIPLUS_HOLLOW_EXIT_CODE: String(oom ? OUT_OF_MEMORY : random.chance(0.5) ? SEGMENTATION_FAULT : 0),
      PERIPLUS_HOLLOW_OOM_KILLED: String(oom),
    };
    return inner.createContainer({ ...spec, env });
  }
}

async function* eventsFor(process: VirtualProcess, events: AsyncIterable<RuntimeEvent>): AsyncGenerator<RuntimeEvent> {
  for await (const event of events) {
    await process.answer(Promise.resolve());
    yield event;
  }
}
