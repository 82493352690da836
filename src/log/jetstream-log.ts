/** One lineage of the log on JetStream, and how a process finds the one its cell is at. */
import { Events, type NatsConnection } from 'nats';
import { subjectsOf } from '../bus/subjects.ts';
import type { Clock } from '../foundation/clock.ts';
import type { Logger } from '../foundation/logger.ts';
import { LineageError } from './lineage-error.ts';
import { LogUnavailableError, type AppendOutcome, type EventLog, type StoredEntry } from './event-log.ts';
import { JetStreamApi } from './jetstream-api.ts';
import { EntryPublisher } from './jetstream-append.ts';
import { readEntries } from './jetstream-read.ts';
import {
  configOf,
  lineageOf,
  STORED_ENTRY_MAX_BYTES,
  streamOf,
  subjectsOfLineages,
  type LineageStream,
} from './lineage-stream.ts';

/** An fsync took 28 ms at p99 and a cluster's new leader 5 s; later than this the outcome is worth asking for. */
export const APPEND_TIMEOUT_MS = 5_000;
/** A cell's first lineage; later ones carry a unique part, so that a store put back never names two by the same. */
const FIRST_LINEAGE = '1';
const OPEN_RETRY_MIN_MS = 100;
const OPEN_RETRY_MAX_MS = 1_000;
/** A cold cluster was ready after 6 s; a single server recovers its streams before it lets anybody in. */
const OPEN_TIMEOUT_MS = 60_000;

export interface JetStreamLogOptions {
  readonly connection: NatsConnection;
  /** The connection's, when it has one of its own. */
  readonly inboxPrefix?: string;
  readonly cell: string;
  readonly clock: Clock;
  readonly logger: Logger;
  /** Copies of the log on as many servers; 1 when absent. */
  readonly replicas?: number;
  /** How long an append waits before its outcome is unknown. */
  readonly appendTimeoutMs?: number;
}

/** All lineages of a cell, those still being copied too. Raises LogUnavailableError. */
export async function listLineages(api: JetStreamApi, cell: string): Promise<readonly LineageStream[]> {
  const streams = await api.listStreams(subjectsOfLineages(cell));
  return streams.map((info) => lineageOf(cell, info)).filter((lineage) => lineage !== undefined);
}

/** The lineage that no other continues; undefined where there is none yet. Raises LineageError. */
export function currentOf(lineages: readonly LineageStream[]): LineageStream | undefined {
  const complete = lineages.filter((lineage) => lineage.complete);
  const continued = new Set(complete.map(({ takenOver }) => takenOver?.continues));
  const current = complete.filter(({ lineage }) => !continued.has(lineage));
  if (current.length > 1) {
    const names = current.map(({ lineage }) => lineage).join(', ');
    throw new LineageError(`more than one lineage is current: ${names}; remove the streams of those that are not`);
  }
  return current[0];
}

/** The name of the cell's current lineage; undefined before its first. Raises LogUnavailableError, LineageError. */
export async function currentLineage(connection: NatsConnection, cell: string): Promise<string | undefined> {
  return currentOf(await listLineages(new JetStreamApi(connection), cell))?.lineage;
}

/**
 * Opens the cell's current lineage, making the first where there is none. Tries again while JetStream is starting.
 * Raises LogUnavailableError when it does not become ready, LineageError.
 */
export async function openLog(options: JetStreamLogOptions): Promise<JetStreamLog> {
  const { connection, cell, clock, logger, replicas = 1 } = options;
  const api = new JetStreamApi(connection);
  const until = clock.monotonic() + OPEN_TIMEOUT_MS;
  for (let waitMs = OPEN_RETRY_MIN_MS; ; waitMs = Math.min(waitMs * 2, OPEN_RETRY_MAX_MS)) {
    try {
      const current = currentOf(await listLineages(api, cell));
      if (current !== undefined) return new JetStreamLog(options, current.lineage);
      await api.createStream(configOf({ cell, lineage: FIRST_LINEAGE, replicas, complete: true }));
      return new JetStreamLog(options, FIRST_LINEAGE);
    } catch (error) {
      if (error instanceof LineageError || clock.monotonic() > until || connection.isClosed()) throw error;
      logger.warn('cannot open the log yet', { cell, error });
    }
    await clock.sleep(waitMs);
  }
}

export class JetStreamLog implements EventLog {
  readonly cell: string;
  readonly lineage: string;
  readonly #options: JetStreamLogOptions;
  readonly #api: JetStreamApi;
  readonly #stream: string;
  readonly #publisher: EntryPublisher;
  readonly #onReconnect = new Set<() => void>();

  /** Of a lineage whose stream exists: see openLog. */
  constructor(options: JetStreamLogOptions, lineage: string) {
    const { connection, cell, clock, inboxPrefix } = options;
    this.cell = cell;
    this.lineage = lineage;
    this.#options = options;
    this.#api = new JetStreamApi(connection);
    this.#stream = streamOf(cell, lineage);
    this.#publisher = new EntryPublisher({
      connection,
      inboxPrefix,
      stream: this.#stream,
      subject: subjectsOf(cell).log(lineage),
      clock,
      timeoutMs: options.appendTimeoutMs ?? APPEND_TIMEOUT_MS,
      maxBytes: STORED_ENTRY_MAX_BYTES,
    });
    void this.#watchConnection();
  }

  append(number: number, payload: Uint8Array): Promise<AppendOutcome> {
    return this.#publisher.append(number, payload);
  }

  read(fromNumber: number, signal: AbortSignal): AsyncIterable<readonly StoredEntry[]> {
    const { clock, logger, inboxPrefix } = this.#options;
    const onReconnect = (listener: () => void) => {
      this.#onReconnect.add(listener);
      return () => void this.#onReconnect.delete(listener);
    };
    const options = { api: this.#api, stream: this.#stream, clock, logger, inboxPrefix, onReconnect };
    return readEntries(options, fromNumber, signal);
  }

  async get(number: number): Promise<StoredEntry | undefined> {
    const payload = await this.#asked(() => this.#api.messagePayload(this.#stream, number));
    return payload && { number, payload };
  }

  async lastNumber(): Promise<number> {
    const info = await this.#asked(() => this.#api.streamInfo(this.#stream));
    return info.state.last_seq;
  }

  async #asked<Answer>(ask: () => Promise<Answer>): Promise<Answer> {
    try {
      return await ask();
    } catch (cause) {
      if (cause instanceof LogUnavailableError) throw cause;
      throw new LogUnavailableError(`the log ${this.#stream} cannot be asked`, { cause });
    }
  }

  /** Ends with the connection, and then tells once more, so that readers notice. */
  async #watchConnection(): Promise<void> {
    const tell = () => {
      for (const listener of this.#onReconnect) listener();
    };
    for await (const { type } of this.#options.connection.status()) {
      if (type === Events.Disconnect) this.#publisher.disconnected();
      if (type !== Events.Reconnect) continue;
      this.#publisher.reconnected();
      tell();
    }
    tell();
  }
}
