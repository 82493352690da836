/** Moments of the past as people write them: a revision, a time, or how long ago. */
import type { Moment } from '../history/past.ts';
import { parseTime } from '../foundation/clock.ts';
import { CommandFailure, EXIT } from './exit-codes.ts';
import { parseSpan } from './flags.ts';

/** `1042`, `2026-01-01T12:00:00Z`, `15m`. Raises CommandFailure, naming the option, for what is none. */
export function momentOf(option: string, text: string, now: number): Moment {
  if (/^\d+$/.test(text) && Number.isSafeInteger(Number(text))) return { revision: Number(text) };
  const span = parseSpan(text);
  const time = span === undefined ? parseTime(text) : now - span;
  if (!Number.isNaN(time)) return { time };
  throw new CommandFailure(
    `${option}: ${JSON.stringify(text)} is no revision, time or span: 1042, 2026-01-01T12:00:00Z, 15m`,
    EXIT.usage,
  );
}
