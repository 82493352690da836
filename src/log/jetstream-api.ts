/** JetStream's JSON API as far as the log needs it: requests, structured errors, and what streams and consumers look like. */
import { nanos, type NatsConnection } from 'nats';
import { LogUnavailableError } from './event-log.ts';

/** A healthy server answers in milliseconds; a new leader of a cluster was there after 5 s, and callers try again. */
const REQUEST_TIMEOUT_MS = 2_000;

/** The error codes we act on, of the server's published list. */
export const ErrorCodes = {
  messageNotFound: 10_037,
  streamNotFound: 10_059,
  wrongLastSequence: 10_071,
} as const;

export interface JetStreamError {
  /** As HTTP. */
  readonly code: number;
  readonly err_code?: number;
  readonly description?: string;
}

/** The parts of a stream's configuration that make it a log. */
export interface LogStreamConfig {
  readonly name: string;
  readonly subjects: readonly string[];
  readonly storage: 'file' | 'memory';
  readonly retention: 'limits';
  readonly discard: 'new';
  readonly num_replicas: number;
  readonly max_age: number;
  readonly max_msg_size: number;
  readonly duplicate_window: number;
  readonly allow_direct: boolean;
  readonly deny_delete: boolean;
  readonly deny_purge: boolean;
  readonly sealed?: boolean;
  readonly metadata?: Readonly<Record<string, string>>;
}

export interface LogStreamInfo {
  readonly config: LogStreamConfig;
  readonly state: { readonly messages: number; readonly last_seq: number };
}

/** JetStream said no. */
export class JetStreamRefusalError extends Error {
  override readonly name = 'JetStreamRefusalError';
  readonly error: JetStreamError;

  constructor(subject: string, error: JetStreamError) {
    super(`JetStream refuses ${subject}: ${error.description ?? error.code}`);
    this.error = error;
  }

  /** Whether it is this refusal. */
  is(errorCode: number): boolean {
    return this.error.err_code === errorCode;
  }
}

export class JetStreamApi {
  readonly connection: NatsConnection;

  constructor(connection: NatsConnection) {
    this.connection = connection;
  }

  /** Raises LogUnavailableError where there is no answer, JetStreamRefusalError for a no. */
  async request<Answer>(subject: string, body: object): Promise<Answer> {
    let answer: Answer & { readonly error?: JetStreamError };
    try {
      const payload = JSON.stringify(body);
      const message = await this.connection.request(`$JS.API.${subject}`, payload, { timeout: REQUEST_TIMEOUT_MS });
      answer = message.json();
    } catch (cause) {
      throw new LogUnavailableError(`JetStream does not answer ${subject}`, { cause });
    }
    if (answer.error === undefined) return answer;
    const refusal = new JetStreamRefusalError(subject, answer.error);
    // Starting, without a leader, or out of something: temporary, as HTTP has it.
    if (answer.error.code === 503) throw new LogUnavailableError(refusal.message, { cause: refusal });
    throw refusal;
  }

  streamInfo(stream: string): Promise<LogStreamInfo> {
    return this.request(`STREAM.INFO.${stream}`, {});
  }

  /** Does nothing when the stream is there with the same configuration. */
  createStream(config: LogStreamConfig): Promise<LogStreamInfo> {
    return this.request(`STREAM.CREATE.${config.name}`, config);
  }

  updateStream(config: LogStreamConfig): Promise<LogStreamInfo> {
    return this.request(`STREAM.UPDATE.${config.name}`, config);
  }

  async deleteStream(stream: string): Promise<void> {
    await this.request(`STREAM.DELETE.${stream}`, {});
  }

  /** All streams that take these subjects. */
  async listStreams(subjects: string): Promise<readonly LogStreamInfo[]> {
    const streams: LogStreamInfo[] = [];
    for (;;) {
      const page = await this.request<{ readonly total: number; readonly streams: readonly LogStreamInfo[] | null }>(
        'STREAM.LIST',
        { subject: subjects, offset: streams.length },
      );
      streams.push(...(page.streams ?? []));
      if (streams.length >= page.total || !page.streams?.length) return streams;
    }
  }

  /** A consumer that pushes to a subject from a sequence on, with flow control; ends by itself without a listener. */
  async createPushConsumer(options: {
    readonly stream: string;
    readonly deliverTo: string;
    readonly fromSequence: number;
    readonly heartbeatMs: number;
    readonly keptWithoutListenerMs: number;
  }): Promise<string> {
    const config = {
      deliver_subject: options.deliverTo,
      deliver_policy: 'by_start_sequence',
      opt_start_seq: options.fromSequence,
      ack_policy: 'none',
      replay_policy: 'instant',
      max_deliver: 1,
      flow_control: true,
      idle_heartbeat: nanos(options.heartbeatMs),
      inactive_threshold: nanos(options.keptWithoutListenerMs),
      mem_storage: true,
      num_replicas: 1,
    };
    const { stream } = options;
    const answer = await this.request<{ readonly name: string }>(`CONSUMER.CREATE.${stream}`, {
      stream_name: stream,
      config,
    });
    return answer.name;
  }

  async deleteConsumer(stream: string, consumer: string): Promise<void> {
    await this.request(`CONSUMER.DELETE.${stream}.${consumer}`, {});
  }

  /** A stored message's payload; undefined where it cannot be read. */
  async messagePayload(stream: string, sequence: number): Promise<Uint8Array | undefined> {
    try {
      const { message } = await this.request<{ readonly message: { readonly data: string } }>(
        `STREAM.MSG.GET.${stream}`,
        { seq: sequence },
      );
      return Buffer.from(message.data, 'base64');
    } catch (error) {
      if (error instanceof JetStreamRefusalError && error.is(ErrorCodes.messageNotFound)) return undefined;
      throw error;
    }
  }
}
