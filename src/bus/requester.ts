/** Requests over the bus at a fraction of the client library's cost: one wildcard inbox, one timer, answers of any size. */
import type { Msg } from 'nats';
import type { Clock, Timer } from '../foundation/clock.ts';
import { acknowledgementOf, ChunkAssembler } from './chunk-assembler.ts';
import type { Bus } from './connection.ts';
import { ANSWER_MAX_BYTES, REQUEST_MAX_BYTES } from './limits.ts';

/** How often due requests are looked for: their time-outs are seconds. */
const SWEEP_MS = 100;
/** Status of the message by which the server says that nobody listens. */
const NO_RESPONDERS = 503;

/** Nobody listens on that subject now: the request reached no one. Retryable. */
export class NoResponderError extends Error {
  override readonly name = 'NoResponderError';
}

/** No answer came in time: whether the request was acted upon is not known. Retryable where repeating is harmless. */
export class RequestTimeoutError extends Error {
  override readonly name = 'RequestTimeoutError';
}

/** The request is larger than a message may be. Terminal. */
export class RequestTooLargeError extends Error {
  override readonly name = 'RequestTooLargeError';
}

/** The answer came broken: a chunk was lost, or it is larger than allowed. Retryable. */
export class AnswerBrokenError extends Error {
  override readonly name = 'AnswerBrokenError';
}

interface Waiting {
  readonly subject: string;
  /** Not sent yet: the client library drops what is published while it reconnects. */
  held: Uint8Array | undefined;
  readonly timeoutMs: number;
  /** Monotonic milliseconds; moves on with each chunk. */
  due: number;
  assembler: ChunkAssembler | undefined;
  resolve(answer: Uint8Array): void;
  reject(error: Error): void;
}

export class Requester {
  readonly #bus: Bus;
  readonly #clock: Clock;
  readonly #prefix: string;
  readonly #waiting = new Map<string, Waiting>();
  #number = 0;
  #sweep: Timer | undefined;

  /** `name` tells the requesters of one connection apart. */
  constructor(bus: Bus, clock: Clock, name: string) {
    this.#bus = bus;
    this.#clock = clock;
    this.#prefix = `${bus.subjects.inbox(bus.actor)}.${name}.`;
    const subscription = bus.connection.subscribe(`${this.#prefix}*`, {
      callback: (error, message) => {
        if (error === null) this.#take(message);
      },
    });
    void subscription.closed.then(() => this.#fail('the connection to the bus was closed'));
    bus.onStatus((status) => {
      if (status === 'connected') this.#sendHeld();
      // What was under way went with it; whoever repeats need not wait for the time-out.
      else this.#fail('the connection to the bus was lost');
    });
  }

  /** Resolves with the answer. Rejects with one of this file's errors. `timeoutMs` is how long the answer may be silent. */
  request(subject: string, payload: Uint8Array | string, timeoutMs: number): Promise<Uint8Array> {
    const data = typeof payload === 'string' ? Buffer.from(payload) : payload;
    if (data.byteLength > REQUEST_MAX_BYTES) {
      const message = `the request has ${data.byteLength} bytes, more than the limit of ${REQUEST_MAX_BYTES}: divide it`;
      return Promise.reject(new RequestTooLargeError(message));
    }
    if (this.#bus.connection.isClosed()) {
      return Promise.reject(new NoResponderError('the connection to the bus was closed'));
    }
    const id = String(++this.#number);
    return new Promise((resolve, reject) => {
      const due = this.#clock.monotonic() + timeoutMs;
      const connected = this.#bus.connected();
      const held = connected ? undefined : data;
      this.#waiting.set(id, { subject, held, timeoutMs, due, assembler: undefined, resolve, reject });
      this.#sweep ??= this.#sweepLater();
      if (connected) this.#bus.connection.publish(subject, data, { reply: this.#prefix + id });
    });
  }

  #sendHeld(): void {
    for (const [id, waiting] of this.#waiting) {
      if (waiting.held === undefined) continue;
      this.#bus.connection.publish(waiting.subject, waiting.held, { reply: this.#prefix + id });
      waiting.held = undefined;
    }
  }

  #take(message: Msg): void {
    const id = message.subject.slice(this.#prefix.length);
    const waiting = this.#waiting.get(id);
    const acknowledgement = acknowledgementOf(message);
    if (waiting === undefined) return;
    if (message.headers?.code === NO_RESPONDERS && message.data.byteLength === 0) {
      this.#waiting.delete(id);
      return waiting.reject(new NoResponderError(`nobody answers on ${waiting.subject}: is the cell running?`));
    }
    if (acknowledgement === undefined && waiting.assembler === undefined) {
      this.#waiting.delete(id);
      return waiting.resolve(message.data);
    }
    waiting.assembler ??= new ChunkAssembler(ANSWER_MAX_BYTES);
    const assembled = waiting.assembler.take(message);
    if (assembled.state === 'other') return;
    waiting.due = this.#clock.monotonic() + waiting.timeoutMs;
    if (message.reply && acknowledgement) this.#bus.connection.publish(message.reply, acknowledgement);
    if (assembled.state === 'more') return;
    this.#waiting.delete(id);
    if (assembled.state === 'whole') return waiting.resolve(assembled.payload);
    waiting.reject(new AnswerBrokenError(`the answer on ${waiting.subject} is broken: ${assembled.why}`));
  }

  #lookForDue(): void {
    const now = this.#clock.monotonic();
    for (const [id, waiting] of this.#waiting) {
      if (waiting.due > now) continue;
      this.#waiting.delete(id);
      waiting.reject(new RequestTimeoutError(`no answer on ${waiting.subject} within ${waiting.timeoutMs} ms`));
    }
    this.#sweep = this.#waiting.size > 0 ? this.#sweepLater() : undefined;
  }

  /** In the background: what keeps the process alive is the connection, and closing it answers all. */
  #sweepLater(): Timer {
    return this.#clock.after(SWEEP_MS, () => this.#lookForDue(), { background: true });
  }

  #fail(why: string): void {
    this.#sweep?.cancel();
    this.#sweep = undefined;
    for (const waiting of this.#waiting.values()) waiting.reject(new RequestTimeoutError(why));
    this.#waiting.clear();
  }
}
