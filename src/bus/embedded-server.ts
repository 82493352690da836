/** The cell's own nats-server: a child of the supervisor, with the log under the data directory. */
import { mkdir, readFile, rm } from 'node:fs/promises';
import { createServer } from 'node:net';
import type { Clock } from '../foundation/clock.ts';
import { systemIdentifiers, type Identifiers } from '../foundation/identifiers.ts';
import type { Logger } from '../foundation/logger.ts';
import {
  ANY_PORT,
  ServerFiles,
  writeServerConfig,
  type ServerConfigOptions,
  type ServerPorts,
} from './server-config.ts';
import { NatsServerError } from './server-error.ts';
import { findNatsServer } from './server-executable.ts';
import { askServer, isHealthy, type ServerVariables } from './server-monitoring.ts';
import { checkConfig, reapLeftover, startProcess, type ServerExit, type ServerProcess } from './server-process.ts';
import type { NatsUser } from './server-users.ts';

/** A million messages without an index took 5 s to recover, compressed 30 s; a log may be several times that. */
const START_TIMEOUT_MS = 120_000;
/** A server on an empty store is ready after 0.1 s. */
const START_POLL_MS = 10;
/** A reload takes milliseconds. */
const RELOAD_TIMEOUT_MS = 5_000;
/** Before the line in which the server logs why it ends. */
const FATAL_MARK = '[FTL]';

export interface NatsServerOptions {
  /** The cell's data directory; the server's files are in its `nats` and `logs`. */
  readonly dataDirectory: string;
  /** Anybody may do anything when empty: for tests. */
  readonly users: readonly NatsUser[];
  readonly logger: Logger;
  readonly clock: Clock;
  /** Path of the program; found by itself when absent. */
  readonly executable?: string;
  /** Where clients connect; loopback when absent. Monitoring is on loopback always. */
  readonly listenAddress?: string;
  /** `later` acknowledges what is not on disk yet: only for loading. `always` when absent. */
  readonly sync?: 'always' | 'later';
  readonly identifiers?: Identifiers;
}

export interface NatsServer {
  /** Where clients on this machine connect, without credentials. */
  readonly url: string;
  readonly port: number;
  readonly monitoringUrl: string;
  readonly version: string;
  readonly pid: number;
  /** Resolves when the process has ended, for whatever reason. */
  readonly exited: Promise<ServerExit>;
  /** Changes who may connect; those whose rights changed are disconnected by the server. Raises NatsServerError. */
  reload(users: readonly NatsUser[]): Promise<void>;
  /** Ends the server and resolves once it is gone. */
  stop(): Promise<void>;
}

/**
 * Starts the server and resolves once its streams are recovered. A server left on the same files by a killed parent is
 * ended first; the ports of the last start are taken again where they are free. Raises NatsServerError.
 */
export async function startNatsServer(options: NatsServerOptions): Promise<NatsServer> {
  const { clock, logger } = options;
  const { path, version } = await findNatsServer(options.executable);
  const files = new ServerFiles(options.dataDirectory);
  await mkdir(files.directory, { recursive: true, mode: 0o700 });
  await mkdir(files.logDirectory, { recursive: true });
  const leftover = await reapLeftover(files, clock);
  if (leftover !== undefined) logger.warn('ended a nats-server that its parent left behind', { pid: leftover });
  const config: ServerConfigOptions = {
    files,
    serverName: `periplus-${(options.identifiers ?? systemIdentifiers).uuid()}`,
    listenAddress: options.listenAddress ?? '127.0.0.1',
    ports: await preferredPorts(files),
    users: options.users,
    ...(options.sync === undefined ? {} : { sync: options.sync }),
  };
  await writeServerConfig(config);
  await checkConfig(path, files);
  const server = await startProcess({ executable: path, files, clock });
  try {
    const ports = await waitForPorts(server, files, clock);
    await waitForHealth(server, files, monitoringUrlOf(ports), clock);
    await files.rememberPorts(ports);
    logger.info('nats-server is ready', { pid: server.pid, version, port: ports.client });
    return runningServer(config, { ports, server, executable: path, version, clock });
  } catch (error) {
    await server.stop();
    throw error;
  }
}

