/** The one file that knows dockerode: its callbacks, prototypes, untyped answers and errors end here. */
import type { IncomingMessage } from 'node:http';
import type { Duplex, Readable } from 'node:stream';
import Docker from 'dockerode';
import type { Clock } from '../../../foundation/clock.ts';
import type { RegistryCredentials } from '../container-runtime.ts';
import { contextHost } from './context.ts';
import { callEngine } from './engine-call.ts';
import { EngineError, hasStatus } from './engine-error.ts';
import { ENGINE_TIMEOUTS } from './engine-timeouts.ts';
import type { EngineTimeouts } from './engine-timeouts.ts';

export type ContainerDetails = Docker.ContainerInspectInfo;
export type ContainerSummary = Docker.ContainerInfo;
export type ContainerOptions = Omit<Docker.ContainerCreateOptions, 'name' | 'abortSignal'>;

/** What the runtime reads of the engine's description of its machine. */
export interface MachineDetails {
  readonly ServerVersion: string;
  readonly NCPU: number;
  readonly MemTotal: number;
  readonly KernelVersion: string;
  readonly OperatingSystem: string;
  readonly Architecture: string;
  readonly MemoryLimit: boolean;
  readonly CpuCfsQuota: boolean;
}

export interface EngineLogRequest {
  readonly follow: boolean;
  readonly tail: number | 'all';
  readonly timestamps: boolean;
  /** Unix seconds with fraction. */
  readonly since: string;
}

export interface EngineExecRequest {
  readonly command: readonly string[];
  readonly stdin: boolean;
  readonly tty: boolean;
}

export interface EngineEventRequest {
  readonly filters: Readonly<Record<string, readonly string[]>>;
  /** Unix seconds with nanoseconds; replays what the engine still remembers, the event of that moment included. */
  readonly since?: string;
}

/** A command that runs inside a container. */
export interface EngineExec {
  readonly connection: Duplex;
  resize(size: { readonly columns: number; readonly rows: number }): Promise<void>;
  /** Undefined while it runs. */
  exitCode(): Promise<number | undefined>;
}

export interface EngineOptions {
  /** The engine's Unix socket; absent: DOCKER_HOST, the user's docker context, and the usual places. */
  readonly socketPath?: string;
  readonly clock: Clock;
  readonly timeouts?: Partial<EngineTimeouts>;
}

const DEFAULT_ADDRESS = '/var/run/docker.sock';
const CONFLICT = 409;
const NOT_MODIFIED = 304;
const SERVER_ERROR = 500;

/** How dockerode is told of an engine that is named. The host is set, if only to nothing, so that DOCKER_HOST does not win. */
function connectionTo(address: string): Docker.DockerOptions {
  const tcp = /^(?:tcp|http):\/\/([^:/]+):(\d+)/.exec(address);
  if (tcp) return { host: tcp[1] ?? '', port: tcp[2] ?? '', protocol: 'http' };
  return { socketPath: address, host: undefined, protocol: 'http' };
}

/** Every method rejects with EngineError: `unavailable` when the engine gives no answer in time. */
export class Engine {
  readonly timeouts: EngineTimeouts;
  /** The same for all who use this engine in this process. */
  readonly address: string;
  readonly #clock: Clock;
  readonly #docker: Docker;

  constructor(options: EngineOptions) {
    this.#clock = options.clock;
    const named = options.socketPath ?? contextHost();
    this.address = (named ?? process.env['DOCKER_HOST'] ?? DEFAULT_ADDRESS).replace(/^unix:\/\//, '');
    this.timeouts = { ...ENGINE_TIMEOUTS, ...options.timeouts };
    this.#docker = new Docker(named === undefined ? undefined : connectionTo(this.address));
  }

  info(): Promise<MachineDetails> {
    return this.#read('describing the machine', () => this.#docker.info());
  }

  /** All containers with these labels, running or not. */
  list(labels: readonly string[]): Promise<ContainerSummary[]> {
    const filters = { label: [...labels] };
    return this.#read('listing containers', (abortSignal) =>
      this.#docker.listContainers({ all: true, filters, abortSignal }),
    );
  }

