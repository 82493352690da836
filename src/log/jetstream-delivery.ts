/** One push consumer's life: collects what the server pushes, keeps the server's pace to the reader's, and notices when it broke. */
import { createInbox, type Msg, type Subscription } from 'nats';
import type { Clock, Timer } from '../foundation/clock.ts';
import type { StoredEntry } from './event-log.ts';
import type { JetStreamApi } from './jetstream-api.ts';

/** How soon a silent consumer is noticed; a heartbeat costs the server next to nothing. */
const HEARTBEAT_MS = 1_000;
/** So many heartbeats missing in a row: the consumer is gone. One may be late on a loaded machine. */
const MISSED_HEARTBEATS = 3;
/** A consumer that nobody listens to is removed by the server: longer than a reconnect takes, so that its end is noticed here. */
const KEPT_WITHOUT_LISTENER_MS = 10_000;
/** Unread bytes up to which the server may go on sending; it sends up to 32 MB ahead of the last permission. */
const READ_AHEAD_BYTES = 4 * 1024 * 1024;

/** Places in `$JS.ACK.<stream>.<consumer>.<deliveries>.<stream sequence>.<consumer sequence>.<time>.<pending>`. */
const STREAM_SEQUENCE_PLACE = 5;
const CONSUMER_SEQUENCE_PLACE = 6;
/** With a domain and an account's hash in front. */
const LONG_FORM_LENGTH = 11;
const LONG_FORM_SHIFT = 2;

export interface DeliveryOptions {
  readonly api: JetStreamApi;
  readonly stream: string;
  readonly clock: Clock;
  readonly inboxPrefix: string | undefined;
}

export class Delivery {
  readonly #options: DeliveryOptions;
  #subscription: Subscription | undefined;
  #consumer: string | undefined;
  #consumerSequence = 0;
  #waiting: StoredEntry[] = [];
  #waitingBytes = 0;
  /** Where the server waits for permission to go on. */
  #permission: string | undefined;
  #broken = false;
  #missedHeartbeats = 0;
  #watchdog: Timer | undefined;
  #wake: (() => void) | undefined;

  constructor(options: DeliveryOptions) {
    this.#options = options;
  }

  /** Raises LogUnavailableError or JetStreamRefusalError. */
  async open(fromNumber: number): Promise<void> {
    const { api, stream, inboxPrefix } = this.#options;
    const deliverTo = createInbox(inboxPrefix);
    this.#subscription = api.connection.subscribe(deliverTo, {
      callback: (error, message) => (error ? this.break() : this.#onMessage(message)),
    });
    this.#consumer = await api.createPushConsumer({
      stream,
      deliverTo,
      fromSequence: fromNumber,
      heartbeatMs: HEARTBEAT_MS,
      keptWithoutListenerMs: KEPT_WITHOUT_LISTENER_MS,
    });
    this.#watch();
  }

  /** What has arrived since the last call, at least one entry; undefined once it broke. */
  async next(): Promise<readonly StoredEntry[] | undefined> {
    while (this.#waiting.length === 0 && !this.#broken) {
      await new Promise<void>((resolve) => (this.#wake = resolve));
    }
    // What arrived before the break is read again by the next delivery, from where the reader is.
    if (this.#broken) return undefined;
    const batch = this.#waiting;
    this.#waiting = [];
    this.#waitingBytes = 0;
    this.#permit();
    return batch;
  }

  /** Ends it, as by trouble: `next` resolves to undefined. */
  break(): void {
    this.#broken = true;
    this.#wake?.();
  }

  async close(): Promise<void> {
    this.break();
    this.#watchdog?.cancel();
    this.#subscription?.unsubscribe();
    if (this.#consumer === undefined) return;
    const { api, stream } = this.#options;
    // The server removes it by itself when this fails.
    await api.deleteConsumer(stream, this.#consumer).catch(() => undefined);
  }

  #onMessage(message: Msg): void {
    this.#missedHeartbeats = 0;
    const payload = message.data;
    if (payload.length === 0 && message.headers?.code === 100) return this.#onControl(message);
    const tokens = (message.reply ?? '').split('.');
    const shift = tokens.length >= LONG_FORM_LENGTH ? LONG_FORM_SHIFT : 0;
    const number = Number(tokens[STREAM_SEQUENCE_PLACE + shift]);
    const consumerSequence = Number(tokens[CONSUMER_SEQUENCE_PLACE + shift]);
    if (consumerSequence !== this.#consumerSequence + 1) return this.break();
    this.#consumerSequence = consumerSequence;
    this.#waiting.push({ number, payload });
    this.#waitingBytes += payload.length;
    this.#wake?.();
  }

  /** A heartbeat, or the question whether we keep up. */
  #onControl(message: Msg): void {
    const stalledAt = message.headers?.get('Nats-Consumer-Stalled');
    const permission = message.reply || stalledAt;
    if (permission) {
      this.#permission = permission;
      if (this.#waitingBytes <= READ_AHEAD_BYTES) this.#permit();
    }
    const delivered = message.headers?.get('Nats-Last-Consumer');
    if (delivered && Number(delivered) !== this.#consumerSequence) this.break();
  }

  #permit(): void {
    if (this.#permission === undefined) return;
    this.#options.api.connection.publish(this.#permission);
    this.#permission = undefined;
  }

  #watch(): void {
    const tick = () => {
      if (++this.#missedHeartbeats > MISSED_HEARTBEATS) this.break();
      else this.#watch();
    };
    this.#watchdog = this.#options.clock.after(HEARTBEAT_MS, tick, { background: true });
  }
}
