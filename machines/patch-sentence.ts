/** A merge patch as people read it: `spec.replicas = 5, metadata.labels.old removed`. For the sentences of changes. */

/** Fields told of one patch, and how much of a value: a line of a terminal. */
const FIELDS_MAX = 3;
const VALUE_MAX_LENGTH = 60;

export function tellPatch(patch: unknown): string {
  const leaves = leavesOf(patch, '');
  const told = leaves.slice(0, FIELDS_MAX).map(([field, value]) => tellField(field, value));
  const more = leaves.length - told.length;
  return more > 0 ? `${told.join(', ')} and ${more} more` : told.join(', ');
}

function leavesOf(patch: unknown, path: string): readonly (readonly [string, unknown])[] {
  if (typeof patch !== 'object' || patch === null || Array.isArray(patch)) return [[path, patch]];
  return Object.entries(patch).flatMap(([key, value]) => leavesOf(value, join(path, key)));
}

/** Label and annotation keys hold dots and slashes. */
function join(path: string, key: string): string {
  if (/[./]/.test(key)) return `${path}[${key}]`;
  return path === '' ? key : `${path}.${key}`;
}

function tellField(field: string, value: unknown): string {
  if (value === null) return `${field} removed`;
  const text = JSON.stringify(value);
  return text.length > VALUE_MAX_LENGTH ? field : `${field} = ${text}`;
}
