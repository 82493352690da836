/** The control plane's side of the agents' links: work lists out, requests for work and heartbeats in. */
import type { Msg, Subscription } from 'nats';
import { strictObject, Type, validator } from '../../machines/index.ts';
import type { WorkList, WorkPosition } from '../agent/control-plane-link.ts';
import type { Identifiers } from '../foundation/identifiers.ts';
import type { Logger } from '../foundation/logger.ts';
import { publishInChunks } from './chunks.ts';
import type { Bus } from './connection.ts';
import { lastToken } from './subjects.ts';

export interface NodeGatewayOptions {
  readonly bus: Bus;
  readonly identifiers: Identifiers;
  readonly logger?: Logger;
  /** A node's agent is alive; with the highest position it knows, where it knows one. */
  onHeartbeat(node: string, position: WorkPosition | undefined): void;
  /** A node's agent asks for its full work list: publish it. */
  onWorkRequest(node: string): void;
}

const positionValidator = validator(
  strictObject({ lineage: Type.String(), entry: Type.Integer(), revision: Type.Integer(), hash: Type.String() }),
);

/** Listens until the signal is aborted: for one term of the writer. */
export class NodeGateway {
  readonly #options: NodeGatewayOptions;

  constructor(options: NodeGatewayOptions, signal: AbortSignal) {
    this.#options = options;
    const { subjects } = options.bus;
    const subscriptions = [
      this.#listen(subjects.workRequestsAll, (node, message) => {
        message.respond('{}');
        options.onWorkRequest(node);
      }),
      this.#listen(subjects.heartbeatsAll, (node, message) => options.onHeartbeat(node, this.#positionOf(message))),
    ];
    signal.addEventListener('abort', () => subscriptions.forEach((subscription) => subscription.unsubscribe()), {
      once: true,
    });
  }

  /** Sends a node its work, in chunks when it is large. At most once: the agent asks again when it missed some. */
  publishWork(node: string, work: WorkList): void {
    const { bus, identifiers } = this.#options;
    publishInChunks(bus, identifiers, bus.subjects.work(node), Buffer.from(JSON.stringify(work)));
  }

  #listen(subject: string, take: (node: string, message: Msg) => void): Subscription {
    const { bus, logger } = this.#options;
    return bus.connection.subscribe(subject, {
      callback: (error, message) => {
        if (error) return logger?.error('cannot hear the nodes', { error, subject });
        const node = lastToken(message.subject);
        if (node) take(node, message);
      },
    });
  }

  #positionOf(message: Msg): WorkPosition | undefined {
    if (message.data.byteLength === 0) return undefined;
    try {
      const position: unknown = JSON.parse(message.string());
      if (positionValidator.check(position)) return position;
    } catch {
      // Said below: whatever it is, the node is alive.
    }
    this.#options.logger?.warn('a heartbeat carried something else than a position', { subject: message.subject });
    return undefined;
  }
}
