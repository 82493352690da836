/** Answers `diff-keys`: the objects that changed between two moments, so many commits at a time. */
import type { ObjectKey } from '../../../machines/index.ts';
import type { DiffKeysAnswer } from '../../bus/history-messages/diff.ts';
import type { Query } from '../../bus/query-messages.ts';
import { keyOf, kindOf, pointAt } from '../moment.ts';
import { PastError, type Past } from '../past.ts';
import type { HistorySource } from './index.ts';

/** Commits one answer looks at: some tens of milliseconds of the process that writes. */
export const DIFF_WINDOW_COMMITS = 20_000;

export function answerDiffKeys(
  { past, now }: Pick<HistorySource, 'past' | 'now'>,
  query: Query<'diff-keys'>,
): DiffKeysAnswer {
  const points = { from: pointAt(past, query.from, now()), to: pointAt(past, query.to, now()) };
  const low = Math.min(points.from.revision, points.to.revision);
  const high = Math.max(points.from.revision, points.to.revision);
  if (query.name !== undefined) return { ...points, keys: changedOne(past, query, low, high) };
  if (query.kind !== undefined) kindOf(query.kind);
  const start = nextRevision(past, Math.max(query.after ?? low, low), high);
  if (start === undefined) return { ...points, keys: [] };
  const end = Math.min(start - 1 + DIFF_WINDOW_COMMITS, high);
  const keys = [...past.changedBetween(start - 1, end)].filter(({ kind, namespace }) => {
    const ofKind = query.kind === undefined || query.kind === kind;
    return ofKind && (query.namespace === undefined || query.namespace === namespace);
  });
  return { ...points, keys, ...(end < high ? { next: end } : {}) };
}

function changedOne(past: Past, query: Query<'diff-keys'>, low: number, high: number): readonly ObjectKey[] {
  if (query.kind === undefined) throw new PastError('BadRequest', 'kind: Required value with a name');
  const key = keyOf(kindOf(query.kind), { ...query, name: query.name ?? '' });
  for (const { commit } of past.commitsOf(key, high)) return commit.revision > low ? [key] : [];
  return [];
}

/** Between two lineages lie revisions of nobody, more than anybody could step through. */
function nextRevision(past: Past, after: number, high: number): number | undefined {
  if (after >= high) return undefined;
  let next: string | undefined;
  do {
    const order = { order: 'oldest-first', limit: 1, ...(next === undefined ? {} : { after: next }) } as const;
    const page = past.records({ fromRevision: after + 1, toRevision: high }, order);
    const [record] = page.records;
    if (record !== undefined) return 'commit' in record ? record.commit.revision : record.revision;
    next = page.next;
  } while (next !== undefined);
  return undefined;
}
