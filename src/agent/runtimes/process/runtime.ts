/** The container runtime for machines without Docker: containers are plain processes, kept apart as far as this process may. */
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
import { Containers } from './containers.ts';
import { createControlGroups } from './control-groups.ts';
import type { ControlGroups } from './control-groups.ts';
import { createExecSessions } from './exec.ts';
import { Feed } from './feed.ts';
import { lookAtImage } from './images.ts';
import { readLog } from './logs.ts';
import { describeMachine, detectIsolation } from './machine.ts';
import type { Isolation } from './machine.ts';
import { isId, makePlaces, placesOf, removeEmptyPlaces } from './places.ts';
import type { Owner, Places } from './places.ts';
import { createRecords } from './records.ts';
import type { Records } from './records.ts';
import { Sandboxes } from './sandboxes.ts';

export interface ProcessRuntimeOptions extends Owner {
  /** Where state and logs are kept; the runtime makes its own folder in it. */
  readonly dataDirectory: string;
  readonly clock: Clock;
  readonly logger: Logger;
  /** Tried out when absent: `namespaces` where this process may make them. */
  readonly isolation?: Isolation;
  /** A container's log is turned over at this size, and one older file is kept; 10 MB when absent. */
  readonly logSizeBytes?: number;
}

/** What runs goes on when this object is gone; another one of the same owner and directory adopts it. */
export function createProcessRuntime(options: ProcessRuntimeOptions): ContainerRuntime {
  return new ProcessRuntime(options);
}

class ProcessRuntime implements ContainerRuntime {
  readonly kind = 'process';
  readonly #clock: Clock;
  readonly #places: Places;
  readonly #records: Records;
  readonly #groups: ControlGroups;
  readonly #feed: Feed;
  readonly #sandboxes: Sandboxes;
  readonly #containers: Containers;
  readonly #hub = createEventHub({ live: false });
  readonly #execs = createExecSessions();
  readonly #ready: Promise<void>;

  constructor(options: ProcessRuntimeOptions) {
    const { cell, node, clock, logger } = options;
    const owner = { cell, node };
    let detected: Promise<Isolation> | undefined;
    const isolation = () => (detected ??= options.isolation ? Promise.resolve(options.isolation) : detectIsolation());
    this.#clock = clock;
    this.#places = placesOf(options.dataDirectory, owner);
    const records = createRecords(this.#places.state);
    this.#records = records;
    this.#groups = createControlGroups({
      owner,
      enabled: async () => (await isolation()) === 'namespaces',
      sleep: (delayMs) => clock.sleep(delayMs),
    });
    this.#feed = new Feed({
      directory: this.#places.state,
      records,
      clock,
      logger,
      publish: (event) => this.#publish(event),
      isRunning: (id) => this.#isRunning(id),
    });
    const shared = { owner, clock, records, feed: this.#feed, isolation };
    this.#sandboxes = new Sandboxes(shared);
    this.#containers = new Containers({
      ...shared,
      places: this.#places,
      groups: this.#groups,
      sandboxes: this.#sandboxes,
      ...(options.logSizeBytes !== undefined && { logSizeBytes: options.logSizeBytes }),
    });
    this.#ready = this.#open();
    // Told by every call that waits for it.
    this.#ready.catch(() => {});
  }

  async info(): Promise<RuntimeInfo> {
    return describeMachine(this.#groups);
  }

  async inventory(): Promise<RuntimeInventory> {
    await this.#ready;
    const ids = await this.#records.ids();
    const sandboxes = await Promise.all(ids.map((id) => this.#sandboxes.observe(id)));
    const containers = await Promise.all(ids.map((id) => this.#containers.observe(id)));
    return {
      sandboxes: sandboxes.filter((sandbox) => sandbox !== undefined),
      containers: containers.filter((container) => container !== undefined),
    };
  }

  async ensureImage(request: ImageRequest): Promise<ImageOutcome> {
    return lookAtImage(request);
  }

  async createSandbox(spec: SandboxSpec): Promise<RuntimeSandbox> {
    await this.#ready;
    return this.#sandboxes.create(spec);
  }

  async removeSandbox(id: string): Promise<void> {
    await this.#ready;
    if (isId(id)) await this.#sandboxes.remove(id);
  }

  async createContainer(spec: ContainerSpec): Promise<RuntimeContainer> {
    await this.#ready;
    this.#check(spec.sandboxId);
    return this.#containers.create(spec);
  }

  async startContainer(id: string): Promise<void> {
    await this.#ready;
    this.#check(id);
    await this.#containers.start(id);
  }

  async stopContainer(id: string, { graceSeconds }: { readonly graceSeconds: number }): Promise<void> {
    await this.#ready;
    this.#check(id);
    await this.#containers.stop(id, graceSeconds);
  }

  async removeContainer(id: string): Promise<void> {
    await this.#ready;
    if (isId(id)) await this.#containers.remove(id);
  }

  async inspectContainer(id: string): Promise<RuntimeContainer | undefined> {
    await this.#ready;
    return isId(id) ? this.#containers.observe(id) : undefined;
  }

  async *logs(id: string, request: LogRequest, signal: AbortSignal): AsyncIterable<LogChunk> {
    await this.#ready;
    this.#check(id);
    await this.#containers.get(id);
    const ended = async () => {
      const state = (await this.#containers.observe(id))?.state;
      return state === undefined || state === 'exited';
    };
    yield* readLog({ path: this.#containers.logPathOf(id), clock: this.#clock, ended }, request, signal);
  }

  async exec(id: string, request: ExecRequest): Promise<ExecSession> {
    await this.#ready;
    this.#check(id);
    const { state } = await this.#containers.get(id);
    const mark = await this.#records.running(id);
    const description = await this.#records.description(id);
    if (state !== 'running' || mark === undefined || description?.kind !== 'container') {
      throw new RuntimeError('refused', `the container ${id} does not run`);
    }
    const groups = await this.#groups.directoriesOf(id);
    return this.#execs.start(id, { mark, workingDirectory: description.workingDirectory, groups }, request);
  }

  events(signal: AbortSignal): AsyncIterable<RuntimeEvent> {
    return this.#hub.listen(signal);
  }

  /** Lets go: what runs goes on. */
  async close(): Promise<void> {
    this.#hub.close();
    await this.#ready.catch(() => {});
    this.#feed.close();
    await removeEmptyPlaces(this.#places);
  }

  async #open(): Promise<void> {
    await makePlaces(this.#places);
    await this.#feed.open();
    this.#hub.setLive(true);
  }

  #publish(event: RuntimeEvent): void {
    if (event.type === 'exited') this.#execs.endAll(event.id);
    this.#hub.publish(event);
  }

  async #isRunning(id: string): Promise<boolean> {
    const sandbox = await this.#sandboxes.facts(id);
    return sandbox?.running ?? (await this.#containers.observe(id))?.state === 'running';
  }

  #check(id: string): void {
    if (!isId(id)) throw new RuntimeError('gone', `this node has no container or sandbox ${id}`);
  }
}
