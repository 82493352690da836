/** A simulated machine with a control plane: the production parts of one, wired as src/cell/control-plane.ts does over NATS and SQLite. */
import { bootstrapCommands, type Command, type Outcome } from '../../machines/index.ts';
import type { WorkPosition } from '../agent/control-plane-link.ts';
import { StoredLease } from '../bus/lease.ts';
import { decideMessage } from '../bus/command-service.ts';
import { checkChain } from '../cell/chain-check.ts';
import { LINEAGE_CHECK_MS } from '../cell/lineage-watch.ts';
import { requireNothingLost } from '../cell/loss.ts';
import { NodeWork } from '../cell/node-work.ts';
import type { KnownPosition } from '../cell/seen-position.ts';
import { trustedState, type StoredState } from '../cell/start-state.ts';
import { startTerm } from '../cell/term.ts';
import { silentLogger } from '../foundation/logger.ts';
import { LogDamageError } from '../log/entry.ts';
import { LogUnavailableError } from '../log/event-log.ts';
import type { AppliedEntry } from '../state/applied-entry.ts';
import { CellState } from '../state/cell-state.ts';
import { Fold } from '../state/fold.ts';
import type { CommandSink } from '../writer/command-sink.ts';
import { runLeadership } from '../writer/leadership.ts';
import { WRITER_LIMITS } from '../writer/limits.ts';
import { Writer } from '../writer/writer.ts';
import { keptState } from './kept-state.ts';
import { leaseClient, type LeaseServer } from './lease-store.ts';
import { LogClient } from './log-client.ts';
import type { LogServer } from './log-server.ts';
import { parse, TOPICS, workTopic } from './node-link.ts';
import { seededIdentifiers, type Random } from './random.ts';
import type { Timeline } from './timeline.ts';
import type { BusConnection, VirtualBus } from './virtual-bus.ts';
import { VirtualProcess } from './virtual-process.ts';
import type { Wire } from './wire.ts';

/** The supervisor's wait before it starts a process that ended, milliseconds. */
const RESTART_MS = 1_000;

export interface ControlPlaneHostOptions {
  readonly name: string;
  readonly timeline: Timeline;
  readonly random: Random;
  readonly bus: VirtualBus;
  readonly wire: Wire;
  readonly log: LogServer;
  readonly lease: LeaseServer;
  /** What all control planes of the machine have on disk. */
  knownPositions(): readonly KnownPosition[];
  readonly eyes: ControlPlaneEyes;
}

/** What checkers see of a control plane. */
export interface ControlPlaneEyes {
  folded(host: ControlPlaneHost, applied: AppliedEntry, state: CellState): void;
  answered(host: ControlPlaneHost, commands: readonly Command[], outcomes: readonly Outcome[]): void;
  /** It stopped because the log is wrong: an operator must look. */
  damaged(host: ControlPlaneHost, lineage: string, error: LogDamageError): void;
  /** It ended for a reason that is none. */
  crashed(host: ControlPlaneHost, error: unknown): void;
}

/** One life of the process. */
interface Life {
  readonly process: VirtualProcess;
  readonly fold: Fold;
  readonly writer: Writer;
  pending: () => number;
  /** Messages whose commands are not answered yet. */
  inFlight: number;
}

export class ControlPlaneHost {
  readonly name: string;
  readonly wire: Wire;
  skewMs = 0;
  /** What its disk has of the state. */
  disk: StoredState | undefined;
  /** Why it stopped for good. */
  damage: LogDamageError | undefined;
  readonly #options: ControlPlaneHostOptions;
  #process: VirtualProcess | undefined;
  #life: Life | undefined;

  constructor(options: ControlPlaneHostOptions) {
    this.#options = options;
    this.name = options.name;
    this.wire = options.wire;
  }

  get process(): VirtualProcess | undefined {
    return this.#process?.isAlive ? this.#process : undefined;
  }

