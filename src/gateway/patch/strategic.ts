/** Strategic merge patch: a merge patch that knows which lists are sets of named things, and the directives that go with it. */
import { equalJson } from '../../../machines/index.ts';
import type { Fields } from '../http/body.ts';
import { StatusError } from '../http/status.ts';
import { listMergeOf, type ListMerge } from './merge-keys.ts';

const DIRECTIVE = '$patch';
const RETAIN_KEYS = '$retainKeys';
const ORDER = '$setElementOrder/';
const DELETE_VALUES = '$deleteFromPrimitiveList/';

/** Applies a patch to an object of a kind. Raises BadRequest for a directive that makes no sense. */
export function applyStrategicPatch(kind: string, target: Fields, patch: Fields): Fields {
  return (mergeObject(kind, target, patch, '') ?? {}) as Fields;
}

/** Undefined where the patch deletes it. */
function mergeObject(kind: string, target: Fields, patch: Fields, path: string): Fields | undefined {
  const directive = patch[DIRECTIVE];
  if (directive === 'replace') return plain(without(patch, DIRECTIVE));
  if (directive === 'delete') return undefined;
  if (directive !== undefined && directive !== 'merge') throw badDirective(path, directive);
  const result = new Map(Object.entries(retained(target, patch[RETAIN_KEYS], path)));
  for (const [field, value] of Object.entries(patch)) {
    if (field === DIRECTIVE || field === RETAIN_KEYS || field.startsWith(ORDER)) continue;
    if (field.startsWith(DELETE_VALUES)) {
      const name = field.slice(DELETE_VALUES.length);
      const gone = listOf(value, field);
      result.set(
        name,
        listOf(result.get(name) ?? [], name).filter((item) => !gone.some((one) => equalJson(one, item))),
      );
      continue;
    }
    const merged = mergeValue(kind, result.get(field), value, join(path, field), patch[ORDER + field]);
    if (merged === undefined) result.delete(field);
    else result.set(field, merged);
  }
  for (const [field, order] of Object.entries(patch)) {
    const name = field.slice(ORDER.length);
    // Nothing but the order changed.
    if (field.startsWith(ORDER) && !(name in patch) && result.has(name))
      result.set(name, mergeList(kind, listOf(result.get(name), name), [], join(path, name), order));
  }
  return Object.fromEntries(result);
}

function mergeValue(kind: string, target: unknown, patch: unknown, path: string, order: unknown): unknown {
  if (patch === null) return undefined;
  if (Array.isArray(patch)) return mergeList(kind, Array.isArray(target) ? target : [], patch, path, order);
  if (isFields(patch)) return mergeObject(kind, isFields(target) ? target : {}, patch, path);
  return patch;
}

function mergeList(
  kind: string,
  target: readonly unknown[],
  patch: readonly unknown[],
  path: string,
  order: unknown,
): readonly unknown[] {
  const merge = listMergeOf(kind, path);
  if (merge === undefined) return plain(patch);
  if ('set' in merge) {
    const added = patch.filter((item) => !target.some((one) => equalJson(one, item)));
    return ordered([...target, ...added], target, order, (item) => item);
  }
  return mergeItems(kind, target, patch, { path, merge, order });
}

function mergeItems(
  kind: string,
  target: readonly unknown[],
  patch: readonly unknown[],
  {
    path,
    merge,
    order,
  }: { readonly path: string; readonly merge: Extract<ListMerge, { key: string }>; readonly order: unknown },
): readonly unknown[] {
  const { key } = merge;
  const items = patch.map((item) => requireFields(item, path));
  if (items.some((item) => item[DIRECTIVE] === 'replace' && Object.keys(item).length === 1))
    return plain(items.filter((item) => !(DIRECTIVE in item)));
  const result = target.map((item) => requireFields(item, path));
  for (const item of items) {
    const value = item[key];
    if (value === undefined)
      throw new StatusError('BadRequest', `map: ${JSON.stringify(item)} does not contain declared merge key: ${key}`);
    const at = result.findIndex((one) => equalJson(one[key], value));
    const merged = mergeObject(kind, at === -1 ? {} : (result[at] ?? {}), item, path);
    if (merged === undefined) {
      if (at !== -1) result.splice(at, 1);
    } else if (at === -1) result.push(merged);
    else result[at] = merged;
  }
  return ordered(result, target, order, (item) => (isFields(item) ? item[key] : undefined));
}

/** In the order that the patch says; what it does not name stays behind what it stood behind. */
function ordered<Item>(
  items: readonly Item[],
  before: readonly unknown[],
  order: unknown,
  keyOf: (item: unknown) => unknown,
): readonly Item[] {
  if (!Array.isArray(order)) return items;
  const rank = (item: unknown) =>
    (order as unknown[]).findIndex((one) => equalJson(isFields(one) ? keyOf(one) : one, keyOf(item)));
  const place = (item: unknown) => before.findIndex((one) => equalJson(keyOf(one), keyOf(item)));
  const result = items.filter((item) => rank(item) !== -1).toSorted((one, other) => rank(one) - rank(other));
  for (const item of items.filter((one) => rank(one) === -1)) {
    const next = result.findIndex((one) => place(one) !== -1 && place(one) > place(item));
    result.splice(next === -1 ? result.length : next, 0, item);
  }
  return result;
}

/** `$retainKeys` names all fields that stay: of a volume, say, whose source becomes another. */
function retained(target: Fields, keys: unknown, path: string): Fields {
  if (keys === undefined) return target;
  const kept = listOf(keys, join(path, RETAIN_KEYS));
  return Object.fromEntries(Object.entries(target).filter(([field]) => kept.includes(field)));
}

/** A value that comes whole: without nulls and directives. */
function plain<Value>(value: Value): Value {
  if (Array.isArray(value)) return value.map(plain) as Value;
  if (!isFields(value)) return value;
  const entries = Object.entries(value).filter(([field, inner]) => inner !== null && !field.startsWith('$'));
  return Object.fromEntries(entries.map(([field, inner]) => [field, plain(inner)])) as Value;
}

function without(fields: Fields, name: string): Fields {
  return Object.fromEntries(Object.entries(fields).filter(([field]) => field !== name));
}

function listOf(value: unknown, path: string): readonly unknown[] {
  if (Array.isArray(value)) return value;
  throw new StatusError('BadRequest', `${path}: must be a list`);
}

function requireFields(value: unknown, path: string): Fields {
  if (isFields(value)) return value;
  throw new StatusError('BadRequest', `${path}: must be a list of objects`);
}

function badDirective(path: string, directive: unknown): StatusError {
  const message = `${path}: Unknown patch type found: ${JSON.stringify(directive)} in ${DIRECTIVE}`;
  return new StatusError('BadRequest', message);
}

function join(path: string, field: string): string {
  return path === '' ? field : `${path}.${field}`;
}

function isFields(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
