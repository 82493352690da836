/** What one term of the writer has to do with nodes: hears them, compares what they have seen of the log, and gives them their work. */
import type { WorkList, WorkPosition } from '../agent/control-plane-link.ts';
import { WorkLists } from '../control-loop/work-lists.ts';
import type { Clock } from '../foundation/clock.ts';
import type { Logger } from '../foundation/logger.ts';
import type { LogDamageError } from '../log/entry.ts';
import type { EventLog } from '../log/event-log.ts';
import type { Fold } from '../state/fold.ts';
import { isOnLog } from './loss.ts';
import { anotherSeen, contradiction } from './seen-position.ts';

/** A node whose heartbeats still tell of an older list after this long, milliseconds, has missed the last one: lists and heartbeats take some. */
export const WORK_MISSED_MS = 3_000;

export interface NodeWorkOptions {
  readonly fold: Fold;
  readonly log: EventLog;
  readonly clock: Clock;
  readonly logger: Logger;
  /** A node's agent is alive. */
  heard(node: string): void;
  /** Sends a node a list, at most once. */
  publish(node: string, list: WorkList): void;
  /** A node has seen what the log does not hold: nothing may be written any more. */
  onLoss(error: LogDamageError): void;
}

export class NodeWork {
  readonly #options: NodeWorkOptions;
  readonly #lists: WorkLists;
  readonly #unsubscribe: () => void;
  /**
   * Nodes that have seen nothing which is not on this log. Only they are given work: whoever acted on an entry that the log has
   * lost must not act on the one that stands there now.
   */
  readonly #compared = new Set<string>();
  /** The newest list sent to each node, and when by the monotonic clock. */
  readonly #sent = new Map<string, { readonly entry: number; readonly atMs: number }>();

  constructor(options: NodeWorkOptions) {
    const { fold, clock, publish } = options;
    this.#options = options;
    this.#lists = new WorkLists({
      view: fold.state,
      position: () => fold.state.position,
      term: fold.state.position.entry,
      publish: (node, list) => {
        if (!this.#compared.has(node)) return;
        this.#sent.set(node, { entry: list.position.entry, atMs: clock.monotonic() });
        publish(node, list);
      },
    });
    this.#unsubscribe = fold.subscribe((applied) => this.#lists.observe(applied));
  }

  /** A node says that it is alive, and how far it has seen the log where it has. */
  heartbeat(node: string, seen: WorkPosition | undefined): void {
    void this.#compare(node, seen);
    if (this.#hasMissed(node, seen)) this.#lists.publishFull(node);
    this.#options.heard(node);
  }

  /** A message is delivered at most once, and the next list, which would show the gap, may be days away. */
  #hasMissed(node: string, seen: WorkPosition | undefined): boolean {
    const { fold, clock } = this.#options;
    const sent = this.#sent.get(node);
    if (sent === undefined || clock.monotonic() - sent.atMs < WORK_MISSED_MS) return false;
    return seen?.lineage !== fold.state.position.lineage || seen.entry < sent.entry;
  }

  /** A node asks for its work. One that was not compared yet says with its next heartbeat where it is, and is given it then. */
  requested(node: string): void {
    this.#lists.publishFull(node);
  }

  /** What was published before may have been lost. */
  publishAll(): void {
    this.#lists.publishAll();
  }

  stop(): void {
    this.#unsubscribe();
  }

  /** Tells of a loss when a node has seen more of the log than there is. One that merely saw a newer writer's entries finds them in it. */
  async #compare(node: string, seen: WorkPosition | undefined): Promise<void> {
    const { fold, log, logger, onLoss } = this.#options;
    const damage = seen && contradiction(fold.state.position, seen, `node ${node}`);
    // What a node has seen before is compared once a term: later it only sees what this writer shows it.
    if (damage === undefined && this.#compared.has(node)) return;
    try {
      if (seen !== undefined && !(await isOnLog(seen, log))) return onLoss(damage ?? anotherSeen(seen, `node ${node}`));
    } catch (error) {
      return logger.warn('cannot compare a position with the log', { node, error });
    }
    if (this.#compared.has(node)) return;
    this.#compared.add(node);
    this.#lists.publishFull(node);
  }
}
