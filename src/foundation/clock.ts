/** Time as a port: everything that waits or asks the hour takes a Clock, so that the simulator can turn it. */

/** A timer that can be called off. */
export interface Timer {
  cancel(): void;
}

export interface Clock {
  /** Wall-clock time, Unix milliseconds. May jump. */
  now(): number;
  /** Milliseconds from an arbitrary start that never go back; for measuring spans. */
  monotonic(): number;
  /** Calls back once after at least so many milliseconds. Does not keep the process alive by itself when `background`. */
  after(delayMs: number, callback: () => void, options?: { readonly background?: boolean }): Timer;
  /** Resolves after the delay; rejects with the signal's reason when aborted first. */
  sleep(delayMs: number, signal?: AbortSignal): Promise<void>;
}

/** The machine's own clock. */
export const systemClock: Clock = {
  now: () => Date.now(),
  monotonic: () => performance.now(),
  after(delayMs, callback, options) {
    const timer = setTimeout(callback, delayMs);
    if (options?.background) timer.unref();
    return { cancel: () => clearTimeout(timer) };
  },
  sleep: (delayMs, signal) =>
    new Promise((resolve, reject) => {
      signal?.throwIfAborted();
      const onAbort = () => {
        clearTimeout(timer);
        reject(signal?.reason);
      };
      const timer = setTimeout(() => {
        signal?.removeEventListener('abort', onAbort);
        resolve();
      }, delayMs);
      signal?.addEventListener('abort', onAbort, { once: true });
    }),
};

/** RFC 3339 in whole seconds, as Kubernetes writes metav1.Time. */
export function formatTime(unixMs: number): string {
  return new Date(unixMs).toISOString().replace(/\.\d{3}Z$/, 'Z');
}

/** Unix milliseconds of an RFC 3339 time; finer fractions are cut off. NaN when it is none. */
export function parseTime(text: string): number {
  return Date.parse(text);
}

/** For libraries that take nothing else. */
export function dateOf(unixMs: number): Date {
  return new Date(unixMs);
}
