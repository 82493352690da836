/** Commands over the bus: the sender's side. A repeat carries the same id, attempt and seen revision, so retrying is always safe. */
import type { Command, CommandDraft, NotDecidedReason, Outcome } from '../../machines/index.ts';
import type { Clock } from '../foundation/clock.ts';
import type { CommandSink } from '../writer/command-sink.ts';
import type { CommandReply } from './command-service.ts';
import { REQUEST_MAX_BYTES } from './limits.ts';
import { NoResponderError, RequestTimeoutError, RequestTooLargeError, type Requester } from './requester.ts';
import { MANY, type Subjects } from './subjects.ts';

/** First wait for an answer; doubles with each repeat, so that a slow writer is not drowned in repeats. */
const ANSWER_FIRST_MS = 2_000;
/** Wait before a repeat when nobody listened or the writer had no room: a new writer takes over within seconds. */
const REPEAT_WAIT_MS = 100;
const REPEAT_WAIT_MAX_MS = 1_000;
/** How long a command is repeated before its outcome is given up as unknown: longer than any hand-over of the lease. */
export const COMMAND_DEADLINE_MS = 30_000;
/** Room in a message for `{"commands":[…]}`. */
const MESSAGE_FRAME_BYTES = 32;

/** Undecided for now; the same command may well be decided later. */
const PASSING: ReadonlySet<NotDecidedReason> = new Set(['NotTheWriter', 'QueueFull', 'Expired']);

/** No answer came before the deadline: the commands may have been applied or not. Look their ids up, or send them again unchanged. */
export class OutcomeUnknownError extends Error {
  override readonly name = 'OutcomeUnknownError';
  readonly commandIds: readonly string[];

  constructor(commandIds: readonly string[], cause: unknown) {
    super(
      `no answer to ${commandIds.length} command(s): whether they were applied is not known; send them again with the same ids`,
      {
        cause,
      },
    );
    this.commandIds = commandIds;
  }
}

/** Nobody took commands before the deadline: they were certainly not applied. Retryable. */
export class NoWriterError extends Error {
  override readonly name = 'NoWriterError';
}

/** What it needs of a connection. */
export interface CommandBus {
  readonly actor: string;
  readonly subjects: Pick<Subjects, 'command'>;
  readonly connection: { isClosed(): boolean };
}

export interface CommandClientOptions {
  readonly bus: CommandBus;
  readonly requester: Pick<Requester, 'request'>;
  readonly clock: Clock;
  readonly deadlineMs?: number;
  /** Highest revision the sender has seen; becomes `seen` of commands that name none. */
  seen?(): number;
}

/**
 * Unlike the writer itself it rejects when the bus keeps silent: with OutcomeUnknownError or NoWriterError.
 * The actor of each command must be one the credential may speak as.
 */
export class CommandClient implements CommandSink {
  readonly #options: CommandClientOptions;
  readonly #deadlineMs: number;

  constructor(options: CommandClientOptions) {
    this.#options = options;
    this.#deadlineMs = options.deadlineMs ?? COMMAND_DEADLINE_MS;
  }

  /** Sends commands under the connection's own actor. */
  send(drafts: readonly CommandDraft[]): Promise<readonly Outcome[]> {
    const { actor } = this.#options.bus;
    return this.submit(drafts.map((draft) => ({ ...draft, actor })));
  }

