/** What the rules of the runtime contract share: a cell of its own, its runtimes, pods and containers, and clearing up after. */
import { expect, vi } from 'vitest';
import type {
  ContainerExit,
  ContainerRuntime,
  ContainerSpec,
  LogRequest,
  RuntimeContainer,
  RuntimeSandbox,
  SandboxSpec,
} from '../../../src/agent/runtimes/container-runtime.ts';
import { systemIdentifiers } from '../../../src/foundation/identifiers.ts';
import { collect } from './streams.ts';
import type { Output } from './streams.ts';

/** Whose containers a runtime may see. */
export interface RuntimeIdentity {
  readonly cell: string;
  readonly node: string;
}

/** Makes a runtime object; a second one of the same identity must find what the first one made, where `adoption` holds. */
export type MakeRuntime = (identity: RuntimeIdentity) => Promise<ContainerRuntime>;

/** What a runtime is able to do by its nature. */
export interface RuntimeCapabilities {
  /** An image that is there. Where `programs` holds it has sh, cat, sleep, env, head, wc and readlink. */
  readonly image: string;
  /** A well-formed reference to an image that is not there; absent when every image is. */
  readonly absentImage?: string;
  /** Containers run real programs: output, exit codes, environment, exec. */
  readonly programs: boolean;
  /** Directories of the node can be mounted into containers. */
  readonly mounts: boolean;
  /** Exec can have a terminal. */
  readonly terminal: boolean;
  /** Containers outlive the runtime object, so another one can adopt them. */
  readonly adoption: boolean;
  /** Namespaces that the containers of one pod share, and pods do not. */
  readonly sharedNamespaces: readonly ('net' | 'ipc')[];
  /** A container's hostname is its pod's. */
  readonly hostname: boolean;
}

const CONDITION_TIMEOUT_MS = 20_000;
const POLL_INTERVAL_MS = 25;

/** Does nothing for ever and ends with code 0 on SIGTERM. */
export const OBEDIENT = "trap 'exit 0' TERM; while :; do sleep 0.1; done";

/** Waits until the callback stops throwing. */
export function eventually<T>(check: () => Promise<T> | T): Promise<T> {
  return vi.waitFor(check, { timeout: CONDITION_TIMEOUT_MS, interval: POLL_INTERVAL_MS });
}

/** A sandbox of a new pod. */
function sandboxSpec(overrides: Partial<SandboxSpec> = {}): SandboxSpec {
  const uid = systemIdentifiers.uuid();
  const pod = { uid, namespace: 'default', name: `web-${uid.slice(0, 5)}` };
  return { pod, attempt: 0, hostname: pod.name, hostPorts: [], ...overrides };
}

/** A cell of its own with one node, one runtime object and one pod ready for use. */
export class Harness {
  readonly capabilities: RuntimeCapabilities;
  readonly identity: RuntimeIdentity = { cell: `test-${systemIdentifiers.uuid().slice(0, 8)}`, node: 'node-1' };
  readonly #makeRuntime: MakeRuntime;
  readonly #runtimes: ContainerRuntime[] = [];
  #sandbox: RuntimeSandbox | undefined;
  #containerCount = 0;

  constructor(makeRuntime: MakeRuntime, capabilities: RuntimeCapabilities) {
    this.#makeRuntime = makeRuntime;
    this.capabilities = capabilities;
  }

  async open(): Promise<void> {
    const first = await this.another();
    await first.ensureImage({ image: this.capabilities.image, pull: false, credentials: [] });
    this.#sandbox = await first.createSandbox(sandboxSpec());
  }

  /** Removes what all runtimes made, and lets go of them. */
  async close(): Promise<void> {
    for (const made of this.#runtimes) await clear(made);
    for (const made of this.#runtimes) await made.close();
  }

  readonly sandboxSpec = sandboxSpec;

  /** One more runtime object; of the same cell and node unless said otherwise. */
  readonly another = async (other: Partial<RuntimeIdentity> = {}): Promise<ContainerRuntime> => {
    const made = await this.#makeRuntime({ ...this.identity, ...other });
    this.#runtimes.push(made);
    return made;
  };

  readonly runtime = (): ContainerRuntime => {
    const first = this.#runtimes[0];
    if (first === undefined) throw new Error('the harness has not been opened');
    return first;
  };

  readonly sandbox = (): RuntimeSandbox => {
    if (this.#sandbox === undefined) throw new Error('the harness has not been opened');
    return this.#sandbox;
  };

  readonly containerSpec = (overrides: Partial<ContainerSpec> = {}): ContainerSpec => {
    this.#containerCount += 1;
    return {
      pod: this.sandbox().pod,
      sandboxId: this.sandbox().id,
      name: `app-${this.#containerCount}`,
      attempt: 0,
      image: this.capabilities.image,
      command: ['sh', '-c', OBEDIENT],
      env: {},
      mounts: [],
      ...overrides,
    };
  };

  readonly run = async (overrides: Partial<ContainerSpec> = {}): Promise<RuntimeContainer> => {
    const container = await this.runtime().createContainer(this.containerSpec(overrides));
    await this.runtime().startContainer(container.id);
    return container;
  };

  readonly runScript = (script: string, overrides: Partial<ContainerSpec> = {}) =>
    this.run({ command: ['sh', '-c', script], ...overrides });

  /** Waits until it has ended. */
  readonly exitOf = (id: string): Promise<ContainerExit> =>
    eventually(async () => {
      const container = await this.runtime().inspectContainer(id);
      expect(container?.state).toBe('exited');
      if (container?.exit === undefined) throw new Error('exited without an exit');
      return container.exit;
    });

  readonly logsOf = (id: string, request: Partial<LogRequest> = {}): Promise<Output> => {
    const complete = { follow: false, timestamps: false, ...request };
    return collect(this.runtime().logs(id, complete, new AbortController().signal));
  };

  /** What a program that ends by itself printed. */
  readonly outputOfScript = async (script: string, overrides: Partial<ContainerSpec> = {}): Promise<Output> => {
    const container = await this.runScript(script, overrides);
    await this.exitOf(container.id);
    return this.logsOf(container.id);
  };
}

/** Removes all that a runtime sees, which is only what carries its own cell and node. */
export async function clear(runtime: ContainerRuntime): Promise<void> {
  const { containers, sandboxes } = await runtime.inventory();
  await Promise.all(containers.map(({ id }) => runtime.removeContainer(id)));
  await Promise.all(sandboxes.map(({ id }) => runtime.removeSandbox(id)));
}
