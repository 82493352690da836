/** Keys to look at, each once however often it is brought up, and not before it has rested or backed off. */
import { keyText, type ObjectKey } from '../../machines/index.ts';
import type { Clock, Timer } from '../foundation/clock.ts';
import { doublingWaitMs, type DoublingLimits } from '../foundation/doubling.ts';

/**
 * A key whose reconciliation took T is not looked at again for this many times T, so that one large owner under constant
 * change costs at most a share of the process: a ReplicationController of 3,000 pods takes milliseconds each time.
 */
export const REST_FACTOR = 10;
/** Timers wait no shorter than this: a rest below it is none. */
const REST_MIN_MS = 1;
/** Waits after commands that brought nothing: Kubernetes' rate limiter, 5 ms doubling, but capped lower since nothing here is remote. */
export const KEY_BACK_OFF: DoublingLimits = { minimumMs: 5, maximumMs: 30_000 };
/** Keys looked at in one go: some milliseconds, so that a start of term with very many does not keep everything else waiting. */
export const LOOKS_MAX = 1_000;

/** The change that led to something, and the first one of its chain. */
export interface Cause {
  readonly revision: number;
  readonly correlation: number;
}

/** A key that is due, waits for an answer, or rests. */
export class QueuedKey {
  readonly key: ObjectKey;
  /** The latest change by somebody else that brought it up; undefined where none did. */
  cause: Cause | undefined;
  /** Whether that change is the kind that leads to something: of the key itself, or that something went away. */
  isTelling = false;
  /** Something changed since it was last looked at. */
  dirty = false;
  /** Its commands are with the writer. */
  held = false;
  /** Looks in a row whose commands brought nothing. */
  failures = 0;
  /** Moments of the monotonic clock, milliseconds: not to be looked at before the first two, to be looked at anyway at the third. */
  restsUntil = 0;
  backsOffUntil = 0;
  lookAt: number | undefined;
  timer: { readonly dueAt: number; readonly timer: Timer } | undefined;

  constructor(key: ObjectKey) {
    this.key = key;
  }

  /** When it is due, or may be forgotten where nothing is to be done. */
  get dueAt(): number {
    const wanted = this.dirty || this.lookAt === undefined ? 0 : this.lookAt;
    return Math.max(wanted, this.restsUntil, this.backsOffUntil);
  }
}

export class KeyedQueue {
  readonly #clock: Clock;
  readonly #look: (queued: QueuedKey) => void;
  readonly #keys = new Map<string, QueuedKey>();
  readonly #ready = new Set<QueuedKey>();
  #drainTimer: Timer | undefined;
  #draining = false;
  #stopped = false;

  /** `look` is called with each key that is due, and answers by `hold` or `settle`. */
  constructor(clock: Clock, look: (queued: QueuedKey) => void) {
    this.#clock = clock;
    this.#look = look;
  }

  /** How many keys are due, waiting or resting. */
  get size(): number {
    return this.#keys.size;
  }

  /**
   * Brings a key up. With `afresh`, whatever it backed off for may be mended: it is not waited for. A `telling` cause is kept
   * over later ones that are not, until the key is looked at.
   */
  add(key: ObjectKey, cause?: Cause, options: { readonly afresh?: boolean; readonly telling?: boolean } = {}): void {
    if (this.#stopped) return;
    const text = keyText(key);
    let queued = this.#keys.get(text);
    if (queued === undefined) this.#keys.set(text, (queued = new QueuedKey(key)));
    const { telling = false } = options;
    if (cause && (telling || !queued.dirty || !queued.isTelling)) {
      queued.cause = { revision: cause.revision, correlation: cause.correlation };
      queued.isTelling = telling;
    }
    queued.dirty = true;
    if (options.afresh) queued.failures = queued.backsOffUntil = 0;
    this.#schedule(queued);
  }

  /** It was looked at, which took so long. */
  rest(queued: QueuedKey, tookMs: number): void {
    const restMs = tookMs * REST_FACTOR;
    queued.restsUntil = restMs < REST_MIN_MS ? 0 : this.#clock.monotonic() + restMs;
  }

  /** Its commands are on their way: it is not looked at before they are answered. */
  hold(queued: QueuedKey): void {
    queued.held = true;
  }

  /** The answers are in: it is looked at again, after a wait where they brought nothing. Returns the wait, milliseconds. */
  release(queued: QueuedKey, answers: { readonly progress: boolean }): number {
    queued.held = false;
    queued.dirty = true;
    queued.failures = answers.progress ? 0 : queued.failures + 1;
    const waitMs = doublingWaitMs(queued.failures, KEY_BACK_OFF);
    queued.backsOffUntil = waitMs === 0 ? 0 : this.#clock.monotonic() + waitMs;
    this.#schedule(queued);
    return waitMs;
  }

  /** There is nothing to do for it now; it is looked at when something changes, or after so long. */
  settle(queued: QueuedKey, requeueAfterMs?: number): void {
    queued.failures = queued.backsOffUntil = 0;
    queued.lookAt =
      requeueAfterMs === undefined ? undefined : this.#clock.monotonic() + Math.max(requeueAfterMs, REST_MIN_MS);
    this.#schedule(queued);
  }

  stop(): void {
    this.#stopped = true;
    this.#drainTimer?.cancel();
    for (const { timer } of this.#keys.values()) timer?.timer.cancel();
    this.#keys.clear();
    this.#ready.clear();
  }

  #schedule(queued: QueuedKey): void {
    if (this.#stopped || queued.held || this.#ready.has(queued)) return;
    const { dueAt, timer } = queued;
    const waitMs = dueAt - this.#clock.monotonic();
    if (waitMs > 0 && timer?.dueAt === dueAt) return;
    timer?.timer.cancel();
    queued.timer = undefined;
    if (waitMs <= 0) return this.#due(queued);
    const fire = () => {
      queued.timer = undefined;
      this.#due(queued);
    };
    queued.timer = { dueAt, timer: this.#clock.after(Math.ceil(waitMs), fire) };
  }

  #due(queued: QueuedKey): void {
    if (!queued.dirty && queued.lookAt === undefined) this.#keys.delete(keyText(queued.key));
    else {
      this.#ready.add(queued);
      this.#drainSoon();
    }
  }

  /** After the current step, so that everything an entry changed is seen together. */
  #drainSoon(): void {
    if (this.#draining) return;
    this.#draining = true;
    queueMicrotask(() => this.#drain());
  }

  #drain(): void {
    let looks = 0;
    for (const queued of this.#ready) {
      if (looks++ === LOOKS_MAX) {
        this.#drainTimer = this.#clock.after(0, () => this.#drain());
        return;
      }
      this.#ready.delete(queued);
      queued.dirty = false;
      queued.lookAt = undefined;
      this.#look(queued);
    }
    this.#draining = false;
  }
}
