/** The container runtime that runs nothing: it remembers what it was told and says so, for scale, simulation and tests of the agent. */
import type { Clock, Timer } from '../../../foundation/clock.ts';
import type {
  ContainerExit,
  ContainerRuntime,
  ContainerSpec,
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
import { parseImageReference } from '../image-reference.ts';
import { createAddresses } from './addresses.ts';
import type { HollowProgram } from './program.ts';
import { programOf } from './program.ts';

export interface HollowRuntimeOptions {
  readonly node: string;
  readonly clock: Clock;
  /** What the pretended machine has. */
  readonly cpuMillis?: number;
  readonly memoryBytes?: number;
}

/** Room for the 110 pods of a node at 256 MiB and 250 m each, so that the pod count is what fills a hollow node. */
const DEFAULT_CPU_MILLIS = 32_000;
const DEFAULT_MEMORY_BYTES = 32 * 1024 ** 3;

const SIGKILL = 9;
const SIGKILL_EXIT_CODE = 137;

/** An engine of its own: what another object made is another machine's. */
export function createHollowRuntime(options: HollowRuntimeOptions): ContainerRuntime {
  return new HollowRuntime(options);
}

interface Container {
  seen: RuntimeContainer;
  readonly program: HollowProgram;
  timer?: Timer;
  /** Called once it has ended. */
  readonly waiting: (() => void)[];
}

class HollowRuntime implements ContainerRuntime {
  readonly kind = 'hollow';
  readonly #options: HollowRuntimeOptions;
  readonly #sandboxes = new Map<string, RuntimeSandbox>();
  readonly #containers = new Map<string, Container>();
  readonly #hub = createEventHub({ live: true });
  readonly #addresses;

  constructor(options: HollowRuntimeOptions) {
    this.#options = options;
    this.#addresses = createAddresses(options.node);
  }

  async info(): Promise<RuntimeInfo> {
    return {
      runtimeVersion: 'hollow://1',
      cpuMillis: this.#options.cpuMillis ?? DEFAULT_CPU_MILLIS,
      memoryBytes: this.#options.memoryBytes ?? DEFAULT_MEMORY_BYTES,
      kernelVersion: 'hollow',
      osImage: 'hollow',
      architecture: 'amd64',
      unenforceable: [],
    };
  }

  async inventory(): Promise<RuntimeInventory> {
    return {
      sandboxes: [...this.#sandboxes.values()],
      containers: [...this.#containers.values()].map(({ seen }) => seen),
    };
  }

  async ensureImage({ image }: ImageRequest): Promise<ImageOutcome> {
    if (parseImageReference(image) !== undefined)
      return { outcome: 'present', imageId: imageIdOf(image), pulled: false };
    return { outcome: 'invalid', message: 'invalid reference format' };
  }

  async createSandbox({ pod, attempt }: SandboxSpec): Promise<RuntimeSandbox> {
    const id = `${pod.uid}/sandbox/${attempt}`;
    const found = this.#sandboxes.get(id);
    if (found !== undefined) return found;
    const createdAt = this.#options.clock.now();
    const sandbox = { id, pod, attempt, running: true, ip: this.#addresses.next(), createdAt };
    this.#sandboxes.set(id, sandbox);
    this.#hub.publish({ type: 'started', id, pod });
    return sandbox;
  }

  async removeSandbox(id: string): Promise<void> {
    const sandbox = this.#sandboxes.get(id);
    if (sandbox === undefined) return;
    this.#sandboxes.delete(id);
    this.#hub.publish({ type: 'removed', id, pod: sandbox.pod });
  }

  async createContainer(spec: ContainerSpec): Promise<RuntimeContainer> {
    const { pod, sandboxId, name, attempt, image } = spec;
    if (!this.#sandboxes.has(sandboxId)) throw new RuntimeError('gone', `the sandbox ${sandboxId} is gone`);
    const id = `${pod.uid}/${name}/${attempt}`;
    const found = this.#containers.get(id);
    if (found !== undefined) return found.seen;
    const seen = { id, pod, sandboxId, name, attempt, image, imageId: imageIdOf(image), state: 'created' as const };
    this.#containers.set(id, { seen, program: programOf(spec.env), waiting: [] });
    return seen;
  }

  async startContainer(id: string): Promise<void> {
    const container = this.#get(id);
    const { program, seen } = container;
    if (seen.state === 'running') return;
    if (program.startError !== undefined) throw new RuntimeError('refused', program.startError);
    const { exit: _, ...rest } = seen;
    container.seen = { ...rest, state: 'running', startedAt: this.#options.clock.now() };
    this.#hub.publish({ type: 'started', id, pod: seen.pod });
    if (program.runMs === undefined) return;
    const { exitCode, oomKilled } = program;
    this.#endAfter(container, program.runMs, { exitCode, oomKilled });
  }

  async stopContainer(id: string, { graceSeconds }: { readonly graceSeconds: number }): Promise<void> {
    const container = this.#get(id);
    if (container.seen.state !== 'running') return;
    const graceMs = graceSeconds * 1000;
    const { stopMs, exitCode } = container.program;
    const killed = stopMs > graceMs || graceMs === 0;
    const exit = killed
      ? { exitCode: SIGKILL_EXIT_CODE, signal: SIGKILL, oomKilled: false }
      : { exitCode, oomKilled: false };
    const ended = new Promise<void>((resolve) => container.waiting.push(resolve));
    this.#endAfter(container, Math.min(stopMs, graceMs), exit);
    await ended;
  }

  async removeContainer(id: string): Promise<void> {
    const container = this.#containers.get(id);
    if (container === undefined) return;
    if (container.seen.state === 'running') {
      this.#end(container, { exitCode: SIGKILL_EXIT_CODE, signal: SIGKILL, oomKilled: false });
    }
    this.#containers.delete(id);
    this.#hub.publish({ type: 'removed', id, pod: container.seen.pod });
  }

  async inspectContainer(id: string): Promise<RuntimeContainer | undefined> {
    return this.#containers.get(id)?.seen;
  }

  async *logs(id: string, request: LogRequest, signal: AbortSignal): AsyncIterable<LogChunk> {
    const container = this.#get(id);
    const { output } = container.program;
    const lines = output.split('\n');
    const tail = request.tailLines === undefined ? output : lines.slice(-request.tailLines).join('\n');
    if (tail !== '' && container.seen.startedAt !== undefined) yield { stream: 'stdout', data: Buffer.from(tail) };
    if (!request.follow || container.seen.state !== 'running' || signal.aborted) return;
    await new Promise<void>((resolve) => {
      container.waiting.push(resolve);
      signal.addEventListener('abort', () => resolve(), { once: true });
    });
  }

  async exec(id: string): Promise<ExecSession> {
    if (this.#get(id).seen.state !== 'running') throw new RuntimeError('refused', `the container ${id} does not run`);
    throw new RuntimeError('refused', 'nothing can be run inside a hollow container: there is no process');
  }

  events(signal: AbortSignal): AsyncIterable<RuntimeEvent> {
    return this.#hub.listen(signal);
  }

  async close(): Promise<void> {
    for (const container of this.#containers.values()) container.timer?.cancel();
    this.#containers.clear();
    this.#sandboxes.clear();
    this.#hub.close();
  }

  #get(id: string): Container {
    const container = this.#containers.get(id);
    if (container === undefined) throw new RuntimeError('gone', `the container ${id} is gone`);
    return container;
  }

  #endAfter(container: Container, delayMs: number, exit: Omit<ContainerExit, 'finishedAt'>): void {
    container.timer?.cancel();
    if (delayMs <= 0) return this.#end(container, exit);
    container.timer = this.#options.clock.after(delayMs, () => this.#end(container, exit), { background: true });
  }

  #end(container: Container, exit: Omit<ContainerExit, 'finishedAt'>): void {
    container.timer?.cancel();
    if (container.seen.state !== 'running') return;
    const finishedAt = this.#options.clock.now();
    container.seen = { ...container.seen, state: 'exited', exit: { ...exit, finishedAt } };
    this.#hub.publish({ type: 'exited', id: container.seen.id, pod: container.seen.pod });
    for (const resolve of container.waiting.splice(0)) resolve();
  }
}

function imageIdOf(image: string): string {
  return `hollow://${image}`;
}
