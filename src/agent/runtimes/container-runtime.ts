/**
 * The port between the agent and whatever runs containers on its node: Docker, plain processes, or nothing at all (hollow).
 * The agent decides; a runtime only does what it is told and says what it sees. One contract suite runs on every implementation.
 */

/** Whose pod this is; becomes the labels `periplus.*` on everything a runtime makes. */
export interface PodIdentity {
  readonly uid: string;
  readonly namespace: string;
  readonly name: string;
}

/** A volume as the agent prepared it: a directory of the node, mounted into containers. */
export interface Mount {
  readonly hostPath: string;
  readonly containerPath: string;
  readonly readOnly: boolean;
}

/** A port of the node forwarded to a port of the pod. */
export interface HostPort {
  readonly hostPort: number;
  readonly containerPort: number;
  readonly protocol: 'TCP' | 'UDP';
  /** Address of the node to listen on; all of them when absent. */
  readonly hostIP?: string;
}

/** What a pod's containers share: network namespace, IPC, hostname, published ports. */
export interface SandboxSpec {
  readonly pod: PodIdentity;
  /** Grows by one each time the sandbox of this pod is made anew; part of its name, so an engine refuses a twin. */
  readonly attempt: number;
  readonly hostname: string;
  readonly hostPorts: readonly HostPort[];
}

/** One container to create inside a pod's sandbox. */
export interface ContainerSpec {
  readonly pod: PodIdentity;
  readonly sandboxId: string;
  readonly name: string;
  /** restartCount of this run: 0 for the first. Part of the container's name, so an engine refuses a twin. */
  readonly attempt: number;
  readonly image: string;
  /** Replaces the image's ENTRYPOINT. */
  readonly command?: readonly string[];
  /** Replaces the image's CMD. */
  readonly args?: readonly string[];
  readonly env: Readonly<Record<string, string>>;
  readonly workingDir?: string;
  readonly mounts: readonly Mount[];
  /** Enforced limits; absent means none. */
  readonly cpuLimitMillis?: number;
  readonly memoryLimitBytes?: number;
  /** CPU weight comes from the request, as in Kubernetes. */
  readonly cpuRequestMillis?: number;
}

export type RuntimeContainerState = 'created' | 'running' | 'exited';

/** Why and how a container's process ended. */
export interface ContainerExit {
  readonly exitCode: number;
  /** Number of the signal that ended it, where known. */
  readonly signal?: number;
  readonly oomKilled: boolean;
  /** Unix milliseconds, as the engine saw it. */
  readonly finishedAt: number;
}

/** A sandbox as the engine has it now. */
export interface RuntimeSandbox {
  readonly id: string;
  readonly pod: PodIdentity;
  readonly attempt: number;
  readonly running: boolean;
  /** The pod's IP, once it has one. */
  readonly ip?: string;
  /** Unix milliseconds. */
  readonly createdAt: number;
  /** Port a process-runtime pod without a network namespace of its own was given. */
  readonly assignedPort?: number;
}

/** A container as the engine has it now. */
export interface RuntimeContainer {
  readonly id: string;
  readonly pod: PodIdentity;
  readonly sandboxId: string;
  readonly name: string;
  readonly attempt: number;
  readonly image: string;
  /** The engine's identity of the image's content (`sha256:...`), where it has one. */
  readonly imageId: string;
  readonly state: RuntimeContainerState;
  /** Unix milliseconds; absent before the first start. */
  readonly startedAt?: number;
  readonly exit?: ContainerExit;
}

/** Everything of this cell and node that the engine holds. */
export interface RuntimeInventory {
  readonly sandboxes: readonly RuntimeSandbox[];
  readonly containers: readonly RuntimeContainer[];
}

/** The machine behind a runtime, as a Node reports it. */
export interface RuntimeInfo {
  readonly runtimeVersion: string;
  readonly cpuMillis: number;
  readonly memoryBytes: number;
  readonly kernelVersion: string;
  readonly osImage: string;
  readonly architecture: string;
  /** Limits this runtime cannot enforce here (`cpu`, `memory`); each becomes an event on the pods that ask for it. */
  readonly unenforceable: readonly ('cpu' | 'memory')[];
}

export interface RegistryCredentials {
  readonly username: string;
  readonly password: string;
}

/** `pull: false` only looks whether the image is there; `pull: true` asks the registry even when it is, as imagePullPolicy Always wants. */
export interface ImageRequest {
  readonly image: string;
  readonly pull: boolean;
  /** Tried in turn until one is let in; none: as nobody. */
  readonly credentials: readonly RegistryCredentials[];
  /** The container brings its own command: to the process runtime any image will do then. */
  readonly hasCommand?: boolean;
}

