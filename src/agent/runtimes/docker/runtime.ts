/** The container runtime on a Docker engine: does what the agent decides, for one node of one cell, and says what it sees. */
import type { Clock } from '../../../foundation/clock.ts';
import type { Logger } from '../../../foundation/logger.ts';
import type {
  ContainerRuntime,
  ContainerSpec,
  ExecRequest,
  ExecSession,
  ImageOutcome,
  ImageRequest,
  LogChunk,
  LogRequest,
  RuntimeContainer,
  RuntimeEvent,
  RuntimeInfo,
  RuntimeInventory,
  RuntimeSandbox,
  SandboxSpec,
} from '../container-runtime.ts';
import { RuntimeError } from '../container-runtime.ts';
import { createEventHub } from '../event-hub.ts';
import type { Limiter } from '../limiter.ts';
import { createByName, inspectIfThere } from './create-by-name.ts';
import type { CreateRequest, Created } from './create-by-name.ts';
import { hasStatus } from './engine-error.ts';
import type { EngineTimeouts } from './engine-timeouts.ts';
import { Engine } from './engine.ts';
import type { ContainerDetails } from './engine.ts';
import { followEvents } from './event-feed.ts';
import { startExec } from './exec.ts';
import { ensureImage } from './images.ts';
import { takeInventory } from './inventory.ts';
import { readLogs } from './logs.ts';
import { SANDBOX_CONTAINER, identityOf } from './names.ts';
import type { ContainerIdentity, Owner } from './names.ts';
import { sandboxFromDetails, toContainer, toInfo } from './observation.ts';
import { containerOptions, sandboxOptions } from './options.ts';
import { createOutOfMemoryJudge } from './out-of-memory.ts';
import { createOwnership } from './ownership.ts';
import type { Ownership } from './ownership.ts';
import { engineTurnsOf } from './engine-turns.ts';

export interface DockerRuntimeOptions extends Owner {
  readonly clock: Clock;
  readonly logger: Logger;
  /** The engine's Unix socket; absent: DOCKER_HOST and the usual places. */
  readonly socketPath?: string;
  readonly timeouts?: Partial<EngineTimeouts>;
  /** How many processes of this cell use the engine, each with its part of the starts in flight; 1 when absent. */
  readonly engineSharers?: number;
  /** Does nothing but hold a pod's namespaces; must be on the engine. */
  readonly pauseImage?: string;
  /** The engine's network that sandboxes join; its default bridge when absent. */
  readonly network?: string;
}

const PAUSE_IMAGE = 'periplus/pause:1';
const DEFAULT_NETWORK = 'bridge';
const NOT_FOUND = 404;

/** A node runs far fewer images at a time; beyond it the oldest is asked for again. */
const REMEMBERED_IMAGES_MAX = 256;

/** Needs no engine yet: calls reject with `unavailable` until there is one. */
export function createDockerRuntime(options: DockerRuntimeOptions): ContainerRuntime {
  return new DockerRuntime(options);
}

class DockerRuntime implements ContainerRuntime {
  readonly kind = 'docker';
  readonly #owner: Owner;
  readonly #clock: Clock;
  readonly #engine: Engine;
  readonly #sandboxDefaults: { readonly pauseImage: string; readonly network: string };
  readonly #turns: Limiter;
  readonly #ownership: Ownership;
  readonly #outOfMemory = createOutOfMemoryJudge();
  readonly #hub = createEventHub({ live: false });
  readonly #imageIds = new Map<string, string>();
  readonly #closed = new AbortController();
  readonly #feed: Promise<void>;
  #cpuQuota: boolean | undefined;

