/** Runs one reconciler: keys come in when what it observes changes, commands go to the writer's queue, and a key waits while its commands do. */
import {
  keyText,
  type Command,
  type CommandDraft,
  type ObjectKey,
  type Outcome,
  type Reconciler,
  type ReconcileResult,
  type View,
} from '../../machines/index.ts';
import type { Clock, Timer } from '../foundation/clock.ts';
import { suffixOf } from '../foundation/identifiers.ts';
import type { Logger } from '../foundation/logger.ts';
import type { Change } from '../state/applied-entry.ts';
import type { CommandSink } from '../writer/command-sink.ts';

/**
 * A key whose reconciliation took T is not looked at again for this many times T, so that one large owner under constant
 * change costs at most a share of the process: a ReplicationController of 3,000 pods takes milliseconds each time.
 */
export const RECONCILE_REST_FACTOR = 10;
/** First and longest wait after commands that were not accepted: Kubernetes' rate limiter, 5 ms doubling, but capped lower since nothing here is remote. */
export const RECONCILE_BACK_OFF_MIN_MS = 5;
export const RECONCILE_BACK_OFF_MAX_MS = 30_000;

export interface ControllerOptions {
  readonly reconciler: Reconciler;
  readonly view: View;
  readonly sink: CommandSink;
  readonly clock: Clock;
  readonly logger: Logger;
}

/** What is known of a key between two looks at it. */
interface KeyState {
  readonly key: ObjectKey;
  /** Its commands are with the writer. */
  waiting: boolean;
  /** Something changed since it was last looked at. */
  dirty: boolean;
  /** Attempts in a row that were not accepted. */
  failures: number;
  /** Not before this moment, monotonic milliseconds. */
  notBefore: number;
  timer: Timer | undefined;
  /** The change that brought it up, for commands that name no cause. */
  cause: { readonly revision: number; readonly correlation: number } | undefined;
}

export class Controller {
  readonly #options: ControllerOptions;
  readonly #actor: string;
  readonly #keys = new Map<string, KeyState>();
  readonly #ready = new Set<KeyState>();
  #draining = false;
  #stopped = false;

  constructor(options: ControllerOptions) {
    this.#options = options;
    this.#actor = `system:controller:${options.reconciler.name}`;
  }

  /** Looks at everything there is: at the start of a term, when nothing is known of what happened before. */
  resync(): void {
    const { reconciler, view } = this.#options;
    for (const [kind, observe] of Object.entries(reconciler.observes)) {
      for (const record of view.list(kind)) {
        for (const key of observe(undefined, record, view)) this.#enqueue(key, undefined);
      }
    }
  }

  /** Takes note of a change. */
  observe(change: Change): void {
    const observe = this.#options.reconciler.observes[change.commit.kind];
    if (observe === undefined) return;
    for (const key of observe(change.before, change.after, this.#options.view)) this.#enqueue(key, change.commit);
  }

  stop(): void {
    this.#stopped = true;
    for (const state of this.#keys.values()) state.timer?.cancel();
    this.#keys.clear();
    this.#ready.clear();
  }

  /** Keys that are due, waiting or resting: for tests that wait for quiet. */
  get pending(): number {
    return this.#keys.size;
  }

  #enqueue(key: ObjectKey, cause: KeyState['cause']): void {
    if (this.#stopped) return;
    const text = keyText(key);
    let state = this.#keys.get(text);
    if (state === undefined) {
      state = { key, waiting: false, dirty: false, failures: 0, notBefore: 0, timer: undefined, cause: undefined };
      this.#keys.set(text, state);
    }
    state.dirty = true;
    if (cause) state.cause = { revision: cause.revision, correlation: cause.correlation };
    this.#schedule(state);
  }

  #schedule(state: KeyState): void {
    if (state.waiting || state.timer !== undefined) return;
    const wait = state.notBefore - this.#options.clock.monotonic();
    if (wait <= 0) return this.#makeReady(state);
    state.timer = this.#options.clock.after(Math.ceil(wait), () => {
      state.timer = undefined;
      this.#makeReady(state);
    });
  }

