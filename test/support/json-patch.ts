// JSON Patches as whoever reads a diff applies them.
import { applyPatch } from 'rfc6902';
import type { JsonPatch } from '../../src/history/diff-patch.ts';

/** Applies a patch as RFC 6902 says, the whole document included, which the library leaves to its caller. */
export function applied(document: unknown, patch: JsonPatch): unknown {
  const [first] = patch;
  if (first?.op === 'replace' && first.path === '') return first.value;
  const copy: unknown = structuredClone(document);
  for (const failed of applyPatch(copy, [...patch])) if (failed !== null) throw failed;
  return copy;
}
