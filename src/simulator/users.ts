/** The users of a simulated cell: they send their commands through the production client until each is answered. */
import type { Command, CommandDraft, Outcome } from '../../machines/index.ts';
import { NoWriterError, OutcomeUnknownError } from '../bus/command-client.ts';
import { commandsOf } from './actions.ts';
import { commandClient } from './node-link.ts';
import type { PlannedAction } from './plan.ts';
import type { Truth } from './truth.ts';
import type { BusConnection } from './virtual-bus.ts';

/** A user who was told nothing asks again under the same ids after this long, milliseconds. */
const ASK_AGAIN_MS = 2_000;
/** Commands kept for repeats. */
const EARLIER_MAX = 400;

export interface UsersOptions {
  readonly connection: BusConnection;
  readonly truth: Truth;
  readonly replicasMax: number;
  /** Told of every command as it is first sent, and of every outcome a user was given. */
  sent(command: Command): void;
  answered(command: Command, outcome: Outcome): void;
}

export class Users {
  readonly #options: UsersOptions;
  readonly #earlier: Command[] = [];
  #number = 0;
  #seen = 0;
  #waiting = 0;

  constructor(options: UsersOptions) {
    this.#options = options;
  }

  /** Actions whose commands are not all answered. */
  get waiting(): number {
    return this.#waiting;
  }

  act(action: PlannedAction): void {
    const { truth, replicasMax } = this.#options;
    const number = ++this.#number;
    const input = { action, number, state: truth.state, replicasMax, earlier: this.#earlier };
    const drafts = commandsOf(input);
    if (drafts.length > 0) void this.send(drafts);
  }

  /** Sends until every command has an outcome that stands. */
  async send(drafts: readonly CommandDraft[]): Promise<readonly Outcome[]> {
    const { connection, sent, answered } = this.#options;
    const client = commandClient(connection, undefined, () => this.#seen);
    const seen = this.#seen;
    const commands = drafts.map((draft): Command => ({ seen, ...draft, actor: connection.actor }));
    commands.forEach(sent);
    this.#waiting++;
    for (;;) {
      const outcomes = await client.submit(commands).catch((error: unknown) => {
        if (error instanceof OutcomeUnknownError || error instanceof NoWriterError) return undefined;
        throw error;
      });
      if (outcomes !== undefined && !outcomes.some(isPassing)) {
        this.#waiting--;
        commands.forEach((command, index) => answered(command, outcomes[index] as Outcome));
        this.#remember(commands, outcomes);
        return outcomes;
      }
      await connection.process.clock.sleep(ASK_AGAIN_MS);
    }
  }

  #remember(commands: readonly Command[], outcomes: readonly Outcome[]): void {
    for (const outcome of outcomes) {
      if ('revision' in outcome) this.#seen = Math.max(this.#seen, outcome.revision);
      // Who is told that what they know is too old looks at the cell as it is now.
      else this.#seen = Math.max(this.#seen, this.#options.truth.state.revision);
    }
    this.#earlier.push(...commands);
    if (this.#earlier.length > EARLIER_MAX) this.#earlier.splice(0, this.#earlier.length - EARLIER_MAX);
  }
}

/** Not decided for now. What will never be decided is an answer too. */
function isPassing(outcome: Outcome): boolean {
  return outcome.outcome === 'not-decided' && !['TooOld', 'Malformed', 'TooLarge'].includes(outcome.why);
}
