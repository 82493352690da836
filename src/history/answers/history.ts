/** Answers `history`: a page of what the log recorded. */
import { HISTORY_PAGE_MAX, type HistoryAnswer } from '../../bus/history-messages/history.ts';
import type { Recorded } from '../../bus/history-messages/recorded.ts';
import type { Query } from '../../bus/query-messages.ts';
import { filterOf, isWanted } from '../history-filter.ts';
import { kindOf } from '../moment.ts';
import type { HistorySource } from './index.ts';

/** Records looked through for one answer: what the past cannot select by itself must not hold up the process that writes. */
export const LOOKED_THROUGH_MAX = 2_000;

export function answerHistory({ past }: Pick<HistorySource, 'past'>, query: Query<'history'>): HistoryAnswer {
  const { order = 'oldest-first', limit = HISTORY_PAGE_MAX } = query;
  if (query.kind !== undefined) kindOf(query.kind);
  const [newest] = past.records({}, { order: 'newest-first', limit: 1 }).records;
  const filter = filterOf(query);
  const records: Recorded[] = [];
  let looked = 0;
  let next = query.after;
  do {
    const wanted = Math.min(limit - records.length, LOOKED_THROUGH_MAX - looked);
    const page = past.records(filter, { order, limit: wanted, ...(next === undefined ? {} : { after: next }) });
    records.push(...page.records.filter((recorded) => isWanted(recorded, query)));
    looked += page.records.length;
    next = page.next;
  } while (next !== undefined && records.length < limit && looked < LOOKED_THROUGH_MAX);
  return { records, ...(next === undefined ? {} : { next }), lastEntry: newest?.entry ?? 0 };
}