  inspect(idOrName: string): Promise<ContainerDetails> {
    return this.#read(`inspecting container ${idOrName}`, (abortSignal) =>
      this.#docker.getContainer(idOrName).inspect({ abortSignal }),
    );
  }

  /** Resolves with the id, or undefined when the name is taken. */
  async create(name: string, body: ContainerOptions): Promise<string | undefined> {
    const created = await this.#change(`creating container ${name}`, CONFLICT, async (abortSignal) => {
      // Apart, or dockerode would write the whole body, environment included, into the URL as well.
      const request = { _query: { name }, _body: body, abortSignal };
      return (await this.#docker.createContainer(request)).id;
    });
    return created === 'refused as expected' ? undefined : created.answer;
  }

  /** Starting what runs changes nothing. */
  async start(id: string): Promise<void> {
    await this.#change(`starting container ${id}`, NOT_MODIFIED, (abortSignal) =>
      this.#docker.getContainer(id).start({ abortSignal }),
    );
  }

  /** Resolves when it has ended; stopping what does not run changes nothing. */
  async stop(id: string, graceSeconds: number): Promise<void> {
    const request = (abortSignal: AbortSignal) => this.#docker.getContainer(id).stop({ t: graceSeconds, abortSignal });
    const timeoutMs = graceSeconds * 1000 + this.timeouts.stopMs;
    await this.#change(`stopping container ${id}`, NOT_MODIFIED, request, timeoutMs);
  }

  /** SIGKILL; a container that does not run is left as it is. */
  async kill(id: string): Promise<void> {
    await this.#change(`killing container ${id}`, CONFLICT, (abortSignal) =>
      this.#docker.getContainer(id).kill({ signal: 'SIGKILL', abortSignal }),
    );
  }

  async waitUntil(id: string, condition: 'not-running' | 'removed'): Promise<void> {
    await this.#call(`waiting until container ${id} is ${condition}`, this.timeouts.stopMs, (abortSignal) =>
      this.#docker.getContainer(id).wait({ condition, abortSignal }),
    );
  }

  /** Kills and removes, its anonymous volumes too; `busy` when another removal of it is under way. */
  async remove(id: string): Promise<'removed' | 'busy'> {
    const removed = await this.#change(`removing container ${id}`, CONFLICT, () =>
      this.#docker.getContainer(id).remove({ force: true, v: true }),
    );
    return removed === 'refused as expected' ? 'busy' : 'removed';
  }

  /** Dialled by hand: dockerode's own call collects a log that is not followed in memory. */
  logs(id: string, request: EngineLogRequest, signal: AbortSignal): Promise<Readable> {
    const dial = {
      path: `/containers/${id}/logs?`,
      method: 'GET',
      isStream: true,
      statusCodes: { 200: true },
      options: { _query: { ...request, stdout: true, stderr: true } },
    };
    const begin = (abortSignal: AbortSignal) => {
      const answer = Promise.withResolvers<IncomingMessage>();
      this.#docker.modem.dial({ ...dial, abortSignal }, (error: Error | null, response: unknown) =>
        error === null ? answer.resolve(response as IncomingMessage) : answer.reject(error),
      );
      return answer.promise;
    };
    return this.#read(`reading the log of container ${id}`, begin, signal);
  }

  /** The stream of events as JSON lines; resolves when the engine has begun it. */
  events(request: EngineEventRequest, signal: AbortSignal): Promise<Readable> {
    const options = { filters: JSON.stringify(request.filters), ...(request.since && { since: request.since }) };
    const begin = async (abortSignal: AbortSignal) => {
      // dockerode's types want a number for `since`, which cannot hold the nanoseconds of today.
      const typed = { ...options, abortSignal } as unknown as Docker.GetEventsOptions;
      return (await this.#docker.getEvents(typed)) as Readable;
    };
    return this.#read('following events', begin, signal);
  }

  async exec(id: string, request: EngineExecRequest): Promise<EngineExec> {
    const name = `running a command in container ${id}`;
    const { stdin, tty } = request;
    const streams = { AttachStdin: stdin, AttachStdout: true, AttachStderr: true, Tty: tty };
    const exec = await this.#read(name, (abortSignal) =>
      this.#docker.getContainer(id).exec({ Cmd: [...request.command], ...streams, abortSignal }),
    );
    const start = { hijack: true, stdin, Tty: tty };
    const connection = await this.#call(name, this.timeouts.changeMs, (abortSignal) =>
      exec.start({ ...start, abortSignal }),
    );
    return {
      connection,
      resize: (size) => this.#read(name, () => exec.resize({ h: size.rows, w: size.columns })),
      exitCode: async () =>
        (await this.#read(name, (abortSignal) => exec.inspect({ abortSignal }))).ExitCode ?? undefined,
    };
  }

  /** The image's identity; `gone` when it is not there. The reference must be well-formed, for it becomes part of a path. */
  async imageId(reference: string): Promise<string> {
    const image = await this.#read(`inspecting image ${reference}`, () => this.#docker.getImage(reference).inspect());
    return image.Id;
  }

  /** The progress of a pull as JSON lines; the engine begins it only once the registry has answered. */
  pull(reference: string, credentials: RegistryCredentials | undefined): Promise<Readable> {
    const options = credentials === undefined ? {} : { authconfig: { ...credentials } };
    return this.#call(`pulling image ${reference}`, this.timeouts.pullSilenceMs, async (abortSignal) => {
      return (await this.#docker.pull(reference, { ...options, abortSignal })) as Readable;
    });
  }

  #call<T>(name: string, timeoutMs: number, request: (signal: AbortSignal) => Promise<T>): Promise<T> {
    return callEngine(this.#clock, { name, timeoutMs, request });
  }

  #read<T>(name: string, request: (signal: AbortSignal) => Promise<T>, signal?: AbortSignal): Promise<T> {
    const timeoutMs = this.timeouts.readMs;
    return callEngine(this.#clock, { name, timeoutMs, request, ...(signal && { signal }) });
  }

  /** A call that has one refusal which is no failure, such as starting what runs. */
  async #change<T>(
    name: string,
    expectedStatus: number,
    request: (signal: AbortSignal) => Promise<T>,
    timeoutMs = this.timeouts.changeMs,
  ): Promise<{ readonly answer: T } | 'refused as expected'> {
    try {
      return { answer: await this.#call(name, timeoutMs, request) };
    } catch (error) {
      if (hasStatus(error, expectedStatus)) return 'refused as expected';
      // A dying engine fails calls with 500 as well; only one that still answers has really refused.
      const refused = error instanceof EngineError && error.status !== undefined;
      if (refused && (error.status ?? 0) >= SERVER_ERROR) await this.#read(error.message, () => this.#docker.ping());
      throw error;
    }
  }
}
