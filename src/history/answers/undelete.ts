/** Answers `undelete`. */
import type { UndeleteAnswer } from '../../bus/history-messages/undelete.ts';
import type { Query } from '../../bus/query-messages.ts';
import { keyOf, kindOf, pointAt } from '../moment.ts';
import { planUndelete } from '../undelete.ts';
import type { HistorySource } from './index.ts';

export function answerUndelete(source: HistorySource, query: Query<'undelete'>): UndeleteAnswer {
  const now = source.now();
  const kind = kindOf(query.kind);
  const { uid, at } = query;
  return planUndelete({ ...source, now }, kind, keyOf(kind, query), {
    ...(uid === undefined ? {} : { uid }),
    ...(at === undefined ? {} : { at: pointAt(source.past, at, now) }),
  });
}
