/** Words of the tables people see, as Kubernetes prints them. */
import type { ObjectRecord } from './view.ts';

const SECOND = 1000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

/** The AGE column. */
export function age(record: ObjectRecord, now: number): string {
  return duration(now - Date.parse(record.context.metadata.creationTimestamp));
}

/** A span as kubectl prints it: two units while small, one when large (`45s`, `3m20s`, `12m`, `5h3m`, `8h`, `2d4h`, `12d`, `3y`). */
export function duration(spanMs: number): string {
  const span = Math.max(0, spanMs);
  if (span < 2 * MINUTE) return `${Math.floor(span / SECOND)}s`;
  if (span < 10 * MINUTE) return two(span, MINUTE, 'm', SECOND, 's');
  if (span < 3 * HOUR) return `${Math.floor(span / MINUTE)}m`;
  if (span < 8 * HOUR) return two(span, HOUR, 'h', MINUTE, 'm');
  if (span < 2 * DAY) return `${Math.floor(span / HOUR)}h`;
  if (span < 8 * DAY) return two(span, DAY, 'd', HOUR, 'h');
  if (span < 2 * 365 * DAY) return `${Math.floor(span / DAY)}d`;
  if (span < 8 * 365 * DAY) return two(span, 365 * DAY, 'y', DAY, 'd');
  return `${Math.floor(span / (365 * DAY))}y`;
}

function two(span: number, unit: number, unitName: string, rest: number, restName: string): string {
  const units = Math.floor(span / unit);
  const rests = Math.floor((span - units * unit) / rest);
  return rests === 0 ? `${units}${unitName}` : `${units}${unitName}${rests}${restName}`;
}
