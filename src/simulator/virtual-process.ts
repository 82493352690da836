/** One process of the simulated cell: nothing reaches it but through here, so that it can be killed or stand still between any two steps. */
import type { Clock, Timer } from '../foundation/clock.ts';
import { SIMULATION_START_MS, type Timeline } from './timeline.ts';

export interface VirtualProcessOptions {
  readonly name: string;
  readonly timeline: Timeline;
  /** How far its wall clock is ahead of virtual time, milliseconds. */
  skewMs(): number;
}

export class VirtualProcess {
  readonly name: string;
  readonly clock: Clock;
  /** Aborted when it is killed: for what others keep on its behalf. The process itself is not told. */
  readonly death = new AbortController();
  readonly #options: VirtualProcessOptions;
  /** What reached it while it stood still. */
  #waiting: (() => void)[] | undefined;

  constructor(options: VirtualProcessOptions) {
    this.name = options.name;
    this.#options = options;
    this.clock = this.#makeClock();
  }

  get isAlive(): boolean {
    return !this.death.signal.aborted;
  }

  get isPaused(): boolean {
    return this.#waiting !== undefined;
  }

  /** Something reaches it: now, once it runs again, or never when it is dead. */
  receive(callback: () => void): void {
    if (!this.isAlive) return;
    if (this.#waiting === undefined) callback();
    else this.#waiting.push(callback);
  }

  /** A promise as it reaches the process; one that is never settled where it died meanwhile. */
  answer<Result>(promise: Promise<Result>): Promise<Result> {
    return new Promise((resolve, reject) => {
      promise.then(
        (result) => this.receive(() => resolve(result)),
        (error: unknown) => this.receive(() => reject(error)),
      );
    });
  }

  pause(): void {
    if (this.isAlive) this.#waiting ??= [];
  }

  /** What waited reaches it now, each as a step of its own. */
  resume(): void {
    const waiting = this.#waiting ?? [];
    this.#waiting = undefined;
    for (const callback of waiting) this.#options.timeline.after(0, () => this.receive(callback));
  }

  kill(): void {
    this.#waiting = undefined;
    this.death.abort();
  }

  #makeClock(): Clock {
    const { timeline, skewMs } = this.#options;
    const after = (delayMs: number, callback: () => void): Timer => {
      let isCalledOff = false;
      const timer = timeline.after(delayMs, () =>
        this.receive(() => {
          if (!isCalledOff) callback();
        }),
      );
      return {
        cancel() {
          isCalledOff = true;
          timer.cancel();
        },
      };
    };
    return {
      now: () => Math.floor(SIMULATION_START_MS + timeline.nowMs + skewMs()),
      monotonic: () => timeline.nowMs,
      after,
      sleep: (delayMs, signal) => sleep(after, delayMs, signal),
    };
  }
}

/** Built on timers as the system clock's is. */
export function sleep(after: Clock['after'], delayMs: number, signal?: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    signal?.throwIfAborted();
    const onAbort = () => {
      timer.cancel();
      reject(signal?.reason);
    };
    const timer = after(delayMs, () => {
      signal?.removeEventListener('abort', onAbort);
      resolve();
    });
    signal?.addEventListener('abort', onAbort, { once: true });
  });
}
