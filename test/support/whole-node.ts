/** A node of a whole cell: the real agent on a hollow engine, joined to the control plane by a link that can be cut. */
import type { Command, CommandDraft, Outcome } from '../../machines/index.ts';
import { createAgent, type Agent } from '../../src/agent/agent.ts';
import type { ControlPlaneLink, WorkList } from '../../src/agent/control-plane-link.ts';
import type { ContainerRuntime, RuntimeEvent } from '../../src/agent/runtimes/container-runtime.ts';
import { createHollowRuntime } from '../../src/agent/runtimes/hollow/runtime.ts';
import { systemIdentifiers } from '../../src/foundation/identifiers.ts';
import { silentLogger } from '../../src/foundation/logger.ts';
import type { ManualClock } from './manual-clock.ts';
import type { ControlPlane } from './whole-cell.ts';

export interface WholeNodeOptions {
  readonly name: string;
  readonly clock: ManualClock;
  readonly directory: string;
  /** The control plane there is now, if any. */
  plane(): ControlPlane | undefined;
}

/** As the bus does it: what arrives is a copy. */
function overTheWire<Message>(message: Message): Message {
  return JSON.parse(JSON.stringify(message)) as Message;
}

export class WholeNode {
  readonly name: string;
  readonly engine: ContainerRuntime;
  /** What happened on the engine. */
  readonly events: RuntimeEvent[] = [];
  readonly #options: WholeNodeOptions;
  #agent: Agent | undefined;
  #connected = true;
  #receive: ((work: WorkList) => void) | undefined;
  readonly #closed = new AbortController();

  constructor(options: WholeNodeOptions) {
    this.#options = options;
    this.name = options.name;
    this.engine = createHollowRuntime({ node: options.name, clock: options.clock });
    void this.#record();
  }

  /** Does nothing where it runs. */
  async startAgent(): Promise<void> {
    if (this.#agent !== undefined) return;
    const { clock, directory, name } = this.#options;
    this.#agent = createAgent({
      cell: 'test',
      node: name,
      runtime: this.engine,
      link: this.#link(),
      clock,
      identifiers: systemIdentifiers,
      logger: silentLogger,
      dataDirectory: directory,
      version: '0.0.0',
      address: '192.0.2.1',
    });
    await this.#agent.start();
  }

  /** The agent's process ends; containers run on. */
  async stopAgent(): Promise<void> {
    this.#receive = undefined;
    await this.#agent?.stop();
    this.#agent = undefined;
  }

  cut(): void {
    this.#connected = false;
  }

  /** The link is back, and asks for work as the real one does. */
  reconnect(): void {
    this.#connected = true;
    this.#options.plane()?.work.publishFull(this.name);
  }

  deliver(list: WorkList): void {
    if (this.#connected) this.#receive?.(overTheWire(list));
  }

  /** Running containers, by pod uid. */
  async running(): Promise<readonly string[]> {
    const { containers } = await this.engine.inventory();
    return containers.filter(({ state }) => state === 'running').map(({ pod }) => pod.uid);
  }

  async close(): Promise<void> {
    this.#closed.abort();
    await this.stopAgent();
    await this.engine.close();
  }

  async #record(): Promise<void> {
    for await (const event of this.engine.events(this.#closed.signal)) this.events.push(event);
  }

  #link(): ControlPlaneLink {
    const { name } = this;
    return {
      node: name,
      connected: () => this.#connected,
      onWork: (receive) => {
        this.#receive = receive;
        if (this.#connected) this.#options.plane()?.work.publishFull(name);
      },
      requestWork: async () => this.#require().work.publishFull(name),
      send: (commands) => this.#send(commands),
      heartbeat: () => this.#options.plane()?.heard(name),
      serve: () => undefined,
      close: async () => undefined,
    };
  }

  async #send(drafts: readonly CommandDraft[]): Promise<readonly Outcome[]> {
    const commands = drafts.map((draft): Command => ({ ...overTheWire(draft), actor: `system:node:${this.name}` }));
    const outcomes = await this.#require().submit(commands);
    if (outcomes === undefined || !this.#connected) throw new Error('no answer came');
    return overTheWire(outcomes);
  }

  #require(): ControlPlane {
    const plane = this.#connected ? this.#options.plane() : undefined;
    if (plane === undefined) throw new Error('nobody answers');
    return plane;
  }
}