  constructor(options: DockerRuntimeOptions) {
    const { cell, node, clock, logger, socketPath, timeouts } = options;
    this.#owner = { cell, node };
    this.#clock = clock;
    this.#engine = new Engine({
      clock,
      ...(socketPath !== undefined && { socketPath }),
      ...(timeouts && { timeouts }),
    });
    this.#sandboxDefaults = {
      pauseImage: options.pauseImage ?? PAUSE_IMAGE,
      network: options.network ?? DEFAULT_NETWORK,
    };
    this.#turns = engineTurnsOf(this.#engine.address, options.engineSharers ?? 1);
    this.#ownership = createOwnership(this.#engine, this.#owner);
    this.#feed = followEvents(
      {
        engine: this.#engine,
        owner: this.#owner,
        clock,
        logger,
        hub: this.#hub,
        outOfMemory: this.#outOfMemory,
        onRemoved: (id) => this.#ownership.forget(id),
      },
      this.#closed.signal,
    );
  }

  async info(): Promise<RuntimeInfo> {
    return toInfo(await this.#engine.info());
  }

  async inventory(): Promise<RuntimeInventory> {
    const inventory = await takeInventory(this.#engine, this.#owner, this.#outOfMemory);
    const ids = [...inventory.sandboxes, ...inventory.containers].map(({ id }) => id);
    this.#ownership.replaceAll(ids);
    this.#outOfMemory.retain(new Set(ids));
    return inventory;
  }

  async ensureImage(request: ImageRequest): Promise<ImageOutcome> {
    const outcome = await ensureImage({ engine: this.#engine, clock: this.#clock }, request);
    this.#imageIds.delete(request.image);
    if (outcome.outcome === 'present') this.#imageIds.set(request.image, outcome.imageId);
    const [oldest] = this.#imageIds.keys();
    if (this.#imageIds.size > REMEMBERED_IMAGES_MAX && oldest !== undefined) this.#imageIds.delete(oldest);
    return outcome;
  }

  async createSandbox(spec: SandboxSpec): Promise<RuntimeSandbox> {
    const { pod, attempt } = spec;
    const identity = { pod, container: SANDBOX_CONTAINER, attempt };
    const body = sandboxOptions(this.#owner, spec, this.#sandboxDefaults);
    const created = await this.#create({ identity, body }, { ahead: false });
    if (created.outcome === 'found') {
      const { State } = created.details;
      // One that has ended is not started again: its containers are lost to it, so a new attempt has to replace it.
      if (State.Running || State.Status !== 'created') return sandboxFromDetails(created.details, identity);
    }
    const id = created.outcome === 'made' ? created.id : created.details.Id;
    await this.#start(id);
    return sandboxFromDetails(await this.#engine.inspect(id), identity);
  }

  removeSandbox(id: string): Promise<void> {
    return this.#remove(id);
  }

  async createContainer(spec: ContainerSpec): Promise<RuntimeContainer> {
    await this.#ownership.check(spec.sandboxId);
    const { pod, attempt, name } = spec;
    const identity = { pod, container: name, attempt };
    const body = containerOptions(this.#owner, spec, { cpu: await this.#enforcesCpu(spec) });
    const created = await this.#create({ identity, body }, { ahead: true });
    if (created.outcome === 'found') return this.#observe(created.details, identity);
    const { id } = created;
    const { sandboxId, image } = spec;
    const imageId = this.#imageIds.get(image);
    // What is not known without asking is asked for; usually the image was made sure of just before.
    if (imageId === undefined) return this.#observe(await this.#engine.inspect(id), identity);
    return { id, pod, sandboxId, name, attempt, image, imageId, state: 'created' };
  }

  async startContainer(id: string): Promise<void> {
    await this.#ownership.check(id);
    await this.#start(id);
  }

  async stopContainer(id: string, { graceSeconds }: { readonly graceSeconds: number }): Promise<void> {
    await this.#ownership.check(id);
    if (graceSeconds > 0) {
      await this.#engine.stop(id, Math.ceil(graceSeconds));
    } else {
      // Not a stop with grace 0, which sends SIGTERM too, and a quick program ends by that.
      await this.#engine.kill(id);
      await this.#engine.waitUntil(id, 'not-running');
    }
  }

  removeContainer(id: string): Promise<void> {
    return this.#remove(id);
  }

  async inspectContainer(id: string): Promise<RuntimeContainer | undefined> {
    const details = await inspectIfThere(this.#engine, id);
    const identity = details && identityOf(this.#owner, details.Config.Labels);
    if (details === undefined || identity === undefined || identity.container === SANDBOX_CONTAINER) return undefined;
    this.#ownership.learn(details.Id);
    return this.#observe(details, identity);
  }

  async *logs(id: string, request: LogRequest, signal: AbortSignal): AsyncIterable<LogChunk> {
    await this.#ownership.check(id);
    yield* readLogs(this.#engine, id, request, signal);
  }

  async exec(id: string, request: ExecRequest): Promise<ExecSession> {
    await this.#ownership.check(id);
    return startExec({ engine: this.#engine, clock: this.#clock }, id, request);
  }

  events(signal: AbortSignal): AsyncIterable<RuntimeEvent> {
    return this.#hub.listen(signal);
  }

  async close(): Promise<void> {
    this.#closed.abort();
    this.#hub.close();
    await this.#feed;
  }

  /** What is begun goes ahead of new sandboxes, so that pods come up one after the other rather than all at the end. */
  async #start(id: string): Promise<void> {
    await this.#turns.run(() => this.#engine.start(id), { ahead: true });
  }

  async #create(request: CreateRequest, options: { readonly ahead: boolean }): Promise<Created> {
    const engine = this.#engine;
    try {
      const created = await createByName(
        { engine, clock: this.#clock, owner: this.#owner, turn: (task) => this.#turns.run(task, options) },
        request,
      );
      this.#ownership.learn(created.outcome === 'made' ? created.id : created.details.Id);
      return created;
    } catch (error) {
      // Not found is the image here: that the sandbox is there was made sure of before.
      if (!hasStatus(error, NOT_FOUND)) throw error;
      throw new RuntimeError('refused', `the image ${request.body.Image} is not on the engine`, { cause: error });
    }
  }

  async #remove(id: string): Promise<void> {
    try {
      await this.#ownership.check(id);
      if ((await this.#engine.remove(id)) === 'busy') await this.#engine.waitUntil(id, 'removed');
    } catch (error) {
      if (!(error instanceof RuntimeError) || error.code !== 'gone') throw error;
    }
    this.#ownership.forget(id);
  }

  #observe(details: ContainerDetails, identity: ContainerIdentity): RuntimeContainer {
    return toContainer(details, identity, this.#outOfMemory.verdict(details.Id));
  }

  /** An engine whose kernel has no CPU quota refuses a container that asks for one. */
  async #enforcesCpu(spec: ContainerSpec): Promise<boolean> {
    if (spec.cpuLimitMillis === undefined) return false;
    this.#cpuQuota ??= (await this.#engine.info()).CpuCfsQuota;
    return this.#cpuQuota;
  }
}