export type ImageOutcome =
  | { readonly outcome: 'present'; readonly imageId: string; readonly pulled: boolean }
  /** Not there, and not asked to pull (Kubernetes: ErrImageNeverPull). */
  | { readonly outcome: 'absent' }
  /** Could not be pulled (Kubernetes: ErrImagePull); the message is the engine's or registry's, for people. */
  | { readonly outcome: 'failed'; readonly message: string }
  /** The reference itself is malformed (Kubernetes: InvalidImageName). */
  | { readonly outcome: 'invalid'; readonly message: string };

export interface LogRequest {
  readonly follow: boolean;
  /** Last N lines only; all when absent. */
  readonly tailLines?: number;
  readonly timestamps: boolean;
  /** Unix milliseconds; only what was printed since. */
  readonly since?: number;
}

export interface LogChunk {
  readonly stream: 'stdout' | 'stderr';
  readonly data: Uint8Array;
}

export interface ExecRequest {
  readonly command: readonly string[];
  readonly stdin: boolean;
  readonly tty: boolean;
}

/** A process started inside a running container. `output` ends when the process has ended and all of its output was read. */
export interface ExecSession {
  readonly output: AsyncIterable<LogChunk>;
  write(data: Uint8Array): Promise<void>;
  /** Half-closes standard input. */
  endInput(): void;
  resize(size: { readonly columns: number; readonly rows: number }): Promise<void>;
  /** Resolves with the exit code (126 cannot run, 127 not found), read output or not; rejects when the session is dropped before. */
  readonly exitCode: Promise<number>;
  /** Drops the session, ending `output` quietly; the process may go on, as the engine does it. */
  close(): void;
}

/**
 * Something changed on the engine. `resync` means events may have been missed (a reconnect): list again.
 * A runtime may send an event twice; the receiver compares with what it knows.
 */
export type RuntimeEvent =
  | { readonly type: 'started' | 'exited' | 'removed'; readonly id: string; readonly pod: PodIdentity }
  | { readonly type: 'resync' };

/**
 * Runs the containers of one cell's one node. All methods reject with RuntimeError when the engine cannot do it.
 * `createSandbox` and `createContainer` are idempotent by name: a second call with the same pod, container and attempt
 * returns what is already there, running or ended. Removing what is gone succeeds; everything else rejects with `gone` for what
 * is not there or belongs to another cell or node.
 */
export interface ContainerRuntime {
  readonly kind: 'docker' | 'process' | 'hollow';
  info(): Promise<RuntimeInfo>;
  inventory(): Promise<RuntimeInventory>;
  ensureImage(request: ImageRequest): Promise<ImageOutcome>;
  /** Creates and starts the sandbox; one that has ended is not started again but returned as not running: use the next attempt. */
  createSandbox(spec: SandboxSpec): Promise<RuntimeSandbox>;

  removeSandbox(id: string): Promise<void>;
  createContainer(spec: ContainerSpec): Promise<RuntimeContainer>;
  /** Starting what runs changes nothing. */
  startContainer(id: string): Promise<void>;
  /**
   * SIGTERM (or the image's stop signal), then SIGKILL after the grace; grace 0 kills at once. Resolves when it has ended, at once
   * when it does not run.
   */
  stopContainer(id: string, options: { readonly graceSeconds: number }): Promise<void>;
  /** Removes a container, killing it where it still runs. */
  removeContainer(id: string): Promise<void>;
  /** Undefined when it is gone, and for a sandbox. */
  inspectContainer(id: string): Promise<RuntimeContainer | undefined>;
  /** Ends quietly when the signal is aborted; following ends with the container. */
  logs(id: string, request: LogRequest, signal: AbortSignal): AsyncIterable<LogChunk>;
  /** Rejects with `refused` when the container does not run. */
  exec(id: string, request: ExecRequest): Promise<ExecSession>;
  /** Endless until the signal is aborted; reconnects by itself, sending `resync` after each reconnect and once at the start. */
  events(signal: AbortSignal): AsyncIterable<RuntimeEvent>;
  /** Lets go of the engine; containers go on (hollow and tests: everything ends). */
  close(): Promise<void>;
}

/** The engine could not do what was asked. */
export class RuntimeError extends Error {
  override readonly name = 'RuntimeError';
  /** `unavailable`: the engine does not answer, try again; `refused`: it says no, the same request will fail again; `gone`: the container or sandbox does not exist. */
  readonly code: 'unavailable' | 'refused' | 'gone';

  constructor(code: RuntimeError['code'], message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }
}
