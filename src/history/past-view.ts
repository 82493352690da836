/** One point of the past as queries read it: objects by key and lists, all at its revision. */
import type { PastView } from '../bus/query-source.ts';
import { pointOf, type Moment, type Past } from './past.ts';

/** Raises PastError for a moment that there is not. */
export function pastView(past: Past, moment: Moment, now: number): PastView {
  const { revision, time } = pointOf(past, moment, now);
  return {
    revision,
    time,
    now: 'time' in moment ? moment.time : time,
    get: (kind, namespace, name) => past.objectAt({ kind, namespace, name }, revision),
    list: (request) => past.listAt({ ...request, revision }),
  };
}
