/** Answers `history`: a page of what the log recorded. */
import { HISTORY_PAGE_MAX, type HistoryAnswer } from '../../bus/history-messages/history.ts';
import type { Query } from '../../bus/query-messages.ts';
import { filterOf } from '../history-filter.ts';
import { kindOf } from '../moment.ts';
import type { HistorySource } from './index.ts';

export function answerHistory({ past }: Pick<HistorySource, 'past'>, query: Query<'history'>): HistoryAnswer {
  const { order = 'oldest-first', limit = HISTORY_PAGE_MAX, after, ...filter } = query;
  if (filter.kind !== undefined) kindOf(filter.kind);
  const [newest] = past.records({}, { order: 'newest-first', limit: 1 }).records;
  const page = past.records(filterOf(filter), { order, limit, ...(after === undefined ? {} : { after }) });
  return { ...page, lastEntry: newest?.entry ?? 0 };
}
