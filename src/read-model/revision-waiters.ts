/** Callers that wait until the read model, or the history beside it, has reached a revision. */
import type { Clock } from '../foundation/clock.ts';
import { ReadModelBehindError } from './errors.ts';

interface Waiter {
  readonly revision: number;
  resolve(): void;
  reject(error: Error): void;
}

export class RevisionWaiters {
  readonly #clock: Clock;
  readonly #what: string;
  readonly #waiters = new Set<Waiter>();

  /** `what` is what people call it. */
  constructor(clock: Clock, what = 'the read model') {
    this.#clock = clock;
    this.#what = what;
  }

  /** Whether somebody waits. */
  get waiting(): boolean {
    return this.#waiters.size > 0;
  }

  /** Resolves once `reached` is called with the revision or a later one; `trouble` is asked for the cause when it is not in time. */
  wait(revision: number, timeoutMs: number, trouble: () => Error | undefined): Promise<void> {
    return new Promise((resolve, reject) => {
      const timer = this.#clock.after(timeoutMs, () => {
        this.#waiters.delete(waiter);
        const message = `${this.#what} did not reach revision ${revision} in ${timeoutMs} ms: try again`;
        reject(new ReadModelBehindError(message, { cause: trouble() }));
      });
      const done = () => {
        timer.cancel();
        this.#waiters.delete(waiter);
      };
      const waiter: Waiter = {
        revision,
        resolve: () => {
          done();
          resolve();
        },
        reject: (error) => {
          done();
          reject(error);
        },
      };
      this.#waiters.add(waiter);
    });
  }

  reached(revision: number): void {
    for (const waiter of this.#waiters) if (waiter.revision <= revision) waiter.resolve();
  }

  failed(error: Error): void {
    for (const waiter of this.#waiters) waiter.reject(error);
  }
}
