/** A clock that moves only when a test moves it, so that back-offs of minutes take no time and are exact. */
import type { Clock, Timer } from '../../src/foundation/clock.ts';

interface Waiting {
  readonly dueMs: number;
  readonly callback: () => void;
}

/** Turns of the event loop given to whatever a timer set off, before the next timer fires. */
const TURNS_PER_TIMER = 3;

/** Lets promises and immediates that are ready run. */
export async function settle(turns = TURNS_PER_TIMER): Promise<void> {
  for (let turn = 0; turn < turns; turn++) await new Promise<void>((resolve) => setImmediate(resolve));
}

export class ManualClock implements Clock {
  #nowMs: number;
  readonly #startMs: number;
  readonly #timers = new Set<Waiting>();

  constructor(startMs = Date.UTC(2026, 0, 1)) {
    this.#nowMs = startMs;
    this.#startMs = startMs;
  }

  now = (): number => this.#nowMs;

  monotonic = (): number => this.#nowMs - this.#startMs;

  after = (delayMs: number, callback: () => void): Timer => {
    const timer = { dueMs: this.#nowMs + Math.max(0, delayMs), callback };
    this.#timers.add(timer);
    return { cancel: () => this.#timers.delete(timer) };
  };

  sleep = (delayMs: number, signal?: AbortSignal): Promise<void> =>
    new Promise((resolve, reject) => {
      signal?.throwIfAborted();
      const timer = this.after(delayMs, resolve);
      signal?.addEventListener(
        'abort',
        () => {
          timer.cancel();
          reject(signal.reason);
        },
        { once: true },
      );
    });

  /** How many timers wait. */
  get waiting(): number {
    return this.#timers.size;
  }

  /** Time goes by while something is busy: nothing fires meanwhile. */
  pass(ms: number): void {
    this.#nowMs += ms;
  }

  /** Moves on, firing each timer at its own time, in order, and letting what it set off run before the next. */
  async advance(ms: number): Promise<void> {
    const untilMs = this.#nowMs + ms;
    await settle();
    for (;;) {
      const next = [...this.#timers].toSorted((a, b) => a.dueMs - b.dueMs)[0];
      if (next === undefined || next.dueMs > untilMs) break;
      this.#timers.delete(next);
      this.#nowMs = Math.max(this.#nowMs, next.dueMs);
      next.callback();
      await settle();
    }
    this.#nowMs = Math.max(this.#nowMs, untilMs);
    await settle();
  }
}
