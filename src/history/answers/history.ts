/** Answers `history`: a page of what the log recorded. */
import { HISTORY_PAGE_MAX, type HistoryAnswer } from '../../bus/history-messages/history.ts';
import type { Query } from '../../bus/query-messages.ts';
import { kinds } from '../../../machines/index.ts';
import { filterOf, type HistoryFilter } from '../history-filter.ts';
import { kindOf } from '../moment.ts';
import { PastError, pointOf, type Past } from '../past.ts';
import type { HistorySource } from './index.ts';

export function answerHistory(source: Pick<HistorySource, 'past' | 'now'>, query: Query<'history'>): HistoryAnswer {
  const { past } = source;
  const { order = 'oldest-first', limit = HISTORY_PAGE_MAX, after, ...filter } = query;
  checkEventType(filter);
  checkRange(past, filter, source.now());
  const [newest] = past.records({}, { order: 'newest-first', limit: 1 }).records;
  const page = past.records(filterOf(filter), { order, limit, ...(after === undefined ? {} : { after }) });
  return { ...page, lastEntry: newest?.entry ?? 0 };
}

/** A type that no kind knows would find nothing, and so hide a slip of the pen. */
function checkEventType({ kind, eventType }: HistoryFilter): void {
  const asked = kind === undefined ? [...kinds.values()] : [kindOf(kind)];
  if (eventType === undefined || asked.some(({ events }) => Object.hasOwn(events, eventType))) return;
  if (kind === undefined)
    throw new PastError('BadRequest', `no kind has an event "${eventType}"; name a kind to see those it has`);
  const known = asked.flatMap(({ events }) => Object.keys(events)).join(', ');
  throw new PastError('BadRequest', `${kind} has no event "${eventType}"; it has ${known}`);
}

/** Earlier than the log is all of it; later than its end is a mistake; and what is being read yet is not all there is. */
function checkRange(past: Past, { fromRevision, fromTime, toRevision }: HistoryFilter, now: number): void {
  if (past.isBehind?.()) pointOf(past, { revision: toRevision ?? Number.MAX_SAFE_INTEGER }, now);
  if (fromRevision !== undefined && fromRevision > (past.last()?.revision ?? 0))
    pointOf(past, { revision: fromRevision }, now);
  if (fromTime !== undefined && fromTime > now) pointOf(past, { time: fromTime }, now);
}
