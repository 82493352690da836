/** Judges nodes by their silence, counting only while the observer itself was connected and ticking. */
import {
  isEvicting,
  isReachable,
  isRegistered,
  isUnreachable,
  settingsOf,
  type Command,
  type MarkUnreachableArguments,
  type NodeContext,
  type NodeRecord,
  type View,
} from '../../machines/index.ts';
import type { Clock } from '../foundation/clock.ts';
import type { Logger } from '../foundation/logger.ts';
import type { CommandSink } from '../writer/command-sink.ts';

const ACTOR = 'system:controller:node-health';
/** How often nodes are judged. */
export const HEALTH_TICK_MS = 1_000;
/** A tick later than this means the observer itself stood still: every node's count begins anew. */
export const HEALTH_TICK_LATE_MS = 3 * HEALTH_TICK_MS;
/** From this many nodes on, more than half of them falling silent at once points at the observer or the network, not at them. */
export const MASS_SILENCE_MIN_NODES = 3;
/**
 * Nodes fall silent together when, at the moment the first of them reaches the limit, the others have been silent for this
 * share of it: several heartbeats, which nodes send at different moments.
 */
export const MASS_SILENCE_SHARE = 0.5;

export interface NodeHealthOptions {
  readonly view: View;
  readonly sink: CommandSink;
  readonly clock: Clock;
  readonly logger: Logger;
  /** Whether the bus is connected now. */
  connected(): boolean;
}

export class NodeHealth {
  readonly #options: NodeHealthOptions;
  /** Monotonic milliseconds at which each node was last heard, or its count began. */
  #heard = new Map<string, number>();
  /** Nodes of which a command is with the writer: each is judged again once it is answered. */
  readonly #told = new Set<string>();
  #lastTick: number;
  /** When the present watch without a break began. */
  #watchedSince: number;
  #massSilence = false;

  constructor(options: NodeHealthOptions) {
    this.#options = options;
    this.#lastTick = options.clock.monotonic();
    this.#watchedSince = this.#lastTick;
  }

  /** How long nodes have been watched without a break, milliseconds: 0 when the observer just stood still or is cut off. */
  watchedMs(): number {
    const now = this.#options.clock.monotonic();
    const isWatching = now - this.#lastTick <= HEALTH_TICK_LATE_MS && this.#options.connected();
    return isWatching ? now - this.#watchedSince : 0;
  }

  /** Whether evictions are held back now because too many nodes fell silent at once. */
  get massSilence(): boolean {
    return this.#massSilence;
  }

  /** A heartbeat came. */
  heard(name: string): void {
    const node = this.#options.view.get<NodeContext>('Node', '', name);
    if (node === undefined) return;
    this.#heard.set(name, this.#options.clock.monotonic());
    if (isUnreachable(node)) void this.#tell(node, { verb: 'markReachable', arguments: {}, reason: 'heard again' });
  }

  /** Begins every node's count anew: after a reconnect, a late tick, at the start of a term. */
  restart(): void {
    this.#heard.clear();
    this.#lastTick = this.#options.clock.monotonic();
    this.#watchedSince = this.#lastTick;
  }

  /** Runs until the signal is aborted. */
  async run(signal: AbortSignal): Promise<void> {
    this.restart();
    while (!signal.aborted) {
      await this.#options.clock.sleep(HEALTH_TICK_MS, signal).catch(() => undefined);
      if (!signal.aborted) this.tick();
    }
  }

  /** One judgement of all nodes. */
  tick(): void {
    const { clock, view, logger } = this.#options;
    const now = clock.monotonic();
    const late = now - this.#lastTick > HEALTH_TICK_LATE_MS;
    this.#lastTick = now;
    if (late) logger.warn('the observer stood still: silence of nodes is counted anew');
    if (late || !this.#options.connected()) return this.restart();
    const nodes = [...view.list<NodeContext>('Node')].filter(isRegistered);
    // One that was never heard begins its count now.
    this.#heard = new Map(nodes.map(({ name }) => [name, this.#heard.get(name) ?? now]));
    const limitMs = settingsOf(view).nodeSilenceSeconds * 1000;
    const silent = nodes.filter((node) => this.#silentMs(node, now) >= limitMs);
    if (silent.length > 0 || this.#massSilence) this.#judgeMass(nodes, limitMs, now);
    for (const node of silent) this.#markUnreachable(node, now);
  }

  /** Nodes whose pods are evicted already fell silent before, and say nothing about now. */
  #judgeMass(nodes: readonly NodeRecord[], limitMs: number, now: number): void {
    const { logger } = this.#options;
    const judged = nodes.filter((node) => !isEvicting(node));
    const silent = judged.filter((node) => this.#silentMs(node, now) > limitMs * MASS_SILENCE_SHARE).length;
    const mass = silent >= MASS_SILENCE_MIN_NODES && silent > judged.length / 2;
    const counts = { silent, nodes: judged.length };
    if (mass && !this.#massSilence)
      logger.error('more than half of the nodes fell silent at once: nothing is evicted', counts);
    if (!mass && this.#massSilence) logger.info('evictions are not held back any more', counts);
    this.#massSilence = mass;
  }

  #silentMs({ name }: NodeRecord, now: number): number {
    return now - (this.#heard.get(name) ?? now);
  }

  /** Says it once; and once more when evictions that were held back resume. */
  #markUnreachable(node: NodeRecord, now: number): void {
    if (isEvicting(node) || (this.#massSilence && !isReachable(node))) return;
    const silentMs = Math.round(this.#silentMs(node, now));
    const judgement: MarkUnreachableArguments = {
      since: this.#options.clock.now() - silentMs,
      silentMs,
      ...(this.#massSilence ? { evictionsSuspended: true } : {}),
    };
    const reason = `silent for ${Math.round(silentMs / 1000)} s`;
    void this.#tell(node, { verb: 'markUnreachable', arguments: judgement, reason });
  }

  async #tell(node: NodeRecord, what: Pick<Command, 'verb' | 'arguments' | 'reason'>): Promise<void> {
    const { sink, view } = this.#options;
    const { name, uid } = node;
    if (this.#told.has(name)) return;
    this.#told.add(name);
    await sink.submit([
      {
        ...what,
        id: `node-health/${uid}/${what.verb}/${node.revision}`,
        kind: 'Node',
        namespace: '',
        name,
        actor: ACTOR,
        seen: view.revision,
        preconditions: { uid },
      },
    ]);
    this.#told.delete(name);
  }
}
