/** A whole cell in one process: writer, controllers and real agents on hollow engines, over a log in memory and a clock the test turns. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';
import { bootstrapCommands, kinds, type Command, type Outcome } from '../../machines/index.ts';
import { startTerm } from '../../src/cell/term.ts';
import { WorkLists } from '../../src/control-loop/work-lists.ts';
import { systemIdentifiers } from '../../src/foundation/identifiers.ts';
import { silentLogger } from '../../src/foundation/logger.ts';
import type { AppendFault } from '../../src/log/memory-log.ts';
import { MemoryLog } from '../../src/log/memory-log.ts';
import { Fold } from '../../src/state/fold.ts';
import type { CellState } from '../../src/state/cell-state.ts';
import { Writer } from '../../src/writer/writer.ts';
import type { TestCommand } from './cell.ts';
import { ManualClock, settle } from './manual-clock.ts';
import { WholeNode } from './whole-node.ts';

const APPEND_TIMEOUT_MS = 2_000;
/** A new process folds the log and takes the lease. */
const RESTART_MS = 500;
/** How finely time goes by while something is waited for. */
const STEP_MS = 50;

/** One life of the control plane. */
export interface ControlPlane {
  readonly fold: Fold;
  readonly writer: Writer;
  readonly work: WorkLists;
  heard(node: string): void;
  /** Sends as somebody on the bus would; undefined where the plane was gone before the answer. */
  submit(commands: readonly Command[]): Promise<readonly Outcome[] | undefined>;
}

export class WholeCell {
  readonly clock = new ManualClock();
  readonly log: MemoryLog;
  readonly nodes = new Map<string, WholeNode>();
  /** What happens to the append of an entry; the plane may be killed meanwhile. */
  fault: ((number: number) => AppendFault | undefined) | undefined;
  #plane: ControlPlane | undefined;
  #life = new AbortController();
  #ids = 0;
  #directory: string | undefined;

  private constructor() {
    this.log = new MemoryLog({
      cell: 'test',
      lineage: 'one',
      clock: this.clock,
      appendTimeoutMs: APPEND_TIMEOUT_MS,
      faultOf: (number) => this.fault?.(number),
    });
  }

  /** A cell with nodes of these names, all registered. */
  static async start(...names: readonly string[]): Promise<WholeCell> {
    const cell = new WholeCell();
    const directory = await mkdtemp(join(tmpdir(), 'periplus-cell-'));
    cell.#directory = directory;
    onTestFinished(() => cell.close());
    await cell.begin();
    for (const name of names) {
      const { clock } = cell;
      const node = new WholeNode({ name, clock, directory, plane: () => cell.#plane });
      cell.nodes.set(name, node);
      await node.startAgent();
    }
    await cell.eventually('every node is registered', (state) => [...state.list('Node')].length === names.length);
    return cell;
  }

  /** Everything ends; nothing is left of it. */
  async close(): Promise<void> {
    const directory = this.#directory;
    if (directory === undefined) return;
    this.#directory = undefined;
    this.kill();
    for (const node of this.nodes.values()) await node.close();
    await rm(directory, { recursive: true, force: true });
  }

  /** The control plane's process is killed: nothing of it says another word. */
  kill(): void {
    this.#plane = undefined;
    this.#life.abort();
  }

  /** Another control plane folds the log from its beginning and becomes the writer. */
  async begin(): Promise<void> {
    const life = new AbortController();
    this.#life = life;
    const fold = await this.refold();
    const { log, clock } = this;
    const writer = new Writer({ log, fold, clock, identifiers: systemIdentifiers, logger: silentLogger, name: 'test' });
    const onWriting = () => (this.#plane = this.#beginTerm({ fold, writer }, life.signal));
    // Whoever is killed in the middle of an append may find out afterwards that somebody else wrote.
    void writer.hold(life.signal, { onWriting }).catch((error: unknown) => {
      if (!life.signal.aborted) throw error;
    });
    await settle();
  }

  /** The state as somebody folds it who wrote nothing of it; raises where any entry's hash is wrong. */
  async refold(): Promise<Fold> {
    const fold = new Fold();
    const last = await this.log.lastNumber();
    for (let number = 1; number <= last; number++) {
      const stored = await this.log.get(number);
      if (stored !== undefined) fold.apply(stored);
    }
    return fold;
  }

  /** Whether there is a control plane now. */
  get isUp(): boolean {
    return !this.#life.signal.aborted;
  }

  get state(): CellState {
    if (this.#plane === undefined) throw new Error('the control plane is down');
    return this.#plane.fold.state;
  }

  node(name: string): WholeNode {
    const node = this.nodes.get(name);
    if (node === undefined) throw new Error(`there is no node ${name}`);
    return node;
  }

  /** A user sends a command under one id until somebody has answered; it must not be refused. */
  async send(command: TestCommand): Promise<void> {
    const outcome = await this.trySend(command);
    if (outcome.outcome === 'refused') throw new Error(`refused: ${outcome.refusal.message}`);
  }

  /** The same, whatever the answer. */
  async trySend(command: TestCommand): Promise<Outcome> {
    const namespace = kinds.get(command.kind)?.namespaced ? 'default' : '';
    const whole = { id: `user/${++this.#ids}`, namespace, arguments: {}, actor: 'admin', ...command };
    for (;;) {
      const [outcome] = (await this.#during(this.#plane?.submit([whole]))) ?? [];
      if (outcome !== undefined && outcome.outcome !== 'not-decided') return outcome;
      await this.clock.advance(STEP_MS);
    }
  }

  /** Time goes by until it is so; raises when it is not within so long. */
  async eventually(what: string, check: (state: CellState) => boolean, withinMs = 30_000): Promise<void> {
    const until = this.clock.now() + withinMs;
    for (;;) {
      await settle();
      if (this.#plane !== undefined && check(this.state)) return;
      if (this.clock.now() >= until) throw new Error(`not within ${withinMs} ms: ${what}`);
      if (this.#life.signal.aborted) {
        await this.clock.advance(RESTART_MS);
        await this.begin();
      } else await this.clock.advance(STEP_MS);
    }
  }

  /** Time goes by until a promise is settled, or a plane that will never settle it is killed. */
  async #during<Result>(promise: Promise<Result> | undefined): Promise<Result | undefined> {
    const { signal } = this.#life;
    const answer = { came: promise === undefined };
    void promise?.finally(() => (answer.came = true));
    await settle();
    while (!answer.came && !signal.aborted) await this.clock.advance(STEP_MS);
    if (signal.aborted) {
      await this.clock.advance(RESTART_MS);
      await this.begin();
      return undefined;
    }
    return promise;
  }

  #beginTerm({ fold, writer }: Pick<ControlPlane, 'fold' | 'writer'>, signal: AbortSignal): ControlPlane {
    const { clock } = this;
    const logger = silentLogger;
    const { nodeHealth } = startTerm({ fold, sink: writer, clock, logger, connected: () => true }, signal);
    const work = new WorkLists({
      view: fold.state,
      position: () => fold.state.position,
      term: fold.state.position.entry,
      publish: (node, list) => this.nodes.get(node)?.deliver(list),
    });
    const unsubscribe = fold.subscribe((applied) => work.observe(applied));
    signal.addEventListener('abort', unsubscribe);
    work.publishAll();
    void writer.submit(bootstrapCommands().map((draft) => ({ ...draft, actor: 'system:bootstrap' })));
    const submit = async (commands: readonly Command[]) => {
      const outcomes = await writer.submit(commands);
      return signal.aborted ? undefined : outcomes;
    };
    return { fold, writer, work, heard: (node) => nodeHealth.heard(node), submit };
  }
}
