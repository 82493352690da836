/** Commands of many requests in few messages: what comes while messages are under way goes together in the next one. */
import type { Command, Outcome } from '../../../machines/index.ts';

/** Sends commands and waits for their outcomes, repeating them while nobody answers. */
export interface Submitter {
  submit(commands: readonly Command[]): Promise<readonly Outcome[]>;
}

/** One is decided while the next is on its way; more only cost the writer and the bus a message each. */
export const MESSAGES_MAX = 2;
/** As many as an entry of the log takes at most. */
export const COMMANDS_MAX = 256;

interface Waiting {
  readonly commands: readonly Command[];
  resolve(outcomes: readonly Outcome[]): void;
  reject(error: unknown): void;
}

export class GatheredCommands implements Submitter {
  readonly #submitter: Submitter;
  #waiting: Waiting[] = [];
  #underWay = 0;

  constructor(submitter: Submitter) {
    this.#submitter = submitter;
  }

  /** Each command has its own outcome; where a message has none, none of its commands has. */
  submit(commands: readonly Command[]): Promise<readonly Outcome[]> {
    return new Promise((resolve, reject) => {
      this.#waiting.push({ commands, resolve, reject });
      if (this.#underWay < MESSAGES_MAX) void this.#send();
    });
  }

  async #send(): Promise<void> {
    this.#underWay++;
    const together = this.#take();
    try {
      const outcomes = await this.#submitter.submit(together.flatMap(({ commands }) => commands));
      let first = 0;
      for (const { commands, resolve } of together) {
        resolve(outcomes.slice(first, first + commands.length));
        first += commands.length;
      }
    } catch (error) {
      for (const { reject } of together) reject(error);
    }
    this.#underWay--;
    if (this.#waiting.length > 0) void this.#send();
  }

  /** The first, and those behind it that still fit. */
  #take(): readonly Waiting[] {
    let count = 0;
    const end = this.#waiting.findIndex(
      ({ commands }, index) => (count += commands.length) > COMMANDS_MAX && index > 0,
    );
    return this.#waiting.splice(0, end === -1 ? this.#waiting.length : end);
  }
}
