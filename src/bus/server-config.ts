/** The embedded nats-server's files in the data directory: its configuration, and which ports it had last. */
import { readFile, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { userConfig, type NatsUser } from './server-users.ts';

/** Largest message, bytes: four full entries, and room for the answer to a list in chunks. */
export const MAX_PAYLOAD_BYTES = 8 * 1024 * 1024;
/** Most bytes waiting for one slow client before the server cuts it off: eight of the largest messages. */
const MAX_PENDING_BYTES = 64 * 1024 * 1024;
/** The server's own log: enough for days of a healthy server, kept twice. */
const LOG_FILE_BYTES = 8 * 1024 * 1024;
/** Lets the server choose; what it chose is in its ports file. */
export const ANY_PORT = -1;

/** Where the client and the monitoring port are. */
export interface ServerPorts {
  readonly client: number;
  readonly monitoring: number;
}

/** The files of one server, all in DATA/nats and DATA/logs. */
export class ServerFiles {
  readonly directory: string;
  readonly config: string;
  readonly store: string;
  readonly pid: string;
  readonly logDirectory: string;
  readonly log: string;
  readonly #ports: string;

  constructor(dataDirectory: string) {
    this.directory = join(dataDirectory, 'nats');
    this.config = join(this.directory, 'nats-server.conf');
    this.store = join(this.directory, 'store');
    this.pid = join(this.directory, 'nats-server.pid');
    this.logDirectory = join(dataDirectory, 'logs');
    this.log = join(this.logDirectory, 'nats-server.log');
    this.#ports = join(this.directory, 'ports.json');
  }

  /** The file a server of that process id writes once it listens. */
  portsOf(processId: number): string {
    return join(this.directory, `nats-server_${processId}.ports`);
  }

  /** The ports of the last start; undefined before the first, or where the file is not ours. */
  async lastPorts(): Promise<ServerPorts | undefined> {
    try {
      const ports = JSON.parse(await readFile(this.#ports, 'utf8')) as Partial<ServerPorts>;
      return Number.isInteger(ports.client) && Number.isInteger(ports.monitoring) ? (ports as ServerPorts) : undefined;
    } catch {
      return undefined;
    }
  }

  async rememberPorts(ports: ServerPorts): Promise<void> {
    await replaceFile(this.#ports, JSON.stringify(ports));
  }
}

export interface ServerConfigOptions {
  readonly files: ServerFiles;
  /** Unique, so that a monitoring port can be told to be this server's. */
  readonly serverName: string;
  readonly listenAddress: string;
  readonly ports: ServerPorts;
  /** Anybody may do anything when empty. */
  readonly users: readonly NatsUser[];
  /** `later` is for loading a log that nobody relies on before it was synced as a whole; `always` when absent. */
  readonly sync?: 'always' | 'later';
}

/** How long a server that syncs later waits: longer than a load takes, since who loads syncs all of it at its end. */
const SYNC_LATER = '1h';

/** Writes the configuration. It is JSON, which the server reads too and which leaves no doubt about quoting. */
export async function writeServerConfig(options: ServerConfigOptions): Promise<void> {
  const { files, ports, users } = options;
  const config = {
    server_name: options.serverName,
    host: options.listenAddress,
    port: ports.client,
    http: `127.0.0.1:${ports.monitoring}`,
    ports_file_dir: files.directory,
    pid_file: files.pid,
    log_file: files.log,
    logfile_size_limit: LOG_FILE_BYTES,
    logfile_max_num: 2,
    max_payload: MAX_PAYLOAD_BYTES,
    max_pending: MAX_PENDING_BYTES,
    // Acknowledged means on disk.
    jetstream: { store_dir: files.store, sync_interval: options.sync === 'later' ? SYNC_LATER : 'always' },
    ...(users.length > 0 && { authorization: { users: users.map(userConfig) } }),
  };
  await replaceFile(files.config, JSON.stringify(config, undefined, 2));
}

/** Whole or not at all; readable only by its owner, since passwords are in it. */
async function replaceFile(path: string, text: string): Promise<void> {
  const half = `${path}.new`;
  await writeFile(half, text, { mode: 0o600 });
  await rename(half, path);
}
