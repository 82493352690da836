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
  if (before === undefined) {
    const none = emptyOf(after, path);
    return none ? fieldChanges(none, after, path) : [{ change: 'added', path: pathText(path), after }];
  }
  if (after === undefined) {
    const none = emptyOf(before, path);
    return none ? fieldChanges(before, none, path) : [{ change: 'removed', path: pathText(path), before }];
  }
  if (isFields(before) && isFields(after)) {
    const [one, other] = [new Map(Object.entries(before)), new Map(Object.entries(after))];
    return memberChanges(one, other, (name) => [...path, { field: name }]);
  }
  if (Array.isArray(before) && Array.isArray(after)) return listChanges(before, after, path);
  return [{ change: 'changed', path: pathText(path), before, after }];
}

/** Nothing, of what reads better one by one even where all is new: labels, conditions. A member of a list stands for itself. */
function emptyOf(value: unknown, path: Path): object | undefined {
  const last = path.at(-1);
  if (last === undefined || 'member' in last) return undefined;
  if (Array.isArray(value)) return value.length > 0 && namedMembers(last.field, [], value) ? [] : undefined;
  if (!isFields(value)) return undefined;
  const members = Object.values(value);
  return members.length > 0 && members.every((member) => typeof member !== 'object') ? {} : undefined;
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