  #makeReady(state: KeyState): void {
    this.#ready.add(state);
    if (this.#draining) return;
    this.#draining = true;
    queueMicrotask(() => this.#drain());
  }

  #drain(): void {
    this.#draining = false;
    const ready = [...this.#ready];
    this.#ready.clear();
    const drafts: { readonly state: KeyState; readonly commands: readonly Command[] }[] = [];
    for (const state of ready) {
      const commands = this.#look(state);
      if (commands.length > 0) drafts.push({ state, commands });
    }
    for (const { state, commands } of drafts) void this.#send(state, commands);
  }

  #look(state: KeyState): readonly Command[] {
    if (this.#stopped || state.waiting) return [];
    const { reconciler, view, clock } = this.#options;
    state.dirty = false;
    const began = clock.monotonic();
    const result: ReconcileResult = reconciler.reconcile({ key: state.key, view, now: clock.now(), suffixOf });
    const ended = clock.monotonic();
    state.notBefore = ended + (ended - began) * RECONCILE_REST_FACTOR;
    if (result.commands.length === 0) this.#settle(state, result.requeueAfterMs);
    return result.commands.map((draft) => this.#command(draft, state));
  }

  #command(draft: CommandDraft, state: KeyState): Command {
    const cause =
      draft.cause === undefined && state.cause
        ? { cause: state.cause.revision, correlation: state.cause.correlation }
        : {};
    return { ...cause, ...draft, actor: this.#actor, seen: this.#options.view.revision };
  }

  async #send(state: KeyState, commands: readonly Command[]): Promise<void> {
    state.waiting = true;
    const outcomes = await this.#options.sink.submit(commands);
    state.waiting = false;
    if (this.#stopped) return;
    const failed = outcomes.filter((outcome) => outcome.outcome === 'refused' || outcome.outcome === 'not-decided');
    if (failed.length === 0) state.failures = 0;
    else this.#backOff(state, commands, outcomes);
    // Whatever was accepted came back as a change; looking again also finds what a burst limit left.
    state.dirty = true;
    this.#schedule(state);
  }

  #backOff(state: KeyState, commands: readonly Command[], outcomes: readonly Outcome[]): void {
    const { clock, logger } = this.#options;
    const wait = Math.min(RECONCILE_BACK_OFF_MIN_MS * 2 ** state.failures, RECONCILE_BACK_OFF_MAX_MS);
    state.failures = Math.min(state.failures + 1, 30);
    state.notBefore = Math.max(state.notBefore, clock.monotonic() + wait);
    const index = outcomes.findIndex((outcome) => outcome.outcome === 'refused' || outcome.outcome === 'not-decided');
    logger.debug('a command was not accepted: looking again', {
      controller: this.#options.reconciler.name,
      key: keyText(state.key),
      command: commands[index]?.verb,
      outcome: outcomes[index],
      waitMs: wait,
    });
  }

  /** Nothing to do for now: forget the key, or look again when asked to. */
  #settle(state: KeyState, requeueAfterMs: number | undefined): void {
    state.failures = 0;
    if (requeueAfterMs !== undefined) {
      state.notBefore = Math.max(state.notBefore, this.#options.clock.monotonic() + requeueAfterMs);
      state.dirty = true;
      return this.#schedule(state);
    }
    const rest = state.notBefore - this.#options.clock.monotonic();
    if (rest <= 1) this.#keys.delete(keyText(state.key));
    else state.timer ??= this.#options.clock.after(Math.ceil(rest), () => this.#rested(state));
  }

  #rested(state: KeyState): void {
    state.timer = undefined;
    if (state.dirty) this.#makeReady(state);
    else this.#keys.delete(keyText(state.key));
  }
}
