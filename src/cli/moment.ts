/** Moments of the past as people write them: a revision, a time, or how long ago. */
import type { Moment } from '../history/past.ts';
import { parseTime } from '../foundation/clock.ts';
import { CommandFailure, EXIT } from './exit-codes.ts';
import { parseSpan } from './flags.ts';

/** A time names its day first; without this, `Date` takes "-5" for a month. */
const TIME = /^\d{4}-\d{2}-\d{2}(?:[T ].+)?$/i;

/** Times are printed in whole seconds, so one that was copied from a line must take in what happened in its second. */
const WHOLE_SECONDS = /[T ]\d{2}:\d{2}:\d{2}(?:Z|[+-]\d{2}:?\d{2})?$/i;
const REST_OF_SECOND_MS = 999;

/** `1042`, `2026-01-01T12:00:00Z`, `15m`; a whole second means its end. Raises CommandFailure, naming the option, for what is none. */
export function momentOf(option: string, text: string, now: number): Moment {
  const moment = beginningOf(option, text, now);
  if ('revision' in moment || !WHOLE_SECONDS.test(text)) return moment;
  return { time: Math.max(moment.time, Math.min(moment.time + REST_OF_SECOND_MS, now)) };
}

/** The same where a range begins: a whole second means its beginning. */
export function beginningOf(option: string, text: string, now: number): Moment {
  if (/^\d+$/.test(text) && Number.isSafeInteger(Number(text))) return { revision: Number(text) };
  const span = parseSpan(text);
  const time = span !== undefined ? now - span : TIME.test(text) ? parseTime(text) : Number.NaN;
  if (!Number.isNaN(time)) return { time };
  throw new CommandFailure(
    `${option}: ${JSON.stringify(text)} is no revision, time or span: 1042, 2026-01-01T12:00:00Z, 15m`,
    EXIT.usage,
  );
}
