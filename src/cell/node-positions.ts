/** Compares what nodes have seen of the log with the log, for one term of the writer. */
import type { WorkPosition } from '../agent/control-plane-link.ts';
import type { Logger } from '../foundation/logger.ts';
import type { LogDamageError, Position } from '../log/entry.ts';
import type { EventLog } from '../log/event-log.ts';
import { isOnLog } from './loss.ts';
import { anotherSeen, contradiction } from './seen-position.ts';

export interface NodePositionsOptions {
  readonly log: EventLog;
  readonly logger: Logger;
  /** Where the fold is now. */
  position(): Position;
  /** A node has seen what the log does not hold: nothing may be written any more. */
  onLoss(error: LogDamageError): void;
}

export class NodePositions {
  readonly #options: NodePositionsOptions;
  readonly #compared = new Set<string>();

  constructor(options: NodePositionsOptions) {
    this.#options = options;
  }

  /** Tells of a loss when a node has seen more of the log than there is. One that merely saw a newer writer's entries finds them in it. */
  async compare(node: string, seen: WorkPosition): Promise<void> {
    const { log, logger, position, onLoss } = this.#options;
    const damage = contradiction(position(), seen, `node ${node}`);
    // What a node has seen before is compared once a term: later it only sees what this writer shows it.
    if (damage === undefined && this.#compared.has(node)) return;
    try {
      if (!(await isOnLog(seen, log))) onLoss(damage ?? anotherSeen(seen, `node ${node}`));
      this.#compared.add(node);
    } catch (error) {
      logger.warn('cannot compare a position with the log', { node, error });
    }
  }
}
