/** The JSON Patch (RFC 6902) that makes one value the other. */
import { createPatch, type Operation } from 'rfc6902';
import { equalJson } from '../../machines/index.ts';

export type JsonPatch = readonly Operation[];

/**
 * Largest product of two lists' lengths for which the shortest way from one to the other is looked for: the search is recursive
 * and as long as that product. Lists of objects in a manifest have a dozen members; longer ones are replaced whole.
 */
export const DIFF_LISTS_MAX = 4_000;

/** Undefined and null both stand for no value; operations then replace the whole, whose path is empty. */
export function jsonPatchOf(before: unknown, after: unknown): JsonPatch {
  return createPatch(before ?? null, after ?? null, (one: unknown, other: unknown, pointer) => {
    if (!Array.isArray(one) || !Array.isArray(other) || one.length * other.length <= DIFF_LISTS_MAX) return undefined;
    return equalJson(one, other) ? [] : [{ op: 'replace', path: pointer.toString(), value: other }];
  });
}
