/** The clock of a what-if: virtual time, from the moment that the cell is taken at. */
import type { Clock } from '../../foundation/clock.ts';
import type { Timeline } from '../timeline.ts';
import { sleep } from '../virtual-process.ts';

/**
 * `startMs`: what the hour is at the timeline's beginning, Unix milliseconds. What is due at one moment fires together, as
 * timers of a process do: a thousand pods that are evicted at once are some entries then, and not a thousand.
 */
export function forkClock(timeline: Timeline, startMs: number): Clock {
  const dueTogether = new Map<number, Set<() => void>>();
  const at = (dueMs: number): Set<() => void> => {
    const known = dueTogether.get(dueMs);
    if (known !== undefined) return known;
    const callbacks = new Set<() => void>();
    dueTogether.set(dueMs, callbacks);
    timeline.after(dueMs - timeline.nowMs, () => {
      dueTogether.delete(dueMs);
      // One may call off another of them.
      for (const callback of callbacks) callback();
    });
    return callbacks;
  };
  const after: Clock['after'] = (delayMs, callback) => {
    const callbacks = at(timeline.nowMs + Math.max(0, delayMs));
    const once = () => callback();
    callbacks.add(once);
    return { cancel: () => callbacks.delete(once) };
  };
  return {
    now: () => startMs + timeline.nowMs,
    monotonic: () => timeline.nowMs,
    after,
    sleep: (delayMs, signal) => sleep(after, delayMs, signal),
  };
}
