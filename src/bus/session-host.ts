/** The node's side of sessions: serves logs and exec to whoever asks over the bus. No inbound port. */
import type { Msg, Subscription } from 'nats';
import type { NodeServices } from '../agent/control-plane-link.ts';
import type { Clock } from '../foundation/clock.ts';
import type { Logger } from '../foundation/logger.ts';
import { ByteQueue } from './byte-queue.ts';
import type { Bus } from './connection.ts';
import type { Frame } from './frames.ts';
import {
  openExecValidator,
  openLogsValidator,
  resizeValidator,
  type OpenExec,
  type OpenLogs,
  type Resize,
  type SessionFailure,
} from './session-messages.ts';
import { SessionEnd } from './session.ts';

/** Most sessions of one node at once: each may hold two windows of data. */
export const NODE_SESSIONS_MAX = 256;

export interface SessionHostOptions {
  readonly bus: Bus;
  readonly node: string;
  readonly services: NodeServices;
  readonly clock: Clock;
  readonly logger: Logger;
}

/** Serves until `close`. */
export class SessionHost {
  readonly #options: SessionHostOptions;
  readonly #subscription: Subscription;
  readonly #sessions = new Map<string, HostedSession>();

  constructor(options: SessionHostOptions) {
    this.#options = options;
    const { bus, node } = options;
    this.#subscription = bus.connection.subscribe(bus.subjects.nodeAll(node), {
      callback: (error, message) => {
        if (error === null) this.#take(message);
      },
    });
  }

  get size(): number {
    return this.#sessions.size;
  }

  close(): void {
    this.#subscription.unsubscribe();
    for (const session of this.#sessions.values()) session.cancel();
  }

  /** `<cell>.node.<node>.logs`, `.exec`, or `.session.<id>` with a frame. */
  #take(message: Msg): void {
    const { subjects } = this.#options.bus;
    const { node } = this.#options;
    if (message.subject === subjects.openSession(node, 'logs')) return this.#open('logs', message);
    if (message.subject === subjects.openSession(node, 'exec')) return this.#open('exec', message);
    const id = message.subject.slice(message.subject.lastIndexOf('.') + 1);
    this.#sessions.get(id)?.take(message.data);
  }

  #open(what: 'logs' | 'exec', message: Msg): void {
    const open = readOpening(what, message.data);
    // Whoever sends no session id cannot be answered.
    if (open === undefined) return this.#options.logger.warn('a session was opened with a malformed message', { what });
    if (this.#sessions.has(open.session)) return;
    const session = new HostedSession(this.#options, open.session, () => this.#sessions.delete(open.session));
    this.#sessions.set(open.session, session);
    if (this.#sessions.size > NODE_SESSIONS_MAX) {
      return session.fail({ reason: 'Refused', message: `the node serves ${NODE_SESSIONS_MAX} sessions already` });
    }
    void session.run(what, open);
  }
}

function readOpening(what: 'logs' | 'exec', payload: Uint8Array): OpenLogs | OpenExec | undefined {
  try {
    const content: unknown = JSON.parse(Buffer.from(payload).toString());
    const valid = what === 'logs' ? openLogsValidator.check(content) : openExecValidator.check(content);
    return valid ? (content as OpenLogs | OpenExec) : undefined;
  } catch {
    return undefined;
  }
}

/** One session being served. */
class HostedSession {
  readonly #services: NodeServices;
  readonly #end: SessionEnd;
  readonly #stop = new AbortController();
  readonly #input = new ByteQueue<Uint8Array>();
  readonly #resizes = new ByteQueue<Resize>();
  readonly #onEnd: () => void;
  /** Output is sent in the order it came, each piece once the one before it has room. */
  #sending: Promise<void> = Promise.resolve();

  constructor({ bus, node, services, clock }: SessionHostOptions, id: string, onEnd: () => void) {
    this.#services = services;
    this.#onEnd = onEnd;
    const subject = bus.subjects.sessionOutput(node, id);
    this.#end = new SessionEnd({
      clock,
      publish: (frame) => bus.connection.publish(subject, frame),
      receive: (frame) => this.#receive(frame),
      onBroken: () => this.cancel(),
    });
  }

  take(payload: Uint8Array): void {
    this.#end.take(payload);
  }

  async run(what: 'logs' | 'exec', open: OpenLogs | OpenExec): Promise<void> {
    this.#end.send('begun');
    try {
      if (what === 'logs') await this.#logs(open as OpenLogs);
      else await this.#exec(open as OpenExec);
    } catch (error) {
      const message = error instanceof Error ? error.message : String(error);
      await this.#sending;
      this.fail({ reason: 'Refused', message });
    }
  }

  fail(failure: SessionFailure): void {
    this.#end.send('failed', failure);
    this.cancel();
  }

  /** Lets go of everything. */
  cancel(): void {
    this.#end.close();
    this.#stop.abort();
    this.#input.end();
    this.#resizes.end();
    this.#onEnd();
  }

  async #logs({ target, request }: OpenLogs): Promise<void> {
    // Read only as fast as it is sent.
    for await (const { stream, data } of this.#services.logs(target, request, this.#stop.signal)) {
      await this.#end.sendData(stream, data);
      if (this.#end.closed) return;
    }
    this.#done({});
  }

  async #exec({ target, request }: OpenExec): Promise<void> {
    const session = {
      output: ({ stream, data }: { readonly stream: 'stdout' | 'stderr'; readonly data: Uint8Array }) => {
        this.#sending = this.#sending.then(() => this.#end.sendData(stream, data));
        return this.#sending;
      },
      input: this.#takenInput(),
      resizes: this.#resizes,
    };
    const exitCode = await this.#services.exec(target, request, session, this.#stop.signal);
    await this.#sending;
    this.#done({ exitCode });
  }

  /** Input as the runtime reads it; what it has read makes room for more. */
  async *#takenInput(): AsyncGenerator<Uint8Array, void, undefined> {
    for await (const data of this.#input) {
      yield data;
      this.#end.taken(data.byteLength);
    }
  }

  #done(result: { readonly exitCode?: number }): void {
    this.#end.send('done', result);
    this.cancel();
  }

  #receive({ type, data }: Frame): void {
    if (type === 'stdin') this.#input.push(data);
    else if (type === 'end-of-input') this.#input.end();
    else if (type === 'resize') this.#resize(data);
    else if (type === 'cancel') this.cancel();
  }

  #resize(data: Uint8Array): void {
    let size: unknown;
    try {
      size = JSON.parse(Buffer.from(data).toString());
    } catch {
      return;
    }
    if (resizeValidator.check(size)) this.#resizes.push(size);
  }
}
