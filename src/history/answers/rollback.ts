/** Answers `rollback`. */
import type { RollbackAnswer } from '../../bus/history-messages/rollback.ts';
import type { Query } from '../../bus/query-messages.ts';
import { keyOf, kindOf, pointAt } from '../moment.ts';
import { planRollback } from '../rollback.ts';
import type { HistorySource } from './index.ts';

export function answerRollback(source: HistorySource, query: Query<'rollback'>): RollbackAnswer {
  const now = source.now();
  const kind = kindOf(query.kind);
  return planRollback({ ...source, now }, kind, keyOf(kind, query), pointAt(source.past, query.to, now));
}
