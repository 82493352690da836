/** The one writer: queue → decide → overlay → append → answer. A deterministic state machine around the fold. */
import type { Command, Outcome } from '../../machines/index.ts';
import type { Clock } from '../foundation/clock.ts';
import type { Identifiers } from '../foundation/identifiers.ts';
import type { Logger } from '../foundation/logger.ts';
import { LogUnavailableError, type EventLog } from '../log/event-log.ts';
import type { Fold } from '../state/fold.ts';
import { appendForCertain, type Settled } from './appender.ts';
import { Batch, type PreparedEntry } from './batch.ts';
import { catchUp, LogShortenedError } from './catch-up.ts';
import type { CommandSink } from './command-sink.ts';
import { WRITER_LIMITS, type WriterLimits } from './limits.ts';
import { requireSameEnd } from './same-end.ts';
import { CommandQueue, expired, notDecided, type QueuedCommand } from './queue.ts';

export interface WriterOptions {
  readonly log: EventLog;
  readonly fold: Fold;
  readonly clock: Clock;
  readonly identifiers: Identifiers;
  readonly logger: Logger;
  /** Names this process in its entries. */
  readonly name: string;
  readonly limits?: WriterLimits;
}

interface Term {
  readonly signal: AbortSignal;
  /** Ends the term: no more batches, the queue is answered. */
  end(): void;
}

export class Writer implements CommandSink {
  readonly #options: WriterOptions;
  readonly #limits: WriterLimits;
  readonly #queue: CommandQueue;
  #term: Term | undefined;
  #wake: (() => void) | undefined;
  #unconfirmed = false;

  constructor(options: WriterOptions) {
    this.#options = options;
    this.#limits = options.limits ?? WRITER_LIMITS;
    this.#queue = new CommandQueue(this.#limits, options.clock);
  }

  /** Whether commands are taken now. */
  get isWriting(): boolean {
    return this.#term !== undefined;
  }

  get queueLength(): number {
    return this.#queue.length;
  }

  submit(commands: readonly Command[]): Promise<readonly Outcome[]> {
    if (this.#term === undefined) return Promise.resolve(commands.map(() => NOT_THE_WRITER));
    const outcomes = commands.map((command) => this.#queue.add(command));
    this.#wake?.();
    return Promise.all(outcomes);
  }

  /** Has the log confirm that it still ends where the fold does: after a reconnect another one may stand there. */
  confirm(): void {
    this.#unconfirmed = true;
    this.#wake?.();
  }

  /**
   * Becomes the writer and stays it: appends empty entries, folding what it lost to, until one is accepted; then takes
   * commands until an append is lost or the signal is aborted. Resolves then, with the queue answered "not the writer".
   * Rejects with LogDamageError when the log is not what was folded. Nobody else may fold into the same state meanwhile.
   */
  async hold(signal: AbortSignal, options: { readonly onWriting?: () => void } = {}): Promise<void> {
    try {
      await this.#claim(signal);
      if (signal.aborted) return;
      const ended = new AbortController();
      this.#term = { signal: AbortSignal.any([signal, ended.signal]), end: () => ended.abort() };
      signal.addEventListener('abort', () => this.#wake?.(), { once: true });
      options.onWriting?.();
      await this.#writeWhileHeld(this.#term);
    } catch (error) {
      if (!signal.aborted) throw error;
    } finally {
      this.#term = undefined;
      this.#queue.answerAll(NOT_THE_WRITER);
    }
  }

  async #claim(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      const prepared = this.#batch().prepare();
      const settled = await this.#append(prepared, signal);
      if (settled.outcome === 'appended') return void this.#adopt(prepared);
      if (settled.outcome === 'barrier') return void this.#adopt(settled.barrier);
      await this.#foldWhatIsThere(settled.lastNumber, signal);
    }
  }

  /** Folds what another writer appended. Waits a little where the server refused without having more, as it may while electing. */
  async #foldWhatIsThere(lastNumber: number, signal: AbortSignal): Promise<void> {
    const { fold, log, clock } = this.#options;
    await this.#requireNotShortened(lastNumber);
    if (lastNumber === fold.state.position.entry) return clock.sleep(this.#limits.unknownRetryMinMs, signal);
    return catchUp(fold, log, lastNumber, { clock, readBackMs: this.#limits.readBackMs, signal });
  }

  async #requireNotShortened(lastNumber: number): Promise<void> {
    const { fold, log } = this.#options;
    const { entry } = fold.state.position;
    if (lastNumber < entry) throw await LogShortenedError.of(log, { lastNumber, read: entry });
  }

  async #writeWhileHeld(term: Term): Promise<void> {
    while (!term.signal.aborted) {
      const confirming = this.#unconfirmed;
      this.#unconfirmed = false;
      if (confirming) {
        if (await this.#endsAsFolded(term.signal)) await this.#writeBatch(term, confirming);
        else this.#unconfirmed = true;
      } else if (this.#queue.length > 0) await this.#writeBatch(term, confirming);
      else await this.#nextCommand();
    }
  }

  /** False when the log does not say yet. Raises LogDamageError when it is another one. */
  async #endsAsFolded(signal: AbortSignal): Promise<boolean> {
    const { log, fold, clock } = this.#options;
    try {
      await requireSameEnd(log, fold.state.position);
      return true;
    } catch (error) {
      if (!(error instanceof LogUnavailableError)) throw error;
      this.#queue.expire();
      await clock.sleep(this.#limits.unknownRetryMinMs, signal);
      return false;
    }
  }

  #nextCommand(): Promise<void> {
    return new Promise((resolve) => {
      this.#wake = () => {
        this.#wake = undefined;
        resolve();
      };
    });
  }

  /** Any entry confirms that the log ends where the fold does; where no command makes one, an empty one does. */
  async #writeBatch(term: Term, confirming: boolean): Promise<void> {
    let commands: readonly QueuedCommand[] = this.#takeCommands();
    let isDue = confirming;
    try {
      while (commands.length > 0 || isDue) {
        isDue = false;
        commands = await this.#writeEntry(commands, term);
      }
    } catch (error) {
      answerAll(commands, UNKNOWN_AT_END);
      throw error;
    }
  }

