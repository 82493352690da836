/** The node agent: makes this machine's containers match the pods bound to it, and says what it sees. */
import { networkInterfaces } from 'node:os';
import type { Clock, Timer } from '../foundation/clock.ts';
import type { Identifiers } from '../foundation/identifiers.ts';
import type { Logger } from '../foundation/logger.ts';
import type { ControlPlaneLink, WorkList } from './control-plane-link.ts';
import { LocalState } from './local-state.ts';
import { NodeRegistration } from './node-registration.ts';
import { createNodeServices } from './node-services.ts';
import { Pods } from './pods.ts';
import { Reports } from './reports.ts';
import type { ContainerRuntime } from './runtimes/container-runtime.ts';
import { createLimiter } from './runtimes/limiter.ts';
import { diskStorage, type AgentStorage } from './storage.ts';

/** Five of them fit into the 10 s of silence after which a node counts as unreachable. */
export const HEARTBEAT_INTERVAL_MS = 2_000;

/** More than an engine makes at once (4), so that it never waits for us, and few enough that thousands of pods do not call at once. */
export const STARTS_IN_FLIGHT_MAX = 32;

/** A registry's and a disk's worth; more only make each slower. */
export const PULLS_IN_FLIGHT_MAX = 4;

/** How long a node that goes down tries to tell how its containers ended: nobody may be there any more. */
export const LAST_REPORTS_MAX_MS = 3_000;

/** Kubernetes' default of a kubelet's maxPods. */
export const DEFAULT_PODS_MAX = 110;

export interface AgentOptions {
  readonly cell: string;
  readonly node: string;
  readonly runtime: ContainerRuntime;
  readonly link: ControlPlaneLink;
  readonly clock: Clock;
  readonly identifiers: Identifiers;
  readonly logger: Logger;
  /** The cell's data directory on this machine; the agent keeps to `agent-<node>` in it. */
  readonly dataDirectory: string;
  /** What it keeps beside containers; files in the data directory when absent. */
  readonly storage?: AgentStorage;
  /** The agent's version, as the node shows it. */
  readonly version: string;
  /** Part of the machine that is this node's, above 0 and at most 1; all of it when absent. */
  readonly capacityShare?: number;
  readonly podsMax?: number;
  /** The node's address; this machine's first one when absent. */
  readonly address?: string;
  readonly labels?: Readonly<Record<string, string>>;
}

export interface Agent {
  /** Begins; what it needs of the engine and the bus it waits for by itself. */
  start(): Promise<void>;
  /** Lets go; containers run on. The link and the runtime stay open: whoever made them closes them. */
  stop(): Promise<void>;
  /** Stops and removes all containers, each with its grace, and stops. The next start runs the same pods again. */
  drain(): Promise<void>;
}

export function createAgent(options: AgentOptions): Agent {
  return new NodeAgent(options);
}

class NodeAgent implements Agent {
  readonly #options: AgentOptions;
  readonly #reports: Reports;
  readonly #registration: NodeRegistration;
  readonly #pods: Pods;
  readonly #localState: LocalState;
  readonly #stopped = new AbortController();
  #heartbeat: Timer | undefined;
  #wasConnected = false;
  /** No full list has been taken since the last connect, or one was lost. */
  #workWanted = true;
  #asksForWork = false;
  #listening: Promise<void> = Promise.resolve();