function runningServer(
  config: ServerConfigOptions,
  running: {
    readonly ports: ServerPorts;
    readonly server: ServerProcess;
    readonly executable: string;
    readonly version: string;
    readonly clock: Clock;
  },
): NatsServer {
  const { ports, server, executable, version, clock } = running;
  const monitoringUrl = monitoringUrlOf(ports);
  const host = config.listenAddress === '0.0.0.0' ? '127.0.0.1' : config.listenAddress;
  return {
    url: `nats://${host}:${ports.client}`,
    port: ports.client,
    monitoringUrl,
    version,
    pid: server.pid,
    exited: server.exited,
    async reload(users) {
      const before = await askServer<ServerVariables>(monitoringUrl, 'varz');
      // The ports as they were asked for: the server refuses to reload "any" turned into the one it chose.
      await writeServerConfig({ ...config, users });
      await checkConfig(executable, config.files);
      server.signal('SIGHUP');
      const until = clock.monotonic() + RELOAD_TIMEOUT_MS;
      for (;;) {
        const now = await askServer<ServerVariables>(monitoringUrl, 'varz');
        if (now.config_load_time !== before.config_load_time) return;
        if (clock.monotonic() > until) throw new NatsServerError(`nats-server did not reload; see ${config.files.log}`);
        await clock.sleep(START_POLL_MS);
      }
    },
    async stop() {
      if (server.exit() === undefined) await server.stop();
      await rm(config.files.portsOf(server.pid), { force: true });
    },
  };
}

function monitoringUrlOf(ports: ServerPorts): string {
  return `http://127.0.0.1:${ports.monitoring}`;
}

/** The ports of the last start, each where it is free, so that clients find the server again. */
async function preferredPorts(files: ServerFiles): Promise<ServerPorts> {
  const last = await files.lastPorts();
  if (last === undefined) return { client: ANY_PORT, monitoring: ANY_PORT };
  const [client, monitoring] = await Promise.all([isFree(last.client), isFree(last.monitoring)]);
  return { client: client ? last.client : ANY_PORT, monitoring: monitoring ? last.monitoring : ANY_PORT };
}

function isFree(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const probe = createServer();
    probe.once('error', () => resolve(false));
    probe.listen(port, '127.0.0.1', () => probe.close(() => resolve(true)));
  });
}

/** The server writes this file once it listens. */
async function waitForPorts(server: ServerProcess, files: ServerFiles, clock: Clock): Promise<ServerPorts> {
  const portsFile = files.portsOf(server.pid);
  let ports: ServerPorts | undefined;
  await waitUntil(server, files, clock, async () => {
    const text = await readFile(portsFile, 'utf8').catch(() => '');
    ports = parsePorts(text);
    return ports !== undefined;
  });
  if (ports === undefined) throw new NatsServerError(`nats-server wrote no ports to ${portsFile}`);
  return ports;
}

/** Undefined for a file that is not there yet or only half written. */
function parsePorts(text: string): ServerPorts | undefined {
  try {
    const { nats, monitoring } = JSON.parse(text) as { nats?: string[]; monitoring?: string[] };
    const ports = { client: portOf(nats), monitoring: portOf(monitoring) };
    return ports.client > 0 && ports.monitoring > 0 ? ports : undefined;
  } catch {
    return undefined;
  }
}

function portOf(urls: readonly string[] | undefined): number {
  return urls?.[0] === undefined ? 0 : Number(new URL(urls[0]).port);
}

async function waitForHealth(server: ServerProcess, files: ServerFiles, url: string, clock: Clock): Promise<void> {
  await waitUntil(server, files, clock, () => isHealthy(url));
}

async function waitUntil(
  server: ServerProcess,
  files: ServerFiles,
  clock: Clock,
  holds: () => Promise<boolean>,
): Promise<void> {
  const until = clock.monotonic() + START_TIMEOUT_MS;
  while (!(await holds())) {
    const exit = server.exit();
    if (exit !== undefined) {
      const how = exit.signal ?? `exit code ${exit.code}`;
      const why = exit.lastWords.trim() || (await lastFatalLine(files.log));
      throw new NatsServerError(`nats-server ended while starting (${how}): ${why}; see ${files.log}`);
    }
    if (clock.monotonic() > until) {
      throw new NatsServerError(`nats-server is not ready after ${START_TIMEOUT_MS / 1000} s; see ${files.log}`);
    }
    await clock.sleep(START_POLL_MS);
  }
}

/** What the server logged as the reason of its end. */
async function lastFatalLine(log: string): Promise<string> {
  const text = await readFile(log, 'utf8').catch(() => '');
  const line = text.split('\n').findLast((each) => each.includes(FATAL_MARK)) ?? '';
  return line.slice(line.indexOf(FATAL_MARK) + FATAL_MARK.length).trim() || 'it gave no reason';
}
