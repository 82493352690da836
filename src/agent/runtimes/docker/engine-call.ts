/** One call to the engine: ended by a time-out, its failure made a typed error. */
import type { Clock } from '../../../foundation/clock.ts';
import { EngineError, toEngineError } from './engine-error.ts';

export interface EngineCall<T> {
  /** What is asked, for people: "starting container 4711". */
  readonly name: string;
  readonly timeoutMs: number;
  /** The signal is aborted when the call is given up. */
  request(signal: AbortSignal): Promise<T>;
}

/** Rejects with EngineError, `unavailable` when there is no answer in time. */
export async function callEngine<T>(clock: Clock, call: EngineCall<T>): Promise<T> {
  const { name, timeoutMs } = call;
  const abandoned = new AbortController();
  const expiry = Promise.withResolvers<never>();
  const timer = clock.after(timeoutMs, () => {
    expiry.reject(new EngineError('unavailable', `${name}: the Docker engine gave no answer in ${timeoutMs} ms`));
    abandoned.abort();
  });
  try {
    return await Promise.race([call.request(abandoned.signal), expiry.promise]);
  } catch (error) {
    throw toEngineError(error, name);
  } finally {
    timer.cancel();
  }
}