  async submit(commands: readonly Command[]): Promise<readonly Outcome[]> {
    const seen = this.#options.seen?.() ?? 0;
    const complete = commands.map((command) =>
      command.seen === undefined && seen > 0 ? { ...command, seen } : command,
    );
    const deadline = this.#options.clock.monotonic() + this.#deadlineMs;
    const messages = messagesOf(complete);
    const answers = await Promise.all(messages.map((message) => this.#settle(message, deadline)));
    return answers.flat();
  }

  /** Sends one message until each of its commands has an outcome that stands. */
  async #settle(commands: readonly Command[], deadline: number): Promise<readonly Outcome[]> {
    const outcomes: (Outcome | undefined)[] = commands.map(() => undefined);
    let open = commands.map((_, index) => index);
    let answerMs = ANSWER_FIRST_MS;
    let waitMs = REPEAT_WAIT_MS;
    let mayBeApplied = false;
    let trouble: unknown;
    for (;;) {
      try {
        const sent = open.map((index) => commands[index] as Command);
        const leftMs = Math.max(deadline - this.#options.clock.monotonic(), 1);
        const answers = await this.#ask(sent, Math.min(answerMs, leftMs));
        open.forEach((index, at) => (outcomes[index] = answers[at]));
        open = open.filter((index) => isPassing(outcomes[index]));
        if (open.length === 0) return outcomes as Outcome[];
      } catch (error) {
        if (error instanceof RequestTooLargeError) return commands.map(() => tooLarge(error.message));
        if (!(error instanceof RequestTimeoutError) && !(error instanceof NoResponderError)) throw error;
        trouble = error;
        mayBeApplied ||= error instanceof RequestTimeoutError;
        answerMs *= 2;
      }
      if (this.#options.clock.monotonic() + waitMs >= deadline || this.#options.bus.connection.isClosed()) break;
      await this.#options.clock.sleep(waitMs);
      waitMs = Math.min(waitMs * 2, REPEAT_WAIT_MAX_MS);
    }
    if (mayBeApplied)
      throw new OutcomeUnknownError(
        open.map((index) => commands[index]?.id ?? ''),
        trouble,
      );
    if (outcomes.some((outcome) => outcome === undefined)) {
      throw new NoWriterError('nobody takes commands now: is a control plane running?', { cause: trouble });
    }
    return outcomes as Outcome[];
  }

  async #ask(commands: readonly Command[], timeoutMs: number): Promise<readonly Outcome[]> {
    const { bus, requester } = this.#options;
    const answer = await requester.request(subjectOf(bus, commands), textOf(commands), timeoutMs);
    const { outcomes } = JSON.parse(
      Buffer.from(answer.buffer, answer.byteOffset, answer.byteLength).toString(),
    ) as CommandReply;
    // A message that could not be read at all is answered with one outcome for all of it.
    return outcomes.length === commands.length ? outcomes : commands.map(() => outcomes[0] as Outcome);
  }
}

function isPassing(outcome: Outcome | undefined): boolean {
  return outcome === undefined || (outcome.outcome === 'not-decided' && PASSING.has(outcome.why));
}

function tooLarge(message: string): Outcome {
  return { outcome: 'not-decided', why: 'TooLarge', message };
}

function subjectOf(bus: CommandBus, commands: readonly Command[]): string {
  const [first] = commands;
  if (first === undefined) throw new Error('a message has commands');
  const same = commands.every(({ kind, verb }) => kind === first.kind && verb === first.verb);
  return same
    ? bus.subjects.command(first.actor, first.kind, first.verb)
    : bus.subjects.command(first.actor, MANY, MANY);
}

function textOf(commands: readonly Command[]): string {
  const [first] = commands;
  return commands.length === 1 && first ? commandText(first) : `{"commands":[${commands.map(commandText).join(',')}]}`;
}

function commandText(command: Command): string {
  return JSON.stringify({ ...command, actor: undefined });
}

/** Commands of one actor, as many in a message as fit, in order. */
function messagesOf(commands: readonly Command[]): readonly (readonly Command[])[] {
  if (commands.length === 1) return [commands];
  const messages: Command[][] = [];
  let current: Command[] = [];
  let bytes = MESSAGE_FRAME_BYTES;
  for (const command of commands) {
    const size = Buffer.byteLength(commandText(command)) + 1;
    const fits = bytes + size <= REQUEST_MAX_BYTES && current.at(-1)?.actor === command.actor;
    if (!fits) {
      current = [];
      messages.push(current);
      bytes = MESSAGE_FRAME_BYTES;
    }
    current.push(command);
    bytes += size;
  }
  return messages;
}