  constructor(options: AgentOptions) {
    this.#options = options;
    const { node, clock, logger, storage = diskStorage(options.dataDirectory, node) } = options;
    this.#reports = new Reports({
      ...options,
      seen: () => this.#pods.seen?.revision,
      onTooOld: () => this.#wantWork(),
    });
    const address = options.address ?? machineAddress();
    this.#registration = this.#makeRegistration(address);
    this.#pods = this.#makePods({ storage, address });
    this.#localState = new LocalState({ file: storage.work, clock, logger, snapshot: () => this.#pods.snapshot() });
  }

  async start(): Promise<void> {
    const { link, logger, node, cell, runtime } = this.#options;
    const saved = await this.#localState.load();
    if (saved !== undefined) this.#pods.restore(saved);
    logger.info('the agent starts', { cell, node, runtime: runtime.kind, savedPods: saved?.pods.length ?? 0 });
    link.serve(createNodeServices({ node, runtime, find: (uid) => this.#pods.find(uid)?.pod }));
    link.onWork((list) => this.#receive(list));
    this.#listening = this.#listen();
    this.#beat();
  }

  async stop(): Promise<void> {
    this.#stopped.abort();
    this.#heartbeat?.cancel();
    this.#pods.close();
    this.#reports.close();
    await this.#listening;
    await this.#localState.flush();
  }

  async drain(): Promise<void> {
    this.#heartbeat?.cancel();
    await this.#pods.drain();
    await this.#reports.flush(LAST_REPORTS_MAX_MS);
    await this.stop();
  }

  #makeRegistration(address: string): NodeRegistration {
    const { capacityShare = 1, podsMax = DEFAULT_PODS_MAX, labels = {} } = this.#options;
    return new NodeRegistration({ ...this.#options, address, labels, capacityShare, podsMax });
  }

  #makePods({ storage, address }: { readonly storage: AgentStorage; readonly address: string }): Pods {
    const { runtime, clock, logger } = this.#options;
    return new Pods({
      runtime,
      clock,
      logger,
      reports: this.#reports,
      changed: () => this.#localState.changed(),
      newLineage: () => this.#registration.renew(),
      services: {
        runtime,
        clock,
        logger,
        volumes: storage.volumes,
        starts: createLimiter(STARTS_IN_FLIGHT_MAX),
        pulls: createLimiter(PULLS_IN_FLIGHT_MAX),
        hostIP: address,
        pullSecrets: (request) => storage.pullSecrets(request),
        report: (work, update) => this.#reports.submit(work, update),
      },
    });
  }

  #receive(list: WorkList): void {
    const { logger } = this.#options;
    const verdict = this.#pods.receive(list);
    if (verdict === 'stale') {
      logger.info('a work list older than the newest was ignored', { position: list.position, term: list.term });
    } else if (verdict === 'gap') {
      this.#wantWork();
    } else if (list.full) {
      this.#workWanted = false;
      this.#reports.kick();
    }
  }

  #wantWork(): void {
    this.#workWanted = true;
    void this.#requestWork();
  }

  /** Failing is no matter: asked again with every heartbeat until a full list has come. */
  async #requestWork(): Promise<void> {
    if (this.#asksForWork) return;
    this.#asksForWork = true;
    try {
      await this.#options.link.requestWork();
    } catch (error) {
      this.#options.logger.debug('nobody gave a work list', { error });
    }
    this.#asksForWork = false;
  }

  async #listen(): Promise<void> {
    for await (const event of this.#options.runtime.events(this.#stopped.signal)) this.#pods.heard(event);
  }

  #beat(): void {
    const { link, clock } = this.#options;
    const connected = link.connected();
    if (connected) link.heartbeat(this.#pods.seen);
    if (connected && !this.#wasConnected) {
      // The link asks for work by itself now.
      this.#workWanted = true;
      this.#registration.renew();
      this.#reports.kick();
    } else if (connected && this.#workWanted) void this.#requestWork();
    this.#wasConnected = connected;
    void this.#registration.attempt();
    this.#heartbeat = clock.after(HEARTBEAT_INTERVAL_MS, () => this.#beat());
  }
}

const LOOPBACK = '127.0.0.1';

/** The first address others can reach this machine at. */
function machineAddress(): string {
  const addresses = Object.values(networkInterfaces()).flatMap((list) => list ?? []);
  return addresses.find(({ family, internal }) => family === 'IPv4' && !internal)?.address ?? LOOPBACK;
}
