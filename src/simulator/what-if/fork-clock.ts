/** The clock of a what-if: virtual time, from the moment that the cell is taken at. */
import type { Clock } from '../../foundation/clock.ts';
import type { Timeline } from '../timeline.ts';
import { sleep } from '../virtual-process.ts';

/** `startMs`: what the hour is at the timeline's beginning, Unix milliseconds. */
export function forkClock(timeline: Timeline, startMs: number): Clock {
  const after: Clock['after'] = (delayMs, callback) => timeline.after(delayMs, callback);
  return {
    now: () => startMs + timeline.nowMs,
    monotonic: () => timeline.nowMs,
    after,
    sleep: (delayMs, signal) => sleep(after, delayMs, signal),
  };
}