  /** One entry of these commands; returns those that are still to be decided. */
  async #writeEntry(commands: readonly QueuedCommand[], term: Term): Promise<readonly QueuedCommand[]> {
    const batch = this.#batch();
    const { decided, left } = decideAll(batch, commands);
    const prepared = batch.prepare();
    const settled = await this.#append(prepared, term.signal);
    if (settled.outcome === 'lost') {
      answerAll(commands, NOT_THE_WRITER);
      term.end();
      await this.#requireNotShortened(settled.lastNumber);
      return [];
    }
    if (settled.outcome === 'barrier') {
      this.#adopt(settled.barrier);
      // Finding out may have taken minutes, and now it is certain that none of them was written.
      return commands.filter((queued) => !this.#answerExpired(queued));
    }
    this.#adopt(prepared);
    for (const { queued, outcome } of decided) queued.answer(outcome);
    return left;
  }

  /** Takes up to an entry's worth of commands off the queue, answering those that waited too long. */
  #takeCommands(): QueuedCommand[] {
    const taken: QueuedCommand[] = [];
    while (taken.length < this.#limits.entryMaxCommits) {
      const queued = this.#queue.peek();
      if (queued === undefined) break;
      this.#queue.take();
      if (!this.#answerExpired(queued)) taken.push(queued);
    }
    return taken;
  }

  #answerExpired(queued: QueuedCommand): boolean {
    const isExpired = this.#queue.isExpired(queued);
    if (isExpired) queued.answer(expired(this.#limits));
    return isExpired;
  }

  #batch(): Batch {
    const { fold, identifiers, clock, name, log, logger } = this.#options;
    return new Batch({
      state: fold.state,
      identifiers,
      limits: this.#limits,
      now: clock.now(),
      writer: name,
      lineage: log.lineage,
      onBug: (error, { kind: kindName, verb, id }) =>
        logger.error('a decider raised: a bug', { error, kind: kindName, verb, command: id }),
    });
  }

  #append(prepared: PreparedEntry, signal: AbortSignal): Promise<Settled> {
    const { log, clock, logger } = this.#options;
    return appendForCertain(
      prepared,
      {
        log,
        clock,
        logger,
        limits: this.#limits,
        prepareBarrier: () => this.#batch().prepare(),
        whileUnknown: () => this.#queue.expire(),
      },
      signal,
    );
  }

  #adopt(prepared: PreparedEntry): void {
    this.#options.fold.adopt(prepared);
  }
}

const NOT_THE_WRITER = notDecided('NotTheWriter', 'this process is not the writer now: send it again with the same id');
const UNKNOWN_AT_END = notDecided(
  'NotTheWriter',
  'this process stopped before it knew whether the command was written: send it again with the same id',
);

interface Decided {
  readonly queued: QueuedCommand;
  readonly outcome: Outcome;
}

/** Decides as many commands as fit into one entry; the rest keep their order. */
function decideAll(batch: Batch, commands: readonly QueuedCommand[]): { decided: Decided[]; left: QueuedCommand[] } {
  const decided: Decided[] = [];
  for (const [index, queued] of commands.entries()) {
    const outcome = batch.decide(queued.command);
    if (outcome === 'full') return { decided, left: commands.slice(index) };
    decided.push({ queued, outcome });
  }
  return { decided, left: [] };
}

function answerAll(commands: readonly QueuedCommand[], outcome: Outcome): void {
  for (const { answer } of commands) answer(outcome);
}
