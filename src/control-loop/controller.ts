/** Runs one reconciler: keys come in when what it observes changes, commands go to the writer's queue, and a key waits while its commands do. */
import {
  keyText,
  type Command,
  type CommandDraft,
  type ObjectKey,
  type Outcome,
  type Reconciler,
  type View,
} from '../../machines/index.ts';
import type { Clock } from '../foundation/clock.ts';
import { suffixOf } from '../foundation/identifiers.ts';
import type { Logger } from '../foundation/logger.ts';
import type { Change } from '../state/applied-entry.ts';
import type { CommandSink } from '../writer/command-sink.ts';
import { KeyedQueue, type QueuedKey } from './keyed-queue.ts';

export interface ControllerOptions {
  readonly reconciler: Reconciler;
  readonly view: View;
  readonly sink: CommandSink;
  readonly clock: Clock;
  readonly logger: Logger;
}

export class Controller {
  readonly #options: ControllerOptions;
  readonly #actor: string;
  readonly #queue: KeyedQueue;
  /** Attempts that were refused, by command id, of each key's last commands: to decide one anew takes a higher attempt. */
  readonly #refused = new WeakMap<QueuedKey, ReadonlyMap<string, number>>();
  #stopped = false;

  constructor(options: ControllerOptions) {
    this.#options = options;
    this.#actor = `system:controller:${options.reconciler.name}`;
    this.#queue = new KeyedQueue(options.clock, (queued) => this.#look(queued));
  }

  /** Looks at everything there is: at the start of a term, when nothing is known of what happened before. */
  resync(): void {
    const { reconciler, view } = this.#options;
    for (const [kind, observe] of Object.entries(reconciler.observes)) {
      for (const record of view.list(kind)) for (const key of observe(undefined, record, view)) this.#queue.add(key);
    }
  }

  /** Takes note of a change. */
  observe({ commit, before, after }: Change): void {
    const { reconciler, view } = this.#options;
    for (const key of reconciler.observes[commit.kind]?.(before, after, view) ?? []) {
      // Whoever mends what could not be reconciled does not wait for a back-off of up to half a minute.
      const own = commit.actor === this.#actor;
      const afresh = !own && isSameKey(commit, key);
      const telling = after === undefined || isSameKey(commit, key);
      // What it did itself is an effect, and no cause of what it does next.
      this.#queue.add(key, own ? undefined : commit, { afresh, telling });
    }
  }

  stop(): void {
    this.#stopped = true;
    this.#queue.stop();
  }

  /** Keys that are due, waiting or resting: none, and all is as it should be. */
  get pending(): number {
    return this.#queue.size;
  }

  #look(queued: QueuedKey): void {
    const { reconciler, view, clock } = this.#options;
    const began = clock.monotonic();
    const { key, cause } = queued;
    const result = reconciler.reconcile({ key, view, now: clock.now(), suffixOf, ...(cause ? { cause } : {}) });
    this.#queue.rest(queued, clock.monotonic() - began);
    if (result.commands.length === 0) this.#queue.settle(queued, result.requeueAfterMs);
    else
      void this.#send(
        queued,
        result.commands.map((draft) => this.#command(draft, queued)),
      );
  }

  #command(draft: CommandDraft, queued: QueuedKey): Command {
    const { cause } = queued;
    const causedBy =
      draft.cause === undefined && cause ? { cause: cause.revision, correlation: cause.correlation } : {};
    const refused = this.#refused.get(queued)?.get(draft.id);
    const attempt = refused === undefined ? {} : { attempt: refused + 1 };
    return { ...causedBy, ...draft, ...attempt, actor: this.#actor, seen: this.#options.view.revision };
  }

  async #send(queued: QueuedKey, commands: readonly Command[]): Promise<void> {
    this.#queue.hold(queued);
    const outcomes = await this.#options.sink.submit(commands);
    if (this.#stopped) return;
    this.#refused.set(queued, refusedAttempts(commands, outcomes));
    const failed = outcomes.findIndex(({ outcome }) => outcome === 'refused' || outcome === 'not-decided');
    const progress = failed < 0 && outcomes.some((outcome, index) => isNews(outcome, commands[index]));
    // Whatever was accepted came back as a change; looking again also finds what a burst limit left.
    const waitMs = this.#queue.release(queued, { progress });
    if (progress) return;
    this.#options.logger.debug('commands brought nothing: looking again', {
      controller: this.#options.reconciler.name,
      key: keyText(queued.key),
      command: commands[Math.max(failed, 0)]?.id,
      outcome: outcomes[Math.max(failed, 0)],
      waitMs,
    });
  }
}

function isSameKey(left: ObjectKey, right: ObjectKey): boolean {
  return left.name === right.name && left.namespace === right.namespace && left.kind === right.kind;
}

/** Whether the answer is to this command and not the remembered one to an earlier of the same id, which changed nothing now. */
function isNews(outcome: Outcome, command: Command | undefined): boolean {
  return outcome.outcome === 'accepted' && outcome.revision > (command?.seen ?? 0);
}

function refusedAttempts(commands: readonly Command[], outcomes: readonly Outcome[]): ReadonlyMap<string, number> {
  const refused = new Map<string, number>();
  for (const [index, { id, attempt = 1 }] of commands.entries()) {
    if (outcomes[index]?.outcome === 'refused') refused.set(id, attempt);
  }
  return refused;
}
