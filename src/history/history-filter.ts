/** What is wanted of the log, as the past selects by it. */
import type { Query } from '../bus/query-messages.ts';
import type { RecordFilter } from './past.ts';

/** What is asked for; absent means anything. */
export type HistoryFilter = Omit<Query<'history'>, 'order' | 'limit' | 'after'>;

/** An actor with a `*` behind stands for all that begin so. */
export function filterOf({ actor, refused, ...others }: HistoryFilter): RecordFilter {
  return {
    ...others,
    ...(refused ? { refused } : {}),
    ...(actor === undefined ? {} : actor.endsWith('*') ? { actorPrefix: actor.slice(0, -1) } : { actor }),
  };
}
