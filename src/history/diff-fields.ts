/** What is different between two manifests, field by field, for people. */
import { equalJson } from '../../machines/index.ts';
import { isFields, namedMembers } from './diff-lists.ts';

/** One field that is there, gone, or another. */
export type FieldChange =
  | { readonly change: 'added'; readonly path: string; readonly after: unknown }
  | { readonly change: 'removed'; readonly path: string; readonly before: unknown }
  | { readonly change: 'changed'; readonly path: string; readonly before: unknown; readonly after: unknown }
  /** The members of a list, named, that are the same in another order. */
  | { readonly change: 'reordered'; readonly path: string; readonly before: unknown; readonly after: unknown };

/** The changes that make one value the other; in the order of the fields, those of the first value before new ones. */
export function fieldChanges(before: unknown, after: unknown, path: Path = []): readonly FieldChange[] {
  if (equalJson(before, after)) return [];
  if (before === undefined && !isFlat(after, path)) return [{ change: 'added', path: pathText(path), after }];
  if (after === undefined && !isFlat(before, path)) return [{ change: 'removed', path: pathText(path), before }];
  if (before === undefined) return fieldChanges({}, after, path);
  if (after === undefined) return fieldChanges(before, {}, path);
  if (isFields(before) && isFields(after)) {
    const [one, other] = [new Map(Object.entries(before)), new Map(Object.entries(after))];
    return memberChanges(one, other, (name) => [...path, { field: name }]);
  }
  if (Array.isArray(before) && Array.isArray(after)) return listChanges(before, after, path);
  return [{ change: 'changed', path: pathText(path), before, after }];
}

/** Labels and the like, which read better one by one even where all are new. A member of a list stands for itself. */
function isFlat(value: unknown, path: Path): boolean {
  const last = path.at(-1);
  if (!isFields(value) || last === undefined || 'member' in last) return false;
  const members = Object.values(value);
  return members.length > 0 && members.every((member) => typeof member !== 'object');
}

type Path = readonly ({ readonly field: string } | { readonly member: string })[];

function listChanges(before: readonly unknown[], after: readonly unknown[], path: Path): readonly FieldChange[] {
  const last = path.at(-1);
  const named = namedMembers(last !== undefined && 'field' in last ? last.field : '', before, after);
  if (named === undefined) return [{ change: 'changed', path: pathText(path), before, after }];
  const changes = memberChanges(...named, (member) => [...path, { member }]);
  const [one, other] = named;
  const was = [...one.keys()].filter((name) => other.has(name));
  const is = [...other.keys()].filter((name) => one.has(name));
  if (equalJson(was, is)) return changes;
  return [...changes, { change: 'reordered', path: pathText(path), before: was, after: is }];
}

function memberChanges(
  before: ReadonlyMap<string, unknown>,
  after: ReadonlyMap<string, unknown>,
  pathTo: (name: string) => Path,
): readonly FieldChange[] {
  return [...new Set([...before.keys(), ...after.keys()])].flatMap((name) =>
    fieldChanges(before.get(name), after.get(name), pathTo(name)),
  );
}

const PLAIN_FIELD = /^[A-Za-z_$][\w$]*$/;

/** `spec.containers[main].image`, `metadata.labels[example.com/app]`. */
function pathText(path: Path): string {
  return path
    .map((step, index) => {
      if ('member' in step) return `[${step.member}]`;
      if (!PLAIN_FIELD.test(step.field)) return `[${step.field}]`;
      return index === 0 ? step.field : `.${step.field}`;
    })
    .join('');
}
