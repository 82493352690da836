/** What is wanted of the log: the part that the past selects by, and the rest, which whoever asks goes through. */
import type { Recorded } from '../bus/history-messages/recorded.ts';
import type { Query } from '../bus/query-messages.ts';
import type { RecordFilter } from './past.ts';

/** What is asked for; absent means anything. */
export type HistoryFilter = Omit<Query<'history'>, 'order' | 'limit' | 'after'>;

const SELECTED = [
  'kind',
  'namespace',
  'name',
  'eventType',
  'fromRevision',
  'toRevision',
  'fromTime',
  'toTime',
] as const;

/** The part that the past selects by; never more than is wanted is left out. */
export function filterOf(filter: HistoryFilter): RecordFilter {
  const { actor } = filter;
  const selected = Object.fromEntries(
    SELECTED.flatMap((field) => (filter[field] === undefined ? [] : [[field, filter[field]]])),
  );
  return { ...selected, ...(actor === undefined || isPrefix(actor) ? {} : { actor }) };
}

/** Whether what the past selected is wanted. */
export function isWanted(recorded: Recorded, { actor, refused = false }: HistoryFilter): boolean {
  if (refused && !('refused' in recorded)) return false;
  if (actor === undefined) return true;
  const by = 'commit' in recorded ? recorded.commit.actor : recorded.refused.actor;
  return isPrefix(actor) ? by.startsWith(actor.slice(0, -1)) : by === actor;
}

function isPrefix(actor: string): boolean {
  return actor.endsWith('*');
}
