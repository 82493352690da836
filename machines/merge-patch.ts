/** JSON Merge Patch (RFC 7386), the form in which changes of plain objects are stored. Pure vocabulary, so it lives here. */

export type Json = null | boolean | number | string | readonly Json[] | { readonly [key: string]: Json | undefined };

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** Applies a merge patch; untouched parts keep their identity, so that folds can tell what changed. */
export function applyMergePatch(target: unknown, patch: unknown): unknown {
  if (!isObject(patch)) return patch;
  const result: Record<string, unknown> = isObject(target) ? { ...target } : {};
  for (const [key, value] of Object.entries(patch)) {
    if (value === null) delete result[key];
    else if (value !== undefined) setOwn(result, key, applyMergePatch(own(result, key), value));
  }
  return result;
}

/** A member of its own: `constructor` is a label like any other, and every object inherits one. */
function own(target: Readonly<Record<string, unknown>>, key: string): unknown {
  return Object.hasOwn(target, key) ? target[key] : undefined;
}

/** Defines rather than assigns, so that a key such as `__proto__` stays data. */
function setOwn(target: Record<string, unknown>, key: string, value: unknown): void {
  Object.defineProperty(target, key, { value, writable: true, enumerable: true, configurable: true });
}

/**
 * The merge patch that turns `before` into `after`; undefined when they are equal.
 * Only for values without null inside, which a merge patch cannot express: see `containsNull`.
 */
export function createMergePatch(before: unknown, after: unknown): unknown {
  if (Object.is(before, after)) return undefined;
  if (!isObject(before) || !isObject(after)) return equalJson(before, after) ? undefined : after;
  const patch: Record<string, unknown> = {};
  for (const key of Object.keys(before))
    if (own(after, key) === undefined && own(before, key) !== undefined) setOwn(patch, key, null);
  for (const [key, value] of Object.entries(after)) {
    if (value === undefined) continue;
    const was = own(before, key);
    const change = was === undefined ? value : createMergePatch(was, value);
    if (change !== undefined) setOwn(patch, key, change);
  }
  return Object.keys(patch).length === 0 ? undefined : patch;
}

/** Equality of JSON values; absent and undefined members are the same, and so are 0 and -0, which JSON writes alike. */
export function equalJson(left: unknown, right: unknown): boolean {
  if (left === right) return true;
  if (Array.isArray(left) && Array.isArray(right)) {
    return left.length === right.length && left.every((item, index) => equalJson(item, right[index]));
  }
  if (!isObject(left) || !isObject(right)) return false;
  for (const key of new Set([...Object.keys(left), ...Object.keys(right)]))
    if (!equalJson(own(left, key), own(right, key))) return false;
  return true;
}

/** Whether null stands anywhere in a value. */
export function containsNull(value: unknown): boolean {
  if (value === null) return true;
  if (typeof value !== 'object') return false;
  return Object.values(value as object).some(containsNull);
}
