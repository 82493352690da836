/** LIST: objects of a kind at one revision, whole or in pages, as objects, as a table or as metadata. */
import type { Kind, ObjectRecord } from '../../../machines/index.ts';
import type { Exchange } from '../http/exchange.ts';
import type { Negotiated } from '../http/negotiation.ts';
import { selectionOf, type Selection } from '../resources/selection.ts';
import { includeObjectOf, tableOf } from '../resources/table.ts';
import type { Target } from '../resources/target.ts';
import { manifestText, metadataOf } from '../state/render.ts';
import { compareObjects, decodeToken, encodeToken, type PageToken } from './kept-pages.ts';
import type { Services } from './services.ts';
import { askedVersion, invalidOption, numberOf, reach } from './versions.ts';

/** A page of a list. */
interface Page {
  readonly revision: number;
  readonly records: readonly ObjectRecord[];
  readonly next?: string;
  readonly remaining?: number;
}

export async function list(
  exchange: Exchange,
  target: Target & { readonly kind: Kind },
  services: Services,
): Promise<void> {
  const form = exchange.negotiate();
  const selection = selectionOf(target.kind.kind, target, exchange.query);
  const include = includeObjectOf(exchange.query);
  const page = await pageOf(exchange.query, selection, services);
  answer(exchange, target.kind, page, { form, include, now: services.clock.now() });
}

/** All objects that are selected, of the newest state. */
export async function selectLatest(
  selection: Selection,
  { follower }: Pick<Services, 'follower'>,
): Promise<readonly ObjectRecord[]> {
  await follower.upToDate();
  return select(selection, follower.state);
}

/** In order. */
export function select(
  { kind, namespace, name, matches }: Selection,
  state: Services['follower']['state'],
): readonly ObjectRecord[] {
  if (namespace !== undefined && name !== undefined) {
    const record = state.get(kind, namespace, name);
    return record !== undefined && matches(record) ? [record] : [];
  }
  return [...state.list(kind, namespace)].filter(matches).toSorted(compareObjects);
}

async function pageOf(query: URLSearchParams, selection: Selection, services: Services): Promise<Page> {
  const limit = numberOf(query, 'limit') || Infinity;
  const token = query.get('continue');
  if (token) {
    if (query.get('resourceVersion'))
      throw invalidOption(
        'resourceVersion',
        'FieldValueForbidden',
        'Forbidden: specifying resource version is not allowed when using continue',
      );
    return nextPage(decodeToken(token), selection, limit, services);
  }
  const { follower, past } = services;
  const asked = askedVersion(query);
  if (asked.of === 'exactly' && asked.revision !== follower.revision) {
    const records = (await past.list(selection, asked.revision)).filter(selection.matches);
    return cut({ records, revision: asked.revision, from: 0, limit }, services);
  }
  if (asked.of !== 'exactly') await reach(follower, asked);
  const { revision } = follower;
  return cut({ records: select(selection, follower.state), revision, from: 0, limit }, services);
}

async function nextPage(token: PageToken, selection: Selection, limit: number, services: Services): Promise<Page> {
  const { pages, past } = services;
  const kept = pages.take(token.list);
  const records = kept ?? (await past.list(selection, token.revision)).filter(selection.matches);
  const from = firstAfter(records, token);
  return cut({ records, revision: token.revision, from, limit, ...(kept ? { kept: token.list } : {}) }, services);
}

/** By halving. */
function firstAfter(records: readonly ObjectRecord[], token: PageToken): number {
  let low = 0;
  let high = records.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    const record = records[middle];
    if (record !== undefined && compareObjects(record, token) <= 0) low = middle + 1;
    else high = middle;
  }
  return low;
}

interface Cut {
  readonly records: readonly ObjectRecord[];
  readonly revision: number;
  readonly from: number;
  readonly limit: number;
  /** Where it is kept already. */
  readonly kept?: number;
}

function cut({ records, revision, from, limit, kept }: Cut, { pages }: Services): Page {
  const end = Math.min(from + limit, records.length);
  const page = from === 0 && end === records.length ? records : records.slice(from, end);
  const last = page.at(-1);
  if (end >= records.length || last === undefined) {
    if (kept !== undefined) pages.drop(kept);
    return { revision, records: page };
  }
  const token = { list: kept ?? pages.keep(records), revision, namespace: last.namespace, name: last.name };
  return { revision, records: page, next: encodeToken(token), remaining: records.length - end };
}

function answer(
  exchange: Exchange,
  kind: Kind,
  { revision, records, next, remaining }: Page,
  {
    form,
    include,
    now,
  }: { readonly form: Negotiated; readonly include: ReturnType<typeof includeObjectOf>; readonly now: number },
): void {
  const metadata = {
    resourceVersion: String(revision),
    ...(next === undefined ? {} : { continue: next, remainingItemCount: remaining }),
  };
  const { shape, encoding } = form;
  if (shape.as === 'table')
    return exchange.send(200, tableOf(kind, records, metadata, { version: shape.version, include, now }), form);
  if (shape.as === 'metadata') {
    const items = records.map((record) => metadataOf(record, shape.version));
    return exchange.send(200, { kind: 'PartialObjectMetadataList', apiVersion: shape.version, metadata, items }, form);
  }
  const head = JSON.stringify({ kind: `${kind.kind}List`, apiVersion: kind.apiVersion, metadata });
  const text = `${head.slice(0, -1)},"items":[${records.map(manifestText).join(',')}]}`;
  if (encoding === 'yaml') return exchange.send(200, JSON.parse(text), form);
  exchange.sendText(200, text, 'application/json');
}
