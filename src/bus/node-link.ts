/** The agent's link to the control plane over NATS: work lists in; commands, heartbeats and sessions out. The agent dials; nobody dials it. */
import type { Subscription } from 'nats';
import type { CommandDraft, Outcome } from '../../machines/index.ts';
import type { ControlPlaneLink, NodeServices, WorkList, WorkPosition } from '../agent/control-plane-link.ts';
import type { Clock, Timer } from '../foundation/clock.ts';
import type { Logger } from '../foundation/logger.ts';
import { ChunkAssembler } from './chunk-assembler.ts';
import { CommandClient } from './command-client.ts';
import type { Bus } from './connection.ts';
import { Requester } from './requester.ts';
import { SessionHost } from './session-host.ts';

/** How long the control plane may take to answer that a work list is coming. */
const WORK_REQUEST_MS = 5_000;
/** Wait before the request for work is repeated: a control plane reconnects within a second, and takes a lease over in some. */
const WORK_REQUEST_RETRY_MS = 1_000;
/** Largest work list: 10,000 pods of 20 KB. */
const WORK_MAX_BYTES = 256 * 1024 * 1024;
/** Chunks of one work list follow each other at once; one that stays away for so long is lost. */
const WORK_CHUNK_MS = 5_000;
/** Reports are levels and kept by the agent, so it would rather send them anew, merged, than wait long. */
const SEND_DEADLINE_MS = 10_000;

export interface NodeLinkOptions {
  /** Connected under the node's own actor. */
  readonly bus: Bus;
  readonly node: string;
  readonly clock: Clock;
  readonly logger: Logger;
}

export class NodeLink implements ControlPlaneLink {
  readonly node: string;
  readonly #options: NodeLinkOptions;
  readonly #requester: Requester;
  readonly #commands: CommandClient;
  readonly #forgetStatus: () => void;
  #subscription: Subscription | undefined;
  #assembler = new ChunkAssembler(WORK_MAX_BYTES);
  #chunkTimer: Timer | undefined;
  #askTimer: Timer | undefined;
  #sessions: SessionHost | undefined;

  constructor(options: NodeLinkOptions) {
    const { bus, clock, node } = options;
    this.node = node;
    this.#options = options;
    this.#requester = new Requester(bus, clock, 'link');
    this.#commands = new CommandClient({ bus, requester: this.#requester, clock, deadlineMs: SEND_DEADLINE_MS });
    this.#forgetStatus = bus.onStatus((status) => {
      if (status === 'connected' && this.#subscription) this.#askForWork();
    });
  }

  connected(): boolean {
    return this.#options.bus.connected();
  }

  onWork(receive: (work: WorkList) => void): void {
    const { bus } = this.#options;
    this.#subscription = bus.connection.subscribe(bus.subjects.work(this.node), {
      callback: (error, message) => {
        if (error) return;
        this.#chunkTimer?.cancel();
        const assembled = this.#assembler.take(message);
        if (assembled.state === 'more') return this.#expectChunk();
        if (assembled.state === 'other') return this.#lostWork('two work lists came at once');
        this.#assembler = new ChunkAssembler(WORK_MAX_BYTES);
        if (assembled.state === 'broken') return this.#lostWork(assembled.why);
        receive(JSON.parse(Buffer.from(assembled.payload).toString()) as WorkList);
      },
    });
    this.#askForWork();
  }

  async requestWork(): Promise<void> {
    const { bus } = this.#options;
    await this.#requester.request(bus.subjects.workRequest(this.node), '{}', WORK_REQUEST_MS);
  }

  send(commands: readonly CommandDraft[]): Promise<readonly Outcome[]> {
    return this.#commands.send(commands);
  }

  heartbeat(position: WorkPosition | undefined): void {
    const { bus } = this.#options;
    // One sent later would tell that the node was alive when it was not.
    if (bus.connected())
      bus.connection.publish(bus.subjects.heartbeat(this.node), position ? JSON.stringify(position) : '');
  }

  serve(services: NodeServices): void {
    this.#sessions?.close();
    this.#sessions = new SessionHost({ ...this.#options, services });
  }

  async close(): Promise<void> {
    this.#forgetStatus();
    this.#chunkTimer?.cancel();
    this.#askTimer?.cancel();
    this.#sessions?.close();
    this.#subscription?.unsubscribe();
    await this.#options.bus.close();
  }

  /** Until somebody answers: after a restart of the server the control plane may be back later than we are. */
  #askForWork(): void {
    const { bus, clock, logger } = this.#options;
    this.#askTimer?.cancel();
    this.requestWork().catch((error: unknown) => {
      logger.info('nobody answered the request for work: asking again', { error });
      // Without a connection there is nobody to ask; its return asks.
      if (this.#subscription?.isClosed() || !bus.connected()) return;
      this.#askTimer?.cancel();
      this.#askTimer = clock.after(WORK_REQUEST_RETRY_MS, () => this.#askForWork(), { background: true });
    });
  }

  #expectChunk(): void {
    const { clock } = this.#options;
    this.#chunkTimer = clock.after(WORK_CHUNK_MS, () => this.#lostWork('a part of it stayed away'), {
      background: true,
    });
  }

  #lostWork(why: string): void {
    this.#assembler = new ChunkAssembler(WORK_MAX_BYTES);
    this.#options.logger.warn('a work list was lost: asking for a new one', { why });
    this.#askForWork();
  }
}
