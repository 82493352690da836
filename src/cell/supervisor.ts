/** Keeps a cell's processes running on this machine: nats-server, control planes, agents. Knows nothing of what they do. */
import { mkdirSync } from 'node:fs';
import { extname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { startNatsServer, type NatsServer } from '../bus/embedded-server.ts';
import type { Clock } from '../foundation/clock.ts';
import type { Logger } from '../foundation/logger.ts';
import { busUsers, writeCredentials } from './bus-users.ts';
import { removeFile, writeJson, type DataDirectory } from './data-directory.ts';
import {
  AGENT_MEMORY_FLAGS,
  CONTROL_PLANE_MEMORY_FLAGS,
  GATEWAY_MEMORY_FLAGS,
  memoryEnvironment,
} from './process-memory.ts';
import { LOSS_REMEDY, type RunningCell } from './running-cell.ts';
import type { RuntimeName } from './runtime-name.ts';
import { RESTART_MAX_MS, RESTART_MIN_MS, SupervisedProcess } from './supervised-process.ts';

/** The program of every process of a cell. */
export const PROCESS_PROGRAM = fileURLToPath(new URL(`./process${extname(import.meta.url)}`, import.meta.url));

export interface SupervisorOptions {
  readonly directory: DataDirectory;
  readonly cell: string;
  readonly nodes: readonly string[];
  readonly runtime: RuntimeName;
  /** Another control plane beside the first. */
  readonly standby: boolean;
  /** Address for the bus to listen on; loopback when absent. */
  readonly listenAddress?: string;
  /** Port of the Kubernetes API; the last one, or Kubernetes' own, when absent. */
  readonly apiPort?: number;
  /** The control plane begins a new lineage where the log is damaged or shorter than known. */
  readonly acceptLoss: boolean;
  /** A bus that does not sync every entry is accepted, loudly. */
  readonly acceptUnsynced: boolean;
  readonly clock: Clock;
  readonly logger: Logger;
}

/** Hollow nodes cost next to nothing each, so they share a process; real agents have one each, so that one can fail alone. */
function agentGroups(options: SupervisorOptions): readonly (readonly string[])[] {
  return options.runtime === 'hollow' ? [options.nodes] : options.nodes.map((node) => [node]);
}

export class Supervisor {
  readonly #options: SupervisorOptions;
  readonly #children: SupervisedProcess[] = [];
  readonly #agents: SupervisedProcess[] = [];
  #server: NatsServer | undefined;
  #stopping = false;
  #trouble: string | undefined;

  constructor(options: SupervisorOptions) {
    this.#options = options;
  }

  /** Starts everything; resolves once the bus answers and the others are on their way. Raises NatsServerError. */
  async start(): Promise<void> {
    mkdirSync(this.#options.directory.logs, { recursive: true });
    await this.#startServer();
    this.#writeRunning();
    this.#startControlPlane('control-plane', this.#options.acceptLoss);
    if (this.#options.standby) this.#startControlPlane('standby', false);
    for (const nodes of agentGroups(this.#options)) this.#startAgents(nodes);
    this.#startGateway();
    this.#writeRunning();
  }

  /** Stops everything: agents first, which remove their containers unless told to keep them, then the control plane, then the bus. */
  async stop(options: { readonly keepContainers: boolean }): Promise<void> {
    this.#stopping = true;
    this.#noteRunning();
    await Promise.all(this.#agents.map((agent) => (options.keepContainers ? agent.abandon() : agent.stop())));
    await Promise.all(this.#children.map((child) => child.stop()));
    await this.#server?.stop();
    removeFile(this.#options.directory.running);
  }

  async #startServer(): Promise<void> {
    const { directory, cell, nodes, clock, logger, listenAddress } = this.#options;
    const users = busUsers(directory, cell, nodes);
    const server = await startNatsServer({
      dataDirectory: directory.root,
      users,
      logger,
      clock,
      ...(listenAddress ? { listenAddress } : {}),
    });
    this.#server = server;
    writeCredentials(directory, cell, nodes, { url: server.url, users });
    void server.exited.then(() => this.#restartServer(RESTART_MIN_MS));
  }

  async #restartServer(waitMs: number): Promise<void> {
    if (this.#stopping) return;
    const { clock, logger } = this.#options;
    logger.warn('nats-server ended: starting it again', { waitMs });
    await clock.sleep(waitMs);
    if (this.#stopping) return;
    try {
      await this.#startServer();
      this.#noteRunning();
    } catch (error) {
      logger.error('cannot start nats-server', { error });
      await this.#restartServer(Math.min(waitMs * 2, RESTART_MAX_MS));
    }
  }

  #startControlPlane(name: 'control-plane' | 'standby', acceptLoss: boolean): void {
    const { acceptUnsynced } = this.#options;
    const flags = [...(acceptLoss ? ['--accept-loss'] : []), ...(acceptUnsynced ? ['--accept-unsynced'] : [])];
    this.#children.push(this.#start(name, CONTROL_PLANE_MEMORY_FLAGS, ['control-plane', '--name', name, ...flags]));
  }

  #startAgents(nodes: readonly string[]): void {
    const { runtime, nodes: all } = this.#options;
    const name = nodes.length === 1 ? `agent-${nodes[0]}` : 'agents';
    const process = this.#start(name, AGENT_MEMORY_FLAGS, [
      'agents',
      '--nodes',
      nodes.join(','),
      '--runtime',
      runtime,
      '--share',
      String(all.length),
    ]);
    this.#children.push(process);
    this.#agents.push(process);
  }

  #startGateway(): void {
    const { apiPort } = this.#options;
    const port = apiPort === undefined ? [] : ['--api-port', String(apiPort)];
    this.#children.push(this.#start('gateway', GATEWAY_MEMORY_FLAGS, ['gateway', ...port]));
  }

  #start(name: string, nodeFlags: readonly string[], args: readonly string[]): SupervisedProcess {
    const { directory, clock, logger } = this.#options;
    return new SupervisedProcess({
      name,
      command: [process.execPath, ...nodeFlags, PROCESS_PROGRAM, ...args, '--data', directory.root],
      logFile: join(directory.logs, `${name}.log`),
      environment: memoryEnvironment(process.env),
      clock,
      logger,
      onRestarted: () => this.#noteRunning(),
      onNeedsOperator: (message) => {
        this.#trouble = `${message}. ${LOSS_REMEDY}`;
        this.#noteRunning();
      },
    });
  }

  /** Writes what runs, as soon as the disk takes it: a full one must not end what runs. */
  #noteRunning(): void {
    try {
      this.#writeRunning();
    } catch (error) {
      const { clock, logger } = this.#options;
      logger.error('cannot write down what runs: trying again', { error });
      clock.after(RESTART_MAX_MS, () => !this.#stopping && this.#noteRunning(), { background: true });
    }
  }

  #writeRunning(): void {
    const { directory, cell, nodes, runtime } = this.#options;
    const server = this.#server;
    if (server === undefined) return;
    const running: RunningCell = {
      cell,
      url: server.url,
      monitoringUrl: server.monitoringUrl,
      supervisor: process.pid,
      processes: Object.fromEntries([
        ['nats-server', server.pid],
        ...this.#children.flatMap((child) => (child.pid === undefined ? [] : [[child.name, child.pid]])),
      ]),
      nodes,
      runtime,
      ...(this.#stopping ? { stopping: true } : {}),
      ...(this.#trouble === undefined ? {} : { trouble: this.#trouble }),
    };
    writeJson(directory.running, running);
  }
}
