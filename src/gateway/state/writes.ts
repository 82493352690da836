/** The way to the writer: a command under the user's name, its outcome, and the object as that outcome left it. */
import {
  decideCommand,
  type Command,
  type Kind,
  type ObjectRecord,
  type Outcome,
  type Preconditions,
} from '../../../machines/index.ts';
import { NoWriterError, OutcomeUnknownError } from '../../bus/command-client.ts';
import type { Clock } from '../../foundation/clock.ts';
import type { Identifiers } from '../../foundation/identifiers.ts';
import { evolveCommit } from '../../state/evolve-commit.ts';
import { refusedError, StatusError } from '../http/status.ts';
import type { User } from '../identity/user.ts';
import { GatheredCommands, type Submitter } from './gathered-commands.ts';
import type { Follower } from './follower.ts';

/** What somebody wants done. */
export interface Wanted {
  readonly user: User;
  readonly kind: Kind;
  readonly namespace: string;
  /** Empty where generateName makes one. */
  readonly name: string;
  readonly verb: string;
  readonly arguments: unknown;
  readonly preconditions?: Preconditions;
  /** Decided here and now, and not sent. */
  readonly dryRun: boolean;
}

/** What became of it. */
export interface Written {
  /** The object as it was right after; undefined once it is gone. */
  readonly after: ObjectRecord | undefined;
  /** As it was right before; undefined where there was none, or it is not known any more. */
  readonly before: ObjectRecord | undefined;
}

export interface WritesOptions {
  readonly submitter: Submitter;
  readonly follower: Follower;
  readonly clock: Clock;
  readonly identifiers: Identifiers;
}

export class Writes {
  readonly #options: WritesOptions;

  readonly #commands: GatheredCommands;

  constructor(options: WritesOptions) {
    this.#options = options;
    this.#commands = new GatheredCommands(options.submitter);
  }

  /** Does one thing. Rejects with StatusError. */
  async write(wanted: Wanted): Promise<Written> {
    const command = this.#commandOf(wanted);
    if (wanted.dryRun) return this.#decide(wanted, command);
    const [outcome] = await this.#submit([command]);
    return this.#written(wanted, outcome);
  }

  /** Does several things in one message, each decided by itself; what was refused because it is gone already is left out. */
  async writeAll(all: readonly Wanted[]): Promise<readonly Written[]> {
    if (all.some(({ dryRun }) => dryRun)) return Promise.all(all.map((wanted) => this.write(wanted)));
    if (all.length === 0) return [];
    const outcomes = await this.#submit(all.map((wanted) => this.#commandOf(wanted)));
    const written: Written[] = [];
    for (const [index, wanted] of all.entries()) {
      const outcome = outcomes[index];
      if (outcome?.outcome === 'refused' && outcome.refusal.reason === 'NotFound') continue;
      written.push(await this.#written(wanted, outcome));
    }
    return written;
  }

  #commandOf({ user, kind, namespace, name, verb, arguments: given, preconditions }: Wanted): Command {
    const { identifiers, follower } = this.#options;
    return {
      id: identifiers.uuid(),
      seen: follower.revision,
      kind: kind.kind,
      namespace,
      name,
      verb,
      arguments: given,
      actor: user.name,
      ...(preconditions === undefined ? {} : { preconditions }),
    };
  }

  async #submit(commands: readonly Command[]): Promise<readonly Outcome[]> {
    try {
      return await this.#commands.submit(commands);
    } catch (error) {
      if (error instanceof OutcomeUnknownError) {
        const message = `Timeout: ${error.message}; whether it was done shows in the object and in "periplus history"`;
        throw new StatusError('Timeout', message);
      }
      if (error instanceof NoWriterError)
        throw new StatusError('ServiceUnavailable', error.message, { retryAfterSeconds: 1 });
      throw error;
    }
  }

  async #written({ kind, namespace, name }: Wanted, outcome: Outcome | undefined): Promise<Written> {
    const { follower } = this.#options;
    if (outcome === undefined) throw new Error('a command has an outcome');
    if (outcome.outcome === 'refused') throw refusedError(outcome.refusal, { ...kind, name });
    if (outcome.outcome === 'not-decided') throw notDecided(outcome);
    await follower.reached(outcome.revision);
    const current = follower.state.get(kind.kind, namespace, name);
    if (outcome.outcome === 'unchanged') return { before: current, after: current };
    return (
      follower.recent.at(outcome.revision) ?? {
        before: undefined,
        after: follower.state.get(kind.kind, namespace, outcome.name),
      }
    );
  }

  /** What the writer would say if it were asked now. */
  #decide(wanted: Wanted, command: Command): Written {
    const { kind, namespace, name } = wanted;
    const { follower, clock, identifiers } = this.#options;
    const { state } = follower;
    const now = Math.max(clock.now(), state.time);
    const decision = decideCommand(kind, command, state, {
      now,
      newUid: () => identifiers.uuid(),
      newSuffix: () => identifiers.suffix(),
    });
    if ('refusal' in decision) throw refusedError(decision.refusal, { ...kind, name });
    const before = state.get(kind.kind, namespace, name);
    if (decision.events.length === 0) return { before, after: before };
    const revision = before?.revision ?? 0;
    const commit = {
      ...command,
      name: decision.name ?? name,
      revision,
      correlation: revision,
      events: decision.events,
    };
    return { before, after: evolveCommit(kind, before, commit, now) };
  }
}

function notDecided({ why, message }: Extract<Outcome, { outcome: 'not-decided' }>): StatusError {
  if (why === 'TooLarge') return new StatusError('RequestEntityTooLarge', message);
  if (why === 'Malformed') return new StatusError('BadRequest', message);
  if (why === 'QueueFull') return new StatusError('TooManyRequests', message, { retryAfterSeconds: 1 });
  if (why === 'TooOld') return new StatusError('Timeout', message);
  return new StatusError('ServiceUnavailable', message, { retryAfterSeconds: 1 });
}
