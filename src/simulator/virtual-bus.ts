/** The bus of the simulated cell: at-most-once messages between processes, requests and answers, in the place of NATS. */
import { NoResponderError, RequestTimeoutError } from '../bus/requester.ts';
import { subjectsOf, type Subjects } from '../bus/subjects.ts';
import type { CommandBus } from '../bus/command-client.ts';
import type { VirtualProcess } from './virtual-process.ts';
import type { Wire, WireStatus } from './wire.ts';

/** What a subscriber is handed; `reply` where the sender waits. */
export interface BusMessage {
  readonly subject: string;
  readonly payload: Uint8Array;
  reply?(payload: Uint8Array): void;
}

interface Subscription {
  readonly connection: BusConnection;
  readonly take: (message: BusMessage) => void;
}

export const CELL = 'simulated';
const SUBJECTS = subjectsOf(CELL);

export class VirtualBus {
  /** The server's own side: never cut, since all wires end here. */
  readonly server: Wire;
  readonly #subscriptions = new Map<string, Set<Subscription>>();

  constructor(server: Wire) {
    this.server = server;
  }

  connect(process: VirtualProcess, wire: Wire, actor: string): BusConnection {
    return new BusConnection(this, process, { wire, actor });
  }

  subscribe(topic: string, subscription: Subscription): () => void {
    let all = this.#subscriptions.get(topic);
    if (all === undefined) this.#subscriptions.set(topic, (all = new Set()));
    all.add(subscription);
    return () => all.delete(subscription);
  }

  /** Everybody who listens now gets it; false when nobody does. */
  publish(from: BusConnection, topic: string, message: BusMessage): boolean {
    const all = [...(this.#subscriptions.get(topic) ?? [])];
    for (const { connection, take } of all) {
      from.wire.carry(connection.wire, () =>
        connection.process.receive(() => take(answerable(message, connection, from))),
      );
    }
    return all.length > 0;
  }
}

function answerable(message: BusMessage, from: BusConnection, to: BusConnection): BusMessage {
  const { subject, payload, reply } = message;
  if (reply === undefined) return message;
  return {
    subject,
    payload,
    reply: (answer) => {
      if (from.process.isAlive) from.wire.carry(to.wire, () => to.process.receive(() => reply(answer)));
    },
  };
}

/** One process's connection, for as long as the process lives. */
export class BusConnection implements CommandBus {
  readonly actor: string;
  readonly subjects: Pick<Subjects, 'command'> = SUBJECTS;
  readonly connection: { isClosed(): boolean };
  readonly process: VirtualProcess;
  readonly wire: Wire;
  readonly #bus: VirtualBus;

  constructor(
    bus: VirtualBus,
    process: VirtualProcess,
    { wire, actor }: { readonly wire: Wire; readonly actor: string },
  ) {
    this.#bus = bus;
    this.process = process;
    this.wire = wire;
    this.actor = actor;
    this.connection = { isClosed: () => !process.isAlive };
  }

  connected(): boolean {
    return this.process.isAlive && this.wire.isConnected;
  }

  /** Tells of every change from now on; returns how to stop. */
  onStatus(listener: (status: WireStatus) => void): () => void {
    return this.#untilDeath(this.wire.onStatus((status) => this.process.receive(() => listener(status))));
  }

  subscribe(topic: string, take: (message: BusMessage) => void): () => void {
    return this.#untilDeath(this.#bus.subscribe(topic, { connection: this, take }));
  }

  /** Stops when the process dies, or when the result is called. */
  #untilDeath(stop: () => void): () => void {
    const { signal } = this.process.death;
    signal.addEventListener('abort', stop, { once: true });
    return () => {
      signal.removeEventListener('abort', stop);
      stop();
    };
  }

  publish(topic: string, subject: string, payload: Uint8Array): void {
    if (this.connected()) this.#bus.publish(this, topic, { subject, payload });
  }

  /** As Requester does it: what is asked while the connection is down waits for it, and what was under way when it broke is given up. */
  request(topic: string, subject: string, payload: Uint8Array, timeoutMs: number): Promise<Uint8Array> {
    return new Promise((resolve, reject) => {
      const { clock } = this.process;
      const settle = (act: () => void) => {
        timer.cancel();
        stop();
        act();
      };
      const give = (error: Error) => settle(() => reject(error));
      const timer = clock.after(timeoutMs, () => give(new RequestTimeoutError(`no answer within ${timeoutMs} ms`)));
      const reply = (answer: Uint8Array) => settle(() => resolve(answer));
      const send = () => {
        if (this.#bus.publish(this, topic, { subject, payload, reply })) return;
        this.#bus.server.carry(this.wire, () =>
          this.process.receive(() => give(new NoResponderError(`nobody answers on ${subject}`))),
        );
      };
      const stop = this.onStatus((status) => {
        if (status === 'connected') send();
        else give(new RequestTimeoutError('the connection to the bus was lost'));
      });
      if (this.connected()) send();
    });
  }
}
