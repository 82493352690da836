/** The user's side of sessions: a container's log as a stream, a command in a container with its terminal. */
import type { Subscription } from 'nats';
import type { ExecRequest, LogChunk, LogRequest } from '../agent/runtimes/container-runtime.ts';
import type { Clock } from '../foundation/clock.ts';
import type { Identifiers } from '../foundation/identifiers.ts';
import { ByteQueue } from './byte-queue.ts';
import type { Bus } from './connection.ts';
import type { Frame } from './frames.ts';
import { NoResponderError, RequestTimeoutError, type Requester } from './requester.ts';
import type { Resize, SessionFailure } from './session-messages.ts';
import { SessionBrokenError, SessionEnd } from './session.ts';

/** How long a node may take to begin: it answers as soon as it has read the request. */
const BEGIN_MS = 10_000;

/** The node said no, in its own words. */
export class SessionRefusedError extends Error {
  override readonly name = 'SessionRefusedError';
}

/** No agent of that node is connected. */
export class NodeNotConnectedError extends Error {
  override readonly name = 'NodeNotConnectedError';
}

export interface SessionClientOptions {
  readonly bus: Bus;
  readonly requester: Requester;
  readonly clock: Clock;
  readonly identifiers: Identifiers;
}

/** Whose container. The pod's first container when it is not named. */
export interface ContainerTarget {
  readonly node: string;
  readonly uid: string;
  readonly container?: string;
}

/** A command that runs in a container. */
export interface ExecHandle {
  readonly output: AsyncIterable<LogChunk>;
  /** Resolves once the node has room for more. */
  write(data: Uint8Array): Promise<void>;
  endInput(): void;
  resize(size: Resize): void;
  /** Rejects with SessionRefusedError or SessionBrokenError. */
  readonly exitCode: Promise<number>;
  close(): void;
}

/** Streams a container's log. Rejects with this file's errors or SessionBrokenError. */
export async function* openLogs(
  options: SessionClientOptions,
  target: ContainerTarget & { readonly previous?: boolean },
  request: LogRequest,
  signal?: AbortSignal,
): AsyncGenerator<LogChunk, void, undefined> {
  const { node, previous = false, ...of } = target;
  const session = new ClientSession(options, node, 'logs', { target: { ...of, previous }, request });
  const cancel = () => session.close();
  signal?.addEventListener('abort', cancel, { once: true });
  try {
    yield* session.output();
  } finally {
    signal?.removeEventListener('abort', cancel);
    session.close();
  }
}

/** Runs a command in a container. */
export function openExec(options: SessionClientOptions, target: ContainerTarget, request: ExecRequest): ExecHandle {
  const { node, ...of } = target;
  const session = new ClientSession(options, node, 'exec', { target: of, request });
  return {
    output: session.output(),
    write: (data) => session.end.sendData('stdin', data),
    endInput: () => session.end.send('end-of-input'),
    resize: (size) => session.end.send('resize', size),
    exitCode: session.exitCode,
    close: () => session.close(),
  };
}

class ClientSession {
  readonly end: SessionEnd;
  readonly exitCode: Promise<number>;
  readonly #queue = new ByteQueue<LogChunk>();
  readonly #subscription: Subscription;
  readonly #result = Promise.withResolvers<number>();
  #finished = false;

  constructor(options: SessionClientOptions, node: string, what: 'logs' | 'exec', opening: object) {
    const { bus, identifiers, clock, requester } = options;
    const id = identifiers.uuid();
    const input = bus.subjects.sessionInput(node, id);
    this.exitCode = this.#result.promise;
    // Whoever reads only the output learns of the failure there.
    this.exitCode.catch(() => undefined);
    this.end = new SessionEnd({
      clock,
      publish: (frame) => bus.connection.publish(input, frame),
      receive: (frame) => this.#receive(frame),
      onBroken: (error) => this.#finish(error),
    });
    this.#subscription = bus.connection.subscribe(bus.subjects.sessionOutput(node, id), {
      callback: (error, message) => {
        if (error === null) this.end.take(message.data);
      },
    });
    // Answered by frames, not by a reply; only the server's "nobody listens" comes back this way.
    requester
      .request(bus.subjects.openSession(node, what), JSON.stringify({ session: id, ...opening }), BEGIN_MS)
      .catch((cause: unknown) => this.#notAnswered(node, cause));
  }

  /** Output in order; what is read makes room for more. */
  async *output(): AsyncGenerator<LogChunk, void, undefined> {
    for await (const chunk of this.#queue) {
      yield chunk;
      this.end.taken(chunk.data.byteLength);
    }
  }

  close(): void {
    if (!this.#finished) this.end.send('cancel');
    this.#finish(new SessionBrokenError('the session was closed'), 'silently');
  }

  #begun = false;

  #receive({ type, data }: Frame): void {
    this.#begun = true;
    switch (type) {
      case 'stdout':
      case 'stderr':
        // The bus reuses no buffers, so the data may be kept as it is.
        return this.#queue.push({ stream: type, data });
      case 'done':
        return this.#finish((JSON.parse(Buffer.from(data).toString()) as { readonly exitCode?: number }).exitCode ?? 0);
      case 'failed':
        return this.#finish(failureOf(JSON.parse(Buffer.from(data).toString()) as SessionFailure));
      default:
        return;
    }
  }

  #notAnswered(node: string, cause: unknown): void {
    if (this.#begun || this.#finished) return;
    if (cause instanceof NoResponderError) {
      this.#finish(new NodeNotConnectedError(`node ${node} is not connected: see its status`, { cause }));
    } else if (cause instanceof RequestTimeoutError) {
      this.#finish(new SessionBrokenError(`node ${node} does not answer`, { cause }));
    } else this.#finish(new SessionBrokenError(`cannot reach node ${node}`, { cause }));
  }

  #finish(result: number | Error, output: 'with-error' | 'silently' = 'with-error'): void {
    if (this.#finished) return;
    this.#finished = true;
    this.end.close();
    this.#subscription.unsubscribe();
    if (typeof result === 'number') {
      this.#queue.end();
      this.#result.resolve(result);
    } else {
      this.#queue.end(output === 'with-error' ? result : undefined);
      this.#result.reject(result);
    }
  }
}

function failureOf({ reason, message }: SessionFailure): Error {
  return reason === 'Refused' ? new SessionRefusedError(message) : new SessionBrokenError(message);
}
