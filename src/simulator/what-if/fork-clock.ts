/** Virtual time of a what-if: it stands still while anything is being worked on, and then jumps to the next timer. */
import type { Clock, Timer } from '../../foundation/clock.ts';

interface Waiting {
  readonly dueMs: number;
  readonly callback: () => void;
}

export class ForkClock implements Clock {
  #nowMs: number;
  readonly #startMs: number;
  /** In the order they were set, which decides among those that are due together. */
  readonly #timers = new Set<Waiting>();

  /** Begins at a wall-clock time, Unix milliseconds. */
  constructor(startMs: number) {
    this.#nowMs = startMs;
    this.#startMs = startMs;
  }

  now(): number {
    return this.#nowMs;
  }

  monotonic(): number {
    return this.#nowMs - this.#startMs;
  }

  after(delayMs: number, callback: () => void): Timer {
    const timer = { dueMs: this.#nowMs + Math.max(0, delayMs), callback };
    this.#timers.add(timer);
    return { cancel: () => this.#timers.delete(timer) };
  }

  sleep(delayMs: number, signal?: AbortSignal): Promise<void> {
    return new Promise((resolve, reject) => {
      signal?.throwIfAborted();
      const onAbort = () => {
        timer.cancel();
        reject(signal?.reason);
      };
      const timer = this.after(delayMs, () => {
        signal?.removeEventListener('abort', onAbort);
        resolve();
      });
      signal?.addEventListener('abort', onAbort, { once: true });
    });
  }

  /** Moves on to the next timer and fires it; where none is due by then, to that time. */
  fireNext(untilMs: number): void {
    let next: Waiting | undefined;
    for (const timer of this.#timers) if (next === undefined || timer.dueMs < next.dueMs) next = timer;
    if (next === undefined || next.dueMs > untilMs) {
      this.#nowMs = Math.max(this.#nowMs, untilMs);
      return;
    }
    this.#timers.delete(next);
    this.#nowMs = Math.max(this.#nowMs, next.dueMs);
    next.callback();
  }
}
