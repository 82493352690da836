/** The limit of creations and starts in flight, shared by all runtimes of this process that use one engine. */
import { createLimiter } from '../limiter.ts';
import type { Limiter } from '../limiter.ts';

/**
 * Measured on two cores: 4 starts at once give the most containers per second (3.7 pods/s; 1.7 one by one); 8 and 16 give no
 * more, and each takes the longer. Creations count too: 20 at once beside the starts cost a tenth more CPU a pod.
 */
export const STARTS_IN_FLIGHT_MAX = 4;

const limiters = new Map<string, Limiter>();

/**
 * @param address the engine's, as the process names it
 * @param sharers processes that use the engine for the same cell: each takes its part of the limit
 */
export function engineTurnsOf(address: string, sharers: number): Limiter {
  const existing = limiters.get(address);
  if (existing !== undefined) return existing;
  const made = createLimiter(Math.max(1, Math.floor(STARTS_IN_FLIGHT_MAX / sharers)));
  limiters.set(address, made);
  return made;
}
