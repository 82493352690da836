/** A whole cell of real processes for end-to-end tests: started once, broken on purpose, never mended by hand, always cleaned up. */
import { spawn } from 'node:child_process';
import { closeSync, existsSync, mkdirSync, mkdtempSync, openSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type Docker from 'dockerode';
import { connectBus } from '../../src/bus/connection.ts';
import type { CellClient } from '../../src/bus/cell-client.ts';
import { readCredentials } from '../../src/bus/credentials.ts';
import { dataDirectory, readJson } from '../../src/cell/data-directory.ts';
import type { RunningCell } from '../../src/cell/running-cell.ts';
import { systemClock } from '../../src/foundation/clock.ts';
import { silentLogger } from '../../src/foundation/logger.ts';
import { verifyLog, type Verification } from '../../src/history/verify.ts';
import { connect } from '../../src/index.ts';
import { openLog, type JetStreamLog } from '../../src/log/jetstream-log.ts';
import { readUntil } from '../../src/writer/catch-up.ts';
import { WRITER_LIMITS } from '../../src/writer/limits.ts';
import { isAlive, processesOf, type ProcessName } from './cell-processes.ts';
import { docker as mainEngine, removeContainer } from './docker.ts';
import { projectRoot } from './run-command.ts';
import { waitFor } from './wait-for.ts';

/** A start with everything cold, on a machine that does other things. */
const START_MS = 60_000;
/** Containers stop within their grace of a few seconds. */
const STOP_MS = 40_000;
/** No fault of a test lasts so long. */
const COMMAND_MS = 60_000;
/** Last lines of each log that go into a failure's message. */
const LOG_LINES = 12;

export interface RealCellOptions {
  readonly nodes?: number;
  readonly runtime?: 'docker' | 'process' | 'hollow';
  readonly standby?: boolean;
  /** A directory of the test's own, removed by the test. */
  readonly directory?: string;
  /** The engine its agents use; the machine's when absent. */
  readonly engine?: { readonly docker: Docker; readonly socketPath: string };
}

export class RealCell {
  readonly directory: string;
  readonly docker: Docker;
  readonly #options: RealCellOptions;
  #client: CellClient | undefined;

  /** Of an empty directory, where nothing runs yet. */
  constructor(options: RealCellOptions = {}) {
    this.#options = options;
    this.directory = options.directory ?? mkdtempSync(join(tmpdir(), 'periplus-cell-'));
    this.docker = options.engine?.docker ?? mainEngine;
  }

  /** Starts a cell on an empty directory and resolves once its nodes are ready. */
  static async start(options: RealCellOptions = {}): Promise<RealCell> {
    const cell = new RealCell(options);
    try {
      cell.startSupervisor();
      await cell.untilReady();
      return cell;
    } catch (error) {
      await cell.dispose();
      throw error;
    }
  }

  /** What a person's second `up` would do; also the only thing a test may do by hand, after a stop. */
  startSupervisor(more: readonly string[] = []): void {
    const { nodes = 1, runtime = 'docker', standby = false, engine } = this.#options;
    const names = Array.from({ length: nodes }, (_, index) => `n${index + 1}`).join(',');
    const logs = join(this.directory, 'logs');
    mkdirSync(logs, { recursive: true });
    const log = openSync(join(logs, 'supervisor.log'), 'a');
    const program = join(projectRoot, 'src/cell/process.ts');
    const words = ['supervisor', '--data', this.directory, '--nodes', names, '--runtime', runtime, '--detached'];
    const child = spawn(process.execPath, [program, ...words, ...(standby ? ['--standby'] : []), ...more], {
      detached: true,
      stdio: ['ignore', log, log],
      env: { ...process.env, ...(engine ? { DOCKER_HOST: `unix://${engine.socketPath}` } : {}) },
    });
    child.unref();
    closeSync(log);
  }

  /** Resolves once the control plane answers and every node is ready. */
  async untilReady(): Promise<void> {
    await this.eventually('the nodes are ready', () => this.requireNodesReady(), START_MS);
  }

  async requireNodesReady(): Promise<void> {
    const client = await this.client();
    const { items } = await client.list('Node');
    const ready = items.filter(({ status }) =>
      status.conditions?.some(({ type, status: value }) => type === 'Ready' && value === 'True'),
    );
    if (ready.length < (this.#options.nodes ?? 1)) throw new Error(`${ready.length} nodes are ready`);
  }

  /** What the supervisor last wrote down; undefined when nothing runs. */
  get running(): RunningCell | undefined {
    return readJson<RunningCell>(dataDirectory(this.directory).running);
  }

  /** The cell's name on subjects and labels. */
  get name(): string {
    return readJson<{ readonly cell: string }>(dataDirectory(this.directory).identity)?.cell ?? '';
  }

  /** One connection as the operator, which outlives whatever is broken. */
  async client(): Promise<CellClient> {
    this.#client ??= await this.connect();
    return this.#client;
  }

  /** Another connection, for whoever asked to close. */
  connect(deadlineMs = COMMAND_MS): Promise<CellClient> {
    return connect({ data: this.directory, deadlineMs });
  }

  /** Lets the next client connect anew, after a stop. */
  async disconnect(): Promise<void> {
    await this.#client?.close();
    this.#client = undefined;
  }

  pid(name: ProcessName): number {
    const pid = processesOf(this.directory).get(name);
    if (pid === undefined) throw new Error(`no process ${name} of the cell runs`);
    return pid;
  }

  /** Sends a signal to one of the cell's processes; returns its id. */
  signal(name: ProcessName, signal: NodeJS.Signals): number {
    const pid = this.pid(name);
    process.kill(pid, signal);
    return pid;
  }

  /** kill -9; resolves once it is dead. */
  async kill(name: ProcessName): Promise<void> {
    const pid = this.signal(name, 'SIGKILL');
    await waitFor(`process ${name} is dead`, () => requireThat(!isAlive(pid), 'it lives'), { timeoutMs: 5_000 });
  }

  /** Waits for a condition; a failure tells what the cell's processes last said. */
  async eventually<Answer>(what: string, check: () => Answer | Promise<Answer>, timeoutMs = 60_000): Promise<Answer> {
    try {
      return await waitFor(what, check, { timeoutMs });
    } catch (error) {
      throw new Error(`${(error as Error).message}\n${this.lastWords()}`, { cause: error });
    }
  }

  /** Lets time pass in which something must not happen. */
  outlast(milliseconds: number): Promise<void> {
    return systemClock.sleep(milliseconds);
  }

  /** The log as the control plane sees it, read only. */
  async withLog<Answer>(use: (log: JetStreamLog) => Promise<Answer>): Promise<Answer> {
    const credentials = readCredentials(join(this.directory, 'credentials/control-plane.json'));
    const bus = await connectBus(credentials, { name: 'test' });
    try {
      const inboxPrefix = bus.subjects.inbox(bus.actor);
      const { connection } = bus;
      const log = await openLog({
        connection,
        inboxPrefix,
        cell: bus.cell,
        clock: systemClock,
        logger: silentLogger,
      });
      return await use(log);
    } finally {
      await bus.close();
    }
  }

  verify(): Promise<Verification> {
    const { signal } = new AbortController();
    const reading = { clock: systemClock, readBackMs: WRITER_LIMITS.readBackMs, signal };
    return this.withLog(async (log) => {
      const entries = readUntil(log, 1, await log.lastNumber(), reading);
      return verifyLog({ entries, cell: log.cell });
    });
  }

  /** As Ctrl-C and `down` do: containers are removed, objects kept. */
  async stop(): Promise<void> {
    await this.disconnect();
    const supervisor = processesOf(this.directory).get('supervisor');
    if (supervisor !== undefined) process.kill(supervisor, 'SIGTERM');
    await this.eventually('the cell has stopped', () => this.requireStopped(), STOP_MS);
  }

  requireStopped(): void {
    const left = [...processesOf(this.directory).keys()];
    requireThat(left.length === 0, `still running: ${left.join(', ')}`);
  }

  /** Ends and removes everything of the cell, whatever state it is in. */
  async dispose(): Promise<void> {
    await this.disconnect().catch(() => undefined);
    // The supervisor first, or it would start the others again.
    const processes = processesOf(this.directory);
    for (const name of ['supervisor', ...processes.keys()]) {
      const pid = processes.get(name);
      if (pid !== undefined && isAlive(pid)) process.kill(pid, 'SIGKILL');
    }
    await this.eventually('the cell is gone', () => this.requireStopped(), STOP_MS);
    if ((this.#options.runtime ?? 'docker') === 'docker' && this.name !== '') await this.#removeContainers();
    if (this.#options.directory === undefined) rmSync(this.directory, { recursive: true, force: true });
  }

  async #removeContainers(): Promise<void> {
    const left = await this.docker.listContainers({ all: true, filters: { label: [`periplus.cell=${this.name}`] } });
    await Promise.all(left.map(({ Id }) => removeContainer(this.docker, Id)));
  }

  /** The last lines of every log of the cell. */
  lastWords(): string {
    const logs = join(this.directory, 'logs');
    if (!existsSync(logs)) return 'it has no logs';
    return readdirSync(logs)
      .map((file) => {
        const lines = readFileSync(join(logs, file), 'utf8').trimEnd().split('\n').slice(-LOG_LINES);
        return [`--- ${file}`, ...lines].join('\n');
      })
      .join('\n');
  }
}

export function requireThat(holds: boolean, otherwise: string): void {
  if (!holds) throw new Error(otherwise);
}
