/** Judges nodes by their silence, counting only while the observer itself was connected and ticking. */
import { isEvicting, isReachable, isRegistered, type NodeContext } from '../../machines/node/index.ts';
import { settingsOf, type Command, type ObjectRecord, type View } from '../../machines/index.ts';
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
  readonly #heard = new Map<string, number>();
  #lastTick: number;
  #massSilence = false;

  constructor(options: NodeHealthOptions) {
    this.#options = options;
    this.#lastTick = options.clock.monotonic();
  }

  /** Whether evictions are held back now because too many nodes fell silent at once. */
  get massSilence(): boolean {
    return this.#massSilence;
  }

  /** A heartbeat came. */
  heard(node: string): void {
    this.#heard.set(node, this.#options.clock.monotonic());
    const record = this.#options.view.get<NodeContext>('Node', '', node);
    if (record && !isReachable(record)) void this.#markReachable(record);
  }

  /** Begins every node's count anew: after a reconnect, a late tick, at the start of a term. */
  restart(): void {
    this.#heard.clear();
    this.#lastTick = this.#options.clock.monotonic();
  }

  /** Runs until the signal is aborted. */
  async run(signal: AbortSignal): Promise<void> {
    this.restart();
    while (!signal.aborted) {
      await this.#options.clock.sleep(HEALTH_TICK_MS, signal).catch(() => undefined);
      if (!signal.aborted) await this.tick();
    }
  }

  /** One judgement of all nodes. */
  async tick(): Promise<void> {
    const { clock, view, logger } = this.#options;
    const now = clock.monotonic();
    const late = now - this.#lastTick > HEALTH_TICK_LATE_MS;
    this.#lastTick = now;
    if (late || !this.#options.connected()) {
      if (late) logger.warn('the observer stood still: silence of nodes is counted anew');
      return this.#heard.clear();
    }
    const limitMs = settingsOf(view).nodeSilenceSeconds * 1000;
    const nodes = [...view.list<NodeContext>('Node')];
    const silent = nodes.filter((node) => this.#silence(node.name, now) > limitMs);
    const mass = silent.length >= MASS_SILENCE_MIN_NODES && silent.length > nodes.length / 2;
    if (mass && !this.#massSilence)
      logger.error('more than half of the nodes fell silent at once: nothing is evicted', {
        silent: silent.length,
        nodes: nodes.length,
      });
    this.#massSilence = mass;
    const commands = silent.flatMap((node) => this.#markUnreachable(node, now, mass));
    if (commands.length > 0) await this.#options.sink.submit(commands);
  }

  /** Milliseconds of silence; a node never heard begins its count at the first judgement. */
  #silence(node: string, now: number): number {
    const heard = this.#heard.get(node);
    if (heard === undefined) this.#heard.set(node, now);
    return now - (heard ?? now);
  }

  #markUnreachable(node: ObjectRecord<NodeContext>, now: number, evictionsSuspended: boolean): readonly Command[] {
    const silentMs = Math.round(this.#silence(node.name, now));
    const since = this.#options.clock.now() - silentMs;
    if (!isRegistered(node) || isEvicting(node) || (!isReachable(node) && evictionsSuspended)) return [];
    return [
      this.#command(
        node,
        'markUnreachable',
        { since, silentMs, ...(evictionsSuspended ? { evictionsSuspended } : {}) },
        `silent for ${Math.round(silentMs / 1000)} s`,
      ),
    ];
  }

  async #markReachable(node: ObjectRecord<NodeContext>): Promise<void> {
    await this.#options.sink.submit([this.#command(node, 'markReachable', {}, 'heard again')]);
  }

  #command(node: ObjectRecord<NodeContext>, verb: string, args: object, reason: string): Command {
    return {
      id: `node-health/${node.uid}/${verb}/${node.revision}`,
      kind: 'Node',
      namespace: '',
      name: node.name,
      verb,
      arguments: args,
      actor: ACTOR,
      seen: this.#options.view.revision,
      reason,
      preconditions: { uid: node.uid },
    };
  }
}
