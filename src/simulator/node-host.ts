/** A simulated machine with the real agent: its engine and disk outlive the agent's process. */
import { createAgent } from '../agent/agent.ts';
import type { WorkPosition } from '../agent/control-plane-link.ts';
import { parseSavedState } from '../agent/local-state.ts';
import { silentLogger } from '../foundation/logger.ts';
import { memoryStorage } from './agent-storage.ts';
import type { Engine } from './engine.ts';
import { VirtualNodeLink } from './node-link.ts';
import { seededIdentifiers, type Random } from './random.ts';
import type { Timeline } from './timeline.ts';
import { CELL, type VirtualBus } from './virtual-bus.ts';
import { VirtualProcess } from './virtual-process.ts';
import type { Wire } from './wire.ts';

export interface NodeHostOptions {
  readonly name: string;
  readonly timeline: Timeline;
  readonly random: Random;
  readonly bus: VirtualBus;
  readonly wire: Wire;
  readonly engine: Engine;
  readonly podsMax: number;
  /** Its agent is started. */
  onStart(node: string): void;
  onHeartbeat(node: string, position: WorkPosition | undefined): void;
}

export class NodeHost {
  readonly name: string;
  readonly wire: Wire;
  readonly engine: Engine;
  readonly #options: NodeHostOptions;
  readonly #storage = memoryStorage();
  #process: VirtualProcess | undefined;
  /** How far its wall clock is ahead, milliseconds. */
  skewMs = 0;
  /** Virtual time at which its agent last was not there, or stood still. */
  #absentUntilMs = 0;
  #isGone = false;

  constructor(options: NodeHostOptions) {
    this.#options = options;
    this.name = options.name;
    this.wire = options.wire;
    this.engine = options.engine;
  }

  get process(): VirtualProcess | undefined {
    return this.#process?.isAlive ? this.#process : undefined;
  }

  /** Virtual time of the last moment at which its heartbeats may have stayed away for its own reasons. */
  get troubledUntilMs(): number {
    const isThere = this.process !== undefined && !this.process.isPaused;
    return Math.max(isThere ? this.#absentUntilMs : this.#options.timeline.nowMs, this.wire.troubledUntilMs);
  }

  /** Whether the machine is gone, and not merely down. */
  get isGone(): boolean {
    return this.#isGone;
  }

  /** Cut off now, with its agent there: since when, and for how long nothing had been wrong before, virtual milliseconds. */
  get cut(): { readonly sinceMs: number; readonly calmMs: number } | undefined {
    const { cut } = this.wire;
    if (cut === undefined || this.process === undefined || this.process.isPaused) return undefined;
    return { sinceMs: cut.sinceMs, calmMs: cut.sinceMs - Math.max(cut.troubledUntilMs, this.#absentUntilMs) };
  }

  /** The machine is taken away with all that runs on it; nobody starts it before it comes back. */
  leave(): void {
    this.#isGone = true;
    void this.losePower();
  }

  comeBack(): void {
    this.#isGone = false;
    this.start();
  }

  /** Does nothing where the agent runs. */
  start(): void {
    if (this.process !== undefined || this.#isGone) return;
    const { name, timeline, random, bus, wire, engine, podsMax, onStart, onHeartbeat } = this.#options;
    onStart(name);
    this.#absentUntilMs = timeline.nowMs;
    const process = new VirtualProcess({ name, timeline, skewMs: () => this.skewMs });
    this.#process = process;
    const connection = bus.connect(process, wire, `system:node:${name}`);
    const agent = createAgent({
      cell: CELL,
      node: name,
      runtime: engine.runtimeFor(process),
      link: new VirtualNodeLink(name, connection, (position) => onHeartbeat(name, position)),
      clock: process.clock,
      identifiers: seededIdentifiers(random),
      logger: silentLogger,
      dataDirectory: '',
      storage: this.#storage,
      version: '0.0.0',
      address: '192.0.2.1',
      podsMax,
    });
    void agent.start();
  }

  /** The agent's process is killed; containers run on. */
  kill(): void {
    this.#process?.kill();
  }

  pause(): void {
    this.process?.pause();
  }

  resume(): void {
    if (this.process?.isPaused) this.#absentUntilMs = this.#options.timeline.nowMs;
    this.process?.resume();
  }

  /** The machine goes down with all that runs on it. */
  async losePower(): Promise<void> {
    this.kill();
    await this.engine.losePower();
  }

  /** How far its disk says that it has seen the log. */
  async savedPosition(): Promise<WorkPosition | undefined> {
    const text = await this.#storage.work.read();
    const saved = text === undefined ? undefined : parseSavedState(text);
    return saved === 'damaged' ? undefined : saved?.mark?.position;
  }
}