  get isWriting(): boolean {
    return this.process !== undefined && (this.#life?.writer.isWriting ?? false);
  }

  get state(): CellState | undefined {
    return this.process === undefined ? undefined : this.#life?.fold.state;
  }

  /** Messages whose commands are not answered, whoever writes now, and keys that controllers have still to look at. */
  get waiting(): { readonly messages: number; readonly keys: number } {
    const life = this.process === undefined ? undefined : this.#life;
    return { messages: life?.inFlight ?? 0, keys: this.isWriting ? (life?.pending() ?? 0) : 0 };
  }

  /** Does nothing where it runs. */
  start(): void {
    if (this.process !== undefined) return;
    this.damage = undefined;
    const { name, timeline } = this.#options;
    const process = new VirtualProcess({ name, timeline, skewMs: () => this.skewMs });
    this.#process = process;
    const log = new LogClient(this.#options.log, process, this.wire);
    this.#run(process, log).catch((error: unknown) => this.#ended(process, log.lineage, error));
  }

  /** The process is killed; its disk has the state as it was, or as it was when it was written last. */
  kill(options: { readonly keepsDisk: boolean }): void {
    const state = this.state;
    if (state !== undefined && !options.keepsDisk && state.position.entry > 0) this.disk = keptState(state);
    this.#process?.kill();
    this.#life = undefined;
  }

  #ended(process: VirtualProcess, lineage: string, error: unknown): void {
    if (!process.isAlive) return;
    const { eyes, timeline } = this.#options;
    this.kill({ keepsDisk: false });
    if (error instanceof LogDamageError) {
      this.damage = error;
      eyes.damaged(this, lineage, error);
    } else if (error instanceof LogUnavailableError) timeline.after(RESTART_MS, () => this.start());
    else eyes.crashed(this, error);
  }

  async #run(process: VirtualProcess, log: LogClient): Promise<void> {
    const { log: server, wire, bus, name, random, eyes, knownPositions } = this.#options;
    const connection = bus.connect(process, wire, name);
    const { clock } = process;
    const identifiers = seededIdentifiers(random);
    const stop = new AbortController();
    await requireNothingLost(knownPositions(), { log, clock, signal: stop.signal });
    const state = (await trustedState(this.disk, log, silentLogger)) ?? new CellState();
    const fold = new Fold(state);
    fold.subscribe((applied) => eyes.folded(this, applied, fold.state));
    const writer = new Writer({ log, fold, clock, identifiers, logger: silentLogger, name });
    const life: Life = { process, fold, writer, pending: () => 0, inFlight: 0 };
    this.#life = life;
    // Reading the whole log at each start is what takes time; only a log with holes has anything to find.
    if (server.hasHoles && state.position.entry > 0) {
      const { readBackMs } = WRITER_LIMITS;
      await checkChain(log, state.position, { clock, readBackMs, signal: stop.signal, inBackground: () => false });
    }
    void this.#watchLineage(process, log);
    const failed = new Promise<never>((_, reject) => {
      stop.signal.addEventListener('abort', () => reject(stop.signal.reason));
    });
    const lease = new StoredLease(leaseClient(this.#options.lease, process, wire), { holder: name, clock });
    const onTerm = (term: AbortSignal) => this.#beginTerm(life, { connection, log, stop }, term);
    const options = { log, fold, writer, lease, clock, logger: silentLogger, onTerm };
    await Promise.race([runLeadership(options, stop.signal), failed]);
  }

  /** Everything that only the writer does; it ends with the signal. */
  #beginTerm(
    life: Life,
    { connection, log, stop }: { connection: BusConnection; log: LogClient; stop: AbortController },
    signal: AbortSignal,
  ): void {
    const { fold, writer, process } = life;
    const { clock } = process;
    const sink = this.#watched(life);
    const connected = () => connection.connected();
    const { nodeHealth, pending } = startTerm({ fold, sink, clock, logger: silentLogger, connected }, signal);
    life.pending = pending;
    const work = new NodeWork({
      fold,
      log,
      clock,
      logger: silentLogger,
      heard: (node) => nodeHealth.heard(node),
      publish: (node, list) => connection.publish(workTopic(node), node, Buffer.from(JSON.stringify(list))),
      onLoss: (error) => stop.abort(error),
    });
    const ends = [
      () => work.stop(),
      connection.subscribe(TOPICS.heartbeats, ({ subject: node, payload }) => {
        work.heartbeat(node, payload.byteLength > 0 ? (parse(payload) as WorkPosition) : undefined);
      }),
      connection.subscribe(TOPICS.workRequests, ({ subject: node, reply }) => {
        reply?.(Buffer.from('{}'));
        work.requested(node);
      }),
      connection.onStatus((status) => {
        nodeHealth.restart();
        if (status !== 'connected') return;
        writer.confirm();
        work.publishAll();
      }),
      connection.subscribe(TOPICS.commands, ({ subject, payload, reply }) => {
        void decideMessage(sink, subject, payload).then((outcomes) =>
          reply?.(Buffer.from(JSON.stringify({ outcomes }))),
        );
      }),
    ];
    signal.addEventListener('abort', () => ends.forEach((end) => end()), { once: true });
    void sink.submit(bootstrapCommands().map((draft) => ({ ...draft, actor: 'system:bootstrap' })));
  }

  /** The writer, with each question and answer seen. */
  #watched(life: Life): CommandSink {
    const { eyes } = this.#options;
    return {
      submit: async (commands) => {
        life.inFlight++;
        const outcomes = await life.writer.submit(commands);
        life.inFlight--;
        eyes.answered(this, commands, outcomes);
        return outcomes;
      },
    };
  }

  /** As the production process does: once another lineage is current, it begins anew. */
  async #watchLineage(process: VirtualProcess, log: LogClient): Promise<void> {
    while (process.isAlive) {
      await process.clock.sleep(LINEAGE_CHECK_MS);
      const current = await log.currentLineage().catch(() => log.lineage);
      if (current === log.lineage || !process.isAlive) continue;
      this.kill({ keepsDisk: false });
      this.#options.timeline.after(RESTART_MS, () => this.start());
    }
  }
}
