/** Answers get, list and table about a moment of the past: a slice of objects at a time, so that whoever else wants the thread gets it. */
import {
  controllerOf,
  kinds,
  matchesSelector,
  renderManifest,
  type Kind,
  type ObjectContext,
  type ObjectRecord,
} from '../../machines/index.ts';
import type { Clock } from '../foundation/clock.ts';
import type { Query, TableAnswer } from './query-messages.ts';
import { HistoryFailure, type FieldTerm, type ListOptions, type PastView } from './query-source.ts';

/** Objects read at once: some 30 µs each, and a statement for fewer would cost as much as its rows. */
export const PAST_PORTION_OBJECTS = 64;
/** How long portions are read before others get their turn: each turn given costs a list a millisecond or more. */
export const PAST_SLICE_MS = 4;
/** Most objects of a page, as of lists of today. */
export const PAST_PAGE_MAX = 500;

/** Objects by key. */
export function pastGet(view: PastView, query: Query<'get'>) {
  const items = query.keys.map(({ kind, namespace = '', name }) => {
    const record = view.get(kind, namespace, name);
    return record === undefined ? null : renderManifest(kindOf(kind), record);
  });
  return { revision: view.revision, time: view.time, items };
}

/** A list in pieces; all of it where the query names no limit, else a page whose token is of this very revision. */
export async function* pastList<Field extends string>(
  view: PastView,
  options: ListOptions<Field>,
  query: Query<'list'>,
  clock: Clock,
): AsyncGenerator<string> {
  const isPage = query.limit !== undefined || query.continue !== undefined;
  const most = isPage ? Math.min(query.limit ?? PAST_PAGE_MAX, PAST_PAGE_MAX) : Infinity;
  yield `{"revision":${view.revision},"time":${view.time},"items":[`;
  let count = 0;
  let last: ObjectRecord | undefined;
  let token: string | undefined;
  outer: for await (const records of pastRecords(view, options, clock)) {
    const texts: string[] = [];
    for (const record of records) {
      if (count === most) {
        token = last && encodePastContinue(view.revision, last);
        yield withSeparator(texts, count - texts.length);
        break outer;
      }
      texts.push(JSON.stringify(renderManifest(kindOf(record.kind), record)));
      last = record;
      count++;
    }
    yield withSeparator(texts, count - texts.length);
  }
  yield token === undefined ? ']}' : `],"continue":${JSON.stringify(token)}}`;
}

function withSeparator(texts: readonly string[], before: number): string {
  return texts.length > 0 && before > 0 ? `,${texts.join(',')}` : texts.join(',');
}

/** The table people see, with ages as they were then. */
export async function pastTable<Field extends string>(
  view: PastView,
  options: ListOptions<Field>,
  query: Query<'table'>,
  clock: Clock,
): Promise<TableAnswer> {
  const columns = kindOf(query.kind).columns.filter((column) => query.wide === true || column.wide !== true);
  const rows: TableAnswer['rows'][number][] = [];
  const add = (record: ObjectRecord) => {
    const cells = columns.map((column) => column.cell(record, view.now));
    rows.push({ namespace: record.namespace, name: record.name, cells });
  };
  if (query.name !== undefined) {
    const record = view.get(query.kind, query.namespace ?? '', query.name);
    if (record !== undefined) add(record);
  } else {
    for await (const records of pastRecords(view, options, clock)) records.forEach(add);
  }
  return { revision: view.revision, time: view.time, columns: columns.map(({ name }) => name), rows };
}

/** What a selection selects, a portion at a time. */
async function* pastRecords<Field extends string>(
  view: PastView,
  options: ListOptions<Field>,
  clock: Clock,
): AsyncGenerator<readonly ObjectRecord[]> {
  let { after } = options;
  let began = clock.monotonic();
  for (;;) {
    const page = view.list({
      kind: options.kind,
      limit: PAST_PORTION_OBJECTS,
      ...(options.namespace === undefined ? {} : { namespace: options.namespace }),
      ...(after === undefined ? {} : { after }),
    });
    after = page.records.at(-1) ?? after;
    yield page.records.filter((record) => isSelected(record, options));
    if (!page.more) return;
    if (clock.monotonic() - began < PAST_SLICE_MS) continue;
    await clock.sleep(0);
    began = clock.monotonic();
  }
}

function isSelected<Field extends string>(
  { context, namespace, name }: ObjectRecord,
  { labelSelector = [], fieldSelector = [], ownerUid }: ListOptions<Field>,
): boolean {
  if (ownerUid !== undefined && controllerOf(context.metadata)?.uid !== ownerUid) return false;
  if (labelSelector.length > 0 && !matchesSelector(context.metadata.labels, { matchExpressions: [...labelSelector] }))
    return false;
  return fieldSelector.every((term) =>
    matchesField({ ...context, metadata: { ...context.metadata, namespace, name } }, term),
  );
}

/** An absent field counts as the empty string, as Kubernetes has it. */
function matchesField(context: ObjectContext, { field, operator, value }: FieldTerm): boolean {
  let found: unknown = context;
  for (const step of field.split('.'))
    found =
      typeof found === 'object' && found !== null ? (found as Readonly<Record<string, unknown>>)[step] : undefined;
  const equals = (typeof found === 'string' ? found : '') === value;
  return operator === 'Equals' ? equals : !equals;
}

/** Where a page of the past continues: its revision, and the last object of it. */
export interface PastContinue {
  readonly revision: number;
  readonly namespace: string;
  readonly name: string;
}

export function encodePastContinue(revision: number, { namespace, name }: Omit<PastContinue, 'revision'>): string {
  return Buffer.from(`${revision}/${namespace}/${name}`).toString('base64url');
}

/** Undefined for what is no such token. */
export function decodePastContinue(token: string): PastContinue | undefined {
  const [revision = '', namespace, name, ...rest] = Buffer.from(token, 'base64url').toString().split('/');
  if (!/^\d+$/.test(revision) || namespace === undefined || !name || rest.length > 0) return undefined;
  const decoded = { revision: Number(revision), namespace, name };
  return encodePastContinue(decoded.revision, decoded) === token ? decoded : undefined;
}

function kindOf(name: string): Kind {
  const kind = kinds.get(name);
  if (kind === undefined) throw new HistoryFailure('NotFound', `the server doesn't have a resource type "${name}"`);
  return kind;
}
