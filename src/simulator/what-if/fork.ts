/** A whole cell in this process, gone on from a base state: the real writer, scheduler and controllers on a log in memory and virtual time. */
import {
  isReachable,
  isUnreachable,
  kinds,
  UNSCHEDULED,
  UNSCHEDULED_INDEX,
  unschedulableMessage,
  type Command,
  type NodeContext,
  type Outcome,
  type PodContext,
} from '../../../machines/index.ts';
import { startTerm, type Term } from '../../cell/term.ts';
import { WorkLists } from '../../control-loop/work-lists.ts';
import type { Clock } from '../../foundation/clock.ts';
import { silentLogger } from '../../foundation/logger.ts';
import { nextTurn } from '../../foundation/turn.ts';
import { MemoryLog } from '../../log/memory-log.ts';
import type { EntrySubscriber } from '../../state/applied-entry.ts';
import type { CellState } from '../../state/cell-state.ts';
import { Fold } from '../../state/fold.ts';
import { Writer } from '../../writer/writer.ts';
import { Random, seededIdentifiers } from '../random.ts';
import { Timeline } from '../timeline.ts';
import { FORK_LINEAGE, forkedState, type BaseState } from './base-state.ts';
import { forkClock } from './fork-clock.ts';
import { HealthyNodes } from './healthy-nodes.ts';

/** Nothing happens for so long: every wait of a part that may still go on has had its first turns, and no timer of its own is left. */
export const QUIET_MS = 1_000;
/** An append to memory answers at once. */
const APPEND_TIMEOUT_MS = 10_000;
/** Commands of one message: what the writer's queue takes many times over. */
const SUBMIT_MAX_COMMANDS = 1_000;

/** How a stretch of virtual time ended: nothing more happens by itself, or the limit came first. */
export type Settled = 'quiet' | 'limit';

interface Parts {
  readonly timeline: Timeline;
  readonly clock: Clock;
  readonly log: MemoryLog;
  readonly fold: Fold;
  readonly writer: Writer;
  readonly term: Term;
  readonly nodes: HealthyNodes;
  readonly stop: AbortController;
}

export class Fork {
  readonly #parts: Parts;
  #changedAtMs: number;

  private constructor(parts: Parts) {
    this.#parts = parts;
    this.#changedAtMs = parts.clock.now();
    parts.fold.subscribe(({ changes }) => {
      if (changes.length > 0) this.#changedAtMs = parts.clock.now();
    });
  }

  /** Starts all parts; nodes that were heard at the base's revision are heard here. */
  static async begin(base: BaseState): Promise<Fork> {
    const timeline = new Timeline();
    const clock = forkClock(timeline, base.time);
    const log = new MemoryLog({ cell: FORK_LINEAGE, lineage: FORK_LINEAGE, clock, appendTimeoutMs: APPEND_TIMEOUT_MS });
    const fold = new Fold(forkedState(base));
    const shared = { log, fold, clock, logger: silentLogger };
    const identifiers = seededIdentifiers(new Random(base.revision, FORK_LINEAGE));
    const writer = new Writer({ ...shared, identifiers, name: FORK_LINEAGE });
    const stop = new AbortController();
    const writing = new Promise<void>((resolve, reject) => {
      writer.hold(stop.signal, { onWriting: resolve }).catch(reject);
    });
    await writing;
    const term = startTerm({ ...shared, sink: writer, connected: () => true }, stop.signal);
    const nodes = startNodes({ fold, writer, term, clock });
    return new Fork({ timeline, clock, log, fold, writer, term, nodes, stop });
  }

  get state(): CellState {
    return this.#parts.fold.state;
  }

  /** The entries made so far, as they would be stored. */
  get log(): MemoryLog {
    return this.#parts.log;
  }

  get nodes(): HealthyNodes {
    return this.#parts.nodes;
  }

  /** Virtual time, Unix milliseconds. */
  now(): number {
    return this.#parts.clock.now();
  }

  /** When something last changed, virtual Unix milliseconds; not before `since`. */
  lastChangeAt(since: number): number {
    return Math.max(this.#changedAtMs, since);
  }

  /** Calls back after each entry from now on. */
  subscribe(subscriber: EntrySubscriber): void {
    this.#parts.fold.subscribe(subscriber);
  }

  /** Sends commands as somebody outside; outcomes in the same order. */
  async submit(commands: readonly Command[]): Promise<readonly Outcome[]> {
    const outcomes: Outcome[] = [];
    for (let start = 0; start < commands.length; start += SUBMIT_MAX_COMMANDS)
      outcomes.push(...(await this.#parts.writer.submit(commands.slice(start, start + SUBMIT_MAX_COMMANDS))));
    return outcomes;
  }

  /** Lets time go by until nothing more happens by itself, or until a time of the virtual clock. Rejects when the signal is aborted. */
  async settle(untilMs: number, signal?: AbortSignal): Promise<Settled> {
    const { clock, timeline } = this.#parts;
    await nextTurn();
    for (;;) {
      signal?.throwIfAborted();
      if (this.#isQuiet()) return 'quiet';
      const restMs = untilMs - clock.now();
      if (restMs <= 0) return 'limit';
      await timeline.step(timeline.nowMs + restMs);
    }
  }

  stop(): void {
    this.#parts.nodes.stop();
    this.#parts.stop.abort();
  }

  #isQuiet(): boolean {
    const { clock, writer, term } = this.#parts;
    if (clock.now() < this.#changedAtMs + QUIET_MS || writer.queueLength > 0 || term.pending() > 0) return false;
    return !this.#awaitsJudgement() && !this.#awaitsScheduler() && !this.#awaitsDeadline();
  }

  /** A node fell silent, and the health controller still waits for it. */
  #awaitsJudgement(): boolean {
    for (const node of this.state.list<NodeContext>('Node')) {
      const isHeard = this.nodes.has(node.name);
      if (isHeard ? isUnreachable(node) : isReachable(node)) return true;
    }
    return false;
  }

  /** A pod that was not looked at yet, or rests because somebody was quicker. */
  #awaitsScheduler(): boolean {
    for (const pod of this.state.indexed<PodContext>('Pod', UNSCHEDULED_INDEX, UNSCHEDULED))
      if (unschedulableMessage(pod) === undefined) return true;
    return false;
  }

  #awaitsDeadline(): boolean {
    for (const kind of kinds.values()) {
      if (kind.deadlines === undefined) continue;
      for (const record of this.state.list(kind.kind)) if (kind.deadlines(record).length > 0) return true;
    }
    return false;
  }
}

function startNodes({ fold, writer, term, clock }: Pick<Parts, 'fold' | 'writer' | 'term' | 'clock'>): HealthyNodes {
  const nodes = new HealthyNodes({ sink: writer, clock, heard: (node) => term.nodeHealth.heard(node) });
  const work = new WorkLists({
    view: fold.state,
    position: () => fold.state.position,
    term: 1,
    publish: (node, list) => nodes.receive(node, list),
  });
  for (const node of fold.state.list<NodeContext>('Node')) if (isReachable(node)) nodes.add(node.name);
  fold.subscribe((applied) => work.observe(applied));
  work.publishAll();
  return nodes;
}
