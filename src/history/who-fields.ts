/** Fields of an object by their paths, and which of them two versions of it differ in. */

/** A field without fields of its own: `spec.containers[main].image`, and its value. */
export type Leaf = readonly [field: string, value: unknown];

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** What tells the items of a list apart, in Kubernetes' order of habit. */
const IDENTITIES = ['name', 'type', 'uid', 'ip', 'key', 'containerPort'] as const;

/** A list's items by what tells them apart, so that one which moves is no change; by number where nothing does. */
function itemsOf(list: readonly unknown[]): Readonly<Record<string, unknown>> {
  for (const identity of IDENTITIES) {
    const names = list.map((item) => (isObject(item) ? item[identity] : undefined));
    const usable = names.every((name) => typeof name === 'string' || typeof name === 'number');
    if (usable && new Set(names).size === list.length)
      return Object.fromEntries(names.map((name, i) => [`[${name}]`, list[i]]));
  }
  return Object.fromEntries(list.map((item, index) => [`[${index}]`, item]));
}

/** Fields one level down; undefined for what has none. */
function partsOf(value: unknown): Readonly<Record<string, unknown>> | undefined {
  if (Array.isArray(value)) return value.length === 0 ? undefined : itemsOf(value);
  return isObject(value) && Object.values(value).some((part) => part !== undefined) ? value : undefined;
}

/** Label and annotation keys hold dots and slashes. */
function join(path: string, key: string): string {
  if (key.startsWith('[')) return path + key;
  if (/[./]/.test(key)) return `${path}[${key}]`;
  return path === '' ? key : `${path}.${key}`;
}

/** All leaves of a value, in no particular order. */
export function* leavesOf(value: unknown, path = ''): Generator<Leaf, void, undefined> {
  if (value === undefined) return;
  const parts = partsOf(value);
  if (parts === undefined) yield [path, value];
  else for (const [key, part] of Object.entries(parts)) yield* leavesOf(part, join(path, key));
}

/** Leaves of `after` that were not so before. Parts that both share are passed over at once. */
export function* changedLeaves(before: unknown, after: unknown, path = ''): Generator<Leaf, void, undefined> {
  if (Object.is(before, after) || after === undefined) return;
  const [was, is] = [partsOf(before), partsOf(after)];
  if (is === undefined) {
    if (was !== undefined || JSON.stringify(before) !== JSON.stringify(after)) yield [path, after];
    return;
  }
  if (was === undefined) return yield* leavesOf(after, path);
  for (const [key, part] of Object.entries(is)) yield* changedLeaves(was[key], part, join(path, key));
}

const TOKEN = /\[([^\]]*)\]|[^.[\]]+/g;

/** The value of a field by its path, leaf or not; undefined where there is none. */
export function fieldAt(value: unknown, path: string): unknown {
  let found = value;
  for (const [token, inBrackets] of path.matchAll(TOKEN)) {
    const parts: Readonly<Record<string, unknown>> = partsOf(found) ?? {};
    const key = [token, inBrackets ?? token].find((candidate) => Object.hasOwn(parts, candidate));
    const byNumber =
      Array.isArray(found) && inBrackets !== undefined ? (found[Number(inBrackets)] as unknown) : undefined;
    found = key === undefined ? byNumber : parts[key];
  }
  return found;
}
