/** Commands waiting to be decided, bounded by count, bytes and age. */
import type { Command, NotDecidedReason, Outcome } from '../../machines/index.ts';
import type { Clock } from '../foundation/clock.ts';
import { sizeOf } from './batch.ts';
import { COMMAND_ID_MAX_LENGTH, type WriterLimits } from './limits.ts';

/** A command and whoever waits for its outcome. */
export interface QueuedCommand {
  readonly command: Command;
  readonly bytes: number;
  /** Monotonic milliseconds when it came. */
  readonly since: number;
  answer(outcome: Outcome): void;
}

export function notDecided(why: NotDecidedReason, message: string): Outcome {
  return { outcome: 'not-decided', why, message };
}

/** First in, first out; taking from the front costs no shifting. */
export class CommandQueue {
  readonly #limits: WriterLimits;
  readonly #clock: Clock;
  #items: QueuedCommand[] = [];
  #front = 0;
  #bytes = 0;

  constructor(limits: WriterLimits, clock: Clock) {
    this.#limits = limits;
    this.#clock = clock;
  }

  get length(): number {
    return this.#items.length - this.#front;
  }

  /** Resolves with the outcome: at once when the command is malformed or there is no room. */
  add(command: Command): Promise<Outcome> {
    if (command.id === '' || command.id.length > COMMAND_ID_MAX_LENGTH) {
      const message = `id: must be 1 to ${COMMAND_ID_MAX_LENGTH} characters, got ${command.id.length}`;
      return Promise.resolve(notDecided('Malformed', message));
    }
    const bytes = sizeOf(command);
    if (bytes > this.#limits.objectMaxBytes) {
      const message = `the arguments are ${bytes} bytes, more than the limit of ${this.#limits.objectMaxBytes}`;
      return Promise.resolve(notDecided('TooLarge', message));
    }
    if (this.length >= this.#limits.queueMaxCommands || this.#bytes + bytes > this.#limits.queueMaxBytes) {
      return Promise.resolve(notDecided('QueueFull', 'too many commands are waiting: send it again a little later'));
    }
    this.#bytes += bytes;
    return new Promise((answer) => this.#items.push({ command, bytes, since: this.#clock.monotonic(), answer }));
  }

  peek(): QueuedCommand | undefined {
    return this.#items[this.#front];
  }

  take(): void {
    const taken = this.#items[this.#front];
    if (taken === undefined) return;
    this.#bytes -= taken.bytes;
    this.#front++;
    if (this.#front > this.#items.length / 2) {
      this.#items = this.#items.slice(this.#front);
      this.#front = 0;
    }
  }

  /** Whether a command has waited longer than the limit. */
  isExpired(queued: QueuedCommand): boolean {
    return this.#clock.monotonic() - queued.since > this.#limits.commandMaxAgeMs;
  }

  /** Answers everything waiting with the same outcome. */
  answerAll(outcome: Outcome): void {
    for (let queued = this.peek(); queued; queued = this.peek()) {
      this.take();
      queued.answer(outcome);
    }
  }

  /** Answers what has waited too long; called while nothing can be decided. */
  expire(): void {
    for (let queued = this.peek(); queued && this.isExpired(queued); queued = this.peek()) {
      this.take();
      queued.answer(expired(this.#limits));
    }
  }
}

export function expired(limits: WriterLimits): Outcome {
  return notDecided('Expired', `it waited longer than ${limits.commandMaxAgeMs} ms: send it again with the same id`);
}
