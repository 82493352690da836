// A real nats-server for tests, on a directory of its own, that can be killed, frozen and started again on the same store.
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { connect, type ConnectionOptions, type NatsConnection } from 'nats';
import { startNatsServer, type NatsServer } from '../../src/bus/embedded-server.ts';
import type { NatsUser } from '../../src/bus/server-users.ts';
import { systemClock } from '../../src/foundation/clock.ts';
import { silentLogger } from '../../src/foundation/logger.ts';

/** Soon enough for tests, rarely enough not to keep the machine busy. */
const RECONNECT_WAIT_MS = 50;

export class TestNatsServer {
  readonly dataDirectory: string;
  readonly #users: readonly NatsUser[];
  readonly #connections: NatsConnection[] = [];
  #server: NatsServer | undefined;

  private constructor(dataDirectory: string, users: readonly NatsUser[]) {
    this.dataDirectory = dataDirectory;
    this.#users = users;
  }

  /** Starts a server on an empty store; without users, anybody may do anything. */
  static async start(users: readonly NatsUser[] = []): Promise<TestNatsServer> {
    const server = new TestNatsServer(await mkdtemp(join(tmpdir(), 'periplus-nats-')), users);
    await server.restart();
    return server;
  }

  /** The running server. */
  get server(): NatsServer {
    if (this.#server === undefined) throw new Error('the test nats-server is not running');
    return this.#server;
  }

  /** Starts it again on the same store and, as a rule, the same ports. */
  async restart(): Promise<void> {
    this.#server = await startNatsServer({
      dataDirectory: this.dataDirectory,
      users: this.#users,
      logger: silentLogger,
      clock: systemClock,
    });
  }

  /** A connection that reconnects for ever; closed by `dispose`. */
  async connect(options: ConnectionOptions = {}): Promise<NatsConnection> {
    const connection = await connect({
      servers: this.server.url,
      maxReconnectAttempts: -1,
      reconnectTimeWait: RECONNECT_WAIT_MS,
      ...options,
    });
    this.#connections.push(connection);
    return connection;
  }

  /** kill -9. */
  async kill(): Promise<void> {
    process.kill(this.server.pid, 'SIGKILL');
    await this.server.exited;
    this.#server = undefined;
  }

  /** Ends it in order. */
  async stop(): Promise<void> {
    await this.server.stop();
    this.#server = undefined;
  }

  /** Freezes it: it accepts bytes and answers nothing. */
  freeze(): void {
    process.kill(this.server.pid, 'SIGSTOP');
  }

  thaw(): void {
    process.kill(this.server.pid, 'SIGCONT');
  }

  /** Directory of a stream's message blocks and their index, for damaging it while the server is stopped. */
  messagesDirectory(stream: string): string {
    return join(this.dataDirectory, 'nats/store/jetstream/$G/streams', stream, 'msgs');
  }

  /** Closes the connections, ends the server, removes the directory. */
  async dispose(): Promise<void> {
    await Promise.all(this.#connections.map((connection) => connection.close()));
    if (this.#server !== undefined) {
      this.thaw();
      await this.#server.stop();
    }
    await rm(this.dataDirectory, { recursive: true, force: true });
  }
}
