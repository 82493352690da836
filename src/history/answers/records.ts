/** Answers `records`. */
import { keyText, kinds, parseKey, type ObjectRecord } from '../../../machines/index.ts';
import { RECORDS_PAGE_MAX, type RecordsAnswer } from '../../bus/history-messages/records.ts';
import type { Query } from '../../bus/query-messages.ts';
import { kindOf, pointAt } from '../moment.ts';
import { PastError } from '../past.ts';
import type { HistorySource } from './index.ts';

/** A page of all objects of all kinds. Raises PastError. */
export function answerRecords(
  { past, now }: Pick<HistorySource, 'past' | 'now'>,
  { at, kind: only, namespace, limit = RECORDS_PAGE_MAX, after }: Query<'records'>,
): RecordsAnswer {
  if (namespace !== undefined && only === undefined) throw new PastError('BadRequest', 'namespace: needs a kind');
  const { revision, time } = pointAt(past, at, now());
  const last = after === undefined ? undefined : keyOfToken(after);
  const records: ObjectRecord[] = [];
  for (const kind of only === undefined ? [...kinds.keys()].toSorted() : [kindOf(only).kind]) {
    if (last !== undefined && kind < last.kind) continue;
    const rest = limit - records.length;
    const page = past.listAt({
      kind,
      revision,
      limit: rest,
      ...(namespace === undefined ? {} : { namespace }),
      ...(last?.kind === kind ? { after: last } : {}),
    });
    records.push(...page.records);
    const end = records.at(-1);
    if (end !== undefined && (page.more || records.length === limit))
      return { revision, time, records, ...totalOf(past, revision, after), next: tokenOf(end) };
  }
  return { revision, time, records, ...totalOf(past, revision, after) };
}

function totalOf(
  past: HistorySource['past'],
  revision: number,
  after: string | undefined,
): { readonly total?: number } {
  if (after !== undefined) return {};
  return { total: [...past.countsAt(revision).values()].reduce((sum, count) => sum + count, 0) };
}

function tokenOf(record: ObjectRecord): string {
  return Buffer.from(keyText(record)).toString('base64url');
}

function keyOfToken(token: string) {
  const text = Buffer.from(token, 'base64url').toString();
  if (text.split('/').length !== 3) throw new PastError('BadRequest', 'after: no token of ours');
  return parseKey(text);
}
