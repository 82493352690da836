/** One connection to the bus under one credential: endless reconnect, an inbox prefix of its own, its state for whoever must know. */
import { connect as connectNats, ErrorCode, Events, NatsError, type NatsConnection } from 'nats';
import type { Credentials } from './credentials.ts';
import { subjectsOf, type Subjects } from './subjects.ts';

/** Wait between attempts to reconnect: short, since a restarted server is back within 0.3 s. */
const RECONNECT_WAIT_MS = 250;
const RECONNECT_JITTER_MS = 100;
/** A peer that answers no ping for so long (twice) is taken to be gone: a stopped server must be noticed within a node's silence. */
const PING_INTERVAL_MS = 5_000;
const PING_MAX_OUTSTANDING = 2;
/** Longest a single attempt to connect may take. */
const CONNECT_TIMEOUT_MS = 5_000;

export type BusStatus = 'connected' | 'disconnected';

export interface Bus {
  readonly cell: string;
  readonly actor: string;
  readonly subjects: Subjects;
  readonly connection: NatsConnection;
  /** Whether the server is connected now. */
  connected(): boolean;
  /** Tells of every change from now on; returns how to stop. */
  onStatus(listener: (status: BusStatus) => void): () => void;
  /** Lets what is under way finish, then closes. */
  close(): Promise<void>;
}

export interface ConnectOptions {
  /** Shown in the server's list of connections. */
  readonly name: string;
  /** Keep trying when the first attempt fails; otherwise that rejects with BusUnavailableError. */
  readonly waitForServer?: boolean;
}

/** The bus cannot be reached. Retryable. */
export class BusUnavailableError extends Error {
  override readonly name = 'BusUnavailableError';
}

/** The server knows no such user, or another password. Terminal. */
export class BusCredentialsError extends Error {
  override readonly name = 'BusCredentialsError';
}

/** Connects. Rejects with BusUnavailableError or BusCredentialsError. */
export async function connectBus(credentials: Credentials, options: ConnectOptions): Promise<Bus> {
  const { cell, actor, url, user, password } = credentials;
  const subjects = subjectsOf(cell);
  try {
    const connection = await connectNats({
      servers: url.split(','),
      user,
      pass: password,
      name: options.name,
      inboxPrefix: subjects.inbox(actor),
      maxReconnectAttempts: -1,
      reconnectTimeWait: RECONNECT_WAIT_MS,
      reconnectJitter: RECONNECT_JITTER_MS,
      waitOnFirstConnect: options.waitForServer ?? false,
      pingInterval: PING_INTERVAL_MS,
      maxPingOut: PING_MAX_OUTSTANDING,
      timeout: CONNECT_TIMEOUT_MS,
      // A credential the server refuses for a moment (it starts with its users not yet loaded) must not end an agent.
      ignoreAuthErrorAbort: options.waitForServer ?? false,
    });
    return new NatsBus(cell, actor, subjects, connection);
  } catch (cause) {
    if (cause instanceof NatsError && cause.code === ErrorCode.AuthorizationViolation) {
      throw new BusCredentialsError(`the bus at ${url} refuses user ${user}: check the credentials file`, { cause });
    }
    throw new BusUnavailableError(`the bus at ${url} does not answer`, { cause });
  }
}

class NatsBus implements Bus {
  readonly cell: string;
  readonly actor: string;
  readonly subjects: Subjects;
  readonly connection: NatsConnection;
  readonly #listeners = new Set<(status: BusStatus) => void>();
  #connected = true;

  constructor(cell: string, actor: string, subjects: Subjects, connection: NatsConnection) {
    this.cell = cell;
    this.actor = actor;
    this.subjects = subjects;
    this.connection = connection;
    void this.#follow();
  }

  connected(): boolean {
    return this.#connected && !this.connection.isClosed();
  }

  onStatus(listener: (status: BusStatus) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  async close(): Promise<void> {
    if (this.connection.isClosed()) return;
    // Draining waits for the server; while it is away there is nobody to wait for.
    await (this.#connected ? this.connection.drain() : this.connection.close());
  }

  async #follow(): Promise<void> {
    for await (const { type } of this.connection.status()) {
      if (type === Events.Disconnect) this.#tell('disconnected');
      else if (type === Events.Reconnect) this.#tell('connected');
    }
    this.#tell('disconnected');
  }

  #tell(status: BusStatus): void {
    if (this.#connected === (status === 'connected')) return;
    this.#connected = status === 'connected';
    for (const listener of this.#listeners) listener(status);
  }
}
