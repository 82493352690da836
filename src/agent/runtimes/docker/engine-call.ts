/** One call to the engine: ended by a time-out, its failure made a typed error. */
import type { Clock } from '../../../foundation/clock.ts';
import { EngineError, toEngineError } from './engine-error.ts';

export interface EngineCall<T> {
  /** What is asked, for people: "starting container 4711". */
  readonly name: string;
  readonly timeoutMs: number;
  /** Gives the call up early. */
  readonly signal?: AbortSignal;
  /** The signal is aborted when the call is given up. */
  request(signal: AbortSignal): Promise<T>;
}

/** Rejects with EngineError, `unavailable` when there is no answer in time. */
export async function callEngine<T>(clock: Clock, call: EngineCall<T>): Promise<T> {
  const { name, timeoutMs, signal } = call;
  const abandoned = new AbortController();
  const expiry = Promise.withResolvers<never>();
  const giveUp = (why: string) => {
    expiry.reject(new EngineError('unavailable', `${name}: ${why}`));
    abandoned.abort();
  };
  const timer = clock.after(timeoutMs, () => giveUp(`the Docker engine gave no answer in ${timeoutMs} ms`));
  const onAbort = () => giveUp('nobody waits for it any more');
  signal?.addEventListener('abort', onAbort);
  try {
    return await Promise.race([call.request(abandoned.signal), expiry.promise]);
  } catch (error) {
    throw toEngineError(error, name);
  } finally {
    timer.cancel();
    signal?.removeEventListener('abort', onAbort);
  }
}
