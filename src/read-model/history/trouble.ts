/** What keeps history from being recorded at the moment: told once, waited out, tried again. */
import type { Clock, Timer } from '../../foundation/clock.ts';
import type { Logger } from '../../foundation/logger.ts';
import { RECORD_RETRY_MS } from './recorder-options.ts';

export class Trouble {
  readonly #clock: Clock;
  readonly #logger: Logger;
  #error: Error | undefined;
  #timer: Timer | undefined;

  constructor({ clock, logger }: { readonly clock: Clock; readonly logger: Logger }) {
    this.#clock = clock;
    this.#logger = logger;
  }

  /** Undefined when all is well. */
  get error(): Error | undefined {
    return this.#error;
  }

  /** Whether it is being waited out. */
  get isWaiting(): boolean {
    return this.#timer !== undefined;
  }

  /** Takes note, and calls back once it is time to try again. */
  happened(error: unknown, retry: () => void): void {
    if (this.#error === undefined) this.#logger.error('history cannot be recorded', { error });
    this.#error = error instanceof Error ? error : new Error(String(error));
    this.cancel();
    this.#timer = this.#clock.after(RECORD_RETRY_MS, () => {
      this.#timer = undefined;
      retry();
    });
  }

  over(revision: number): void {
    if (this.#error !== undefined) this.#logger.info('history goes on', { revision });
    this.#error = undefined;
  }

  cancel(): void {
    this.#timer?.cancel();
    this.#timer = undefined;
  }
}
