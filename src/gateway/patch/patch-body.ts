/** The patch types: what a body of each makes of an object. */
import { applyPatch, Pointer, type Operation } from 'rfc6902';
import { applyMergePatch } from '../../../machines/index.ts';
import { decodeValue, type Body, type Fields } from '../http/body.ts';
import { StatusError } from '../http/status.ts';
import { applyStrategicPatch } from './strategic.ts';

export const JSON_PATCH = 'application/json-patch+json';
export const MERGE_PATCH = 'application/merge-patch+json';
export const STRATEGIC_PATCH = 'application/strategic-merge-patch+json';
const APPLY_PATCHES: readonly string[] = ['application/apply-patch+yaml', 'application/apply-patch+cbor'];
/** Kubernetes' limit of a JSON patch. */
export const OPERATIONS_MAX = 10_000;
const OPERATIONS: readonly string[] = ['add', 'remove', 'replace', 'move', 'copy', 'test'];

/** Applies itself to an object. Raises StatusError. */
export type Patch = (object: Fields) => Fields;

/** Patch types that a kind takes: strategic ones only where Kubernetes' own types say how lists merge. */
export function patchTypesOf(group: string): readonly string[] {
  return [JSON_PATCH, MERGE_PATCH, ...(group === '' ? [STRATEGIC_PATCH] : [])];
}

/** Reads a patch for a kind. Raises UnsupportedMediaType, BadRequest. */
export function readPatch(body: Body, { kind, group }: { readonly kind: string; readonly group: string }): Patch {
  const types = patchTypesOf(group);
  if (!types.includes(body.type)) {
    const apply = APPLY_PATCHES.includes(body.type)
      ? 'server-side apply is not supported by this version of Periplus: use client-side apply; '
      : '';
    const message = `${apply}the body of the request was in an unknown format - accepted media types include: ${types.join(', ')}`;
    throw new StatusError('UnsupportedMediaType', message);
  }
  const value = decodeValue(body);
  if (body.type === JSON_PATCH) return jsonPatch(value);
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    throw new StatusError('BadRequest', 'error decoding patch: it must be an object');
  if (body.type === MERGE_PATCH) return (object) => applyMergePatch(object, value) as Fields;
  return (object) => applyStrategicPatch(kind, object, value as Fields);
}

function jsonPatch(value: unknown): Patch {
  if (!Array.isArray(value))
    throw new StatusError('BadRequest', 'error decoding patch: it must be a list of operations');
  if (value.length > OPERATIONS_MAX) {
    const message = `The allowed maximum operations in a JSON patch is ${OPERATIONS_MAX}, got ${value.length}`;
    throw new StatusError('RequestEntityTooLarge', message);
  }
  const operations = value.map(operationOf);
  return (object) => {
    const copy = structuredClone(object) as Fields;
    const [error] = applyPatch(copy, operations).filter((one) => one !== null);
    if (error)
      throw new StatusError(
        'Invalid',
        `the server rejected our request due to an error in our request: ${error.name} at ${error.message}`,
      );
    return copy;
  };
}

function operationOf(value: unknown): Operation {
  const operation = value as Partial<Record<'op' | 'path' | 'from', unknown>> | null;
  const { op, path, from } = operation ?? {};
  const needsFrom = op === 'move' || op === 'copy';
  if (typeof op !== 'string' || !OPERATIONS.includes(op) || !isPointer(path) || (needsFrom && !isPointer(from)))
    throw new StatusError('BadRequest', `error decoding patch: ${JSON.stringify(value)} is no operation`);
  return value as Operation;
}

/** The object itself cannot be another one. */
function isPointer(path: unknown): boolean {
  if (typeof path !== 'string' || !path.startsWith('/')) return false;
  return !Pointer.fromJSON(path).tokens.includes('__proto__');
}
