/** Rows that an object's record leads to beside its own: labels, annotations, deadlines, and the columns of its kind. */
import { controllerOf, kinds, type Kind, type ObjectRecord, type StringMap } from '../../machines/index.ts';

/** Rows of an object in one table, by key: what to take away and what to put in. A changed value is both. */
export interface RowDiff<Value> {
  readonly removed: readonly (readonly [key: string, value: Value])[];
  readonly added: readonly (readonly [key: string, value: Value])[];
}

/** The kind of a record; an unknown one is a bug, since the fold knows them all. */
export function kindOf(name: string): Kind {
  const kind = kinds.get(name);
  if (kind === undefined) throw new Error(`there is no kind ${name}`);
  return kind;
}

export function ownerUidOf(record: ObjectRecord): string | null {
  return controllerOf(record.context.metadata)?.uid ?? null;
}

export function labelsDiff(before: ObjectRecord | undefined, after: ObjectRecord | undefined) {
  return diff(before?.context.metadata.labels, after?.context.metadata.labels);
}

export function annotationsDiff(before: ObjectRecord | undefined, after: ObjectRecord | undefined) {
  return diff(before?.context.metadata.annotations, after?.context.metadata.annotations);
}

export function deadlinesDiff(before: ObjectRecord | undefined, after: ObjectRecord | undefined) {
  return diff(deadlinesOf(before), deadlinesOf(after));
}

function deadlinesOf(record: ObjectRecord | undefined): Readonly<Record<string, number>> | undefined {
  const deadlines = record && kindOf(record.kind).deadlines?.(record);
  if (deadlines === undefined || deadlines.length === 0) return undefined;
  return Object.fromEntries(deadlines.map(({ name, at }) => [name, at]));
}

/** Undefined when nothing differs. */
function diff<Value extends string | number>(
  before: Readonly<Record<string, Value>> | undefined,
  after: Readonly<Record<string, Value>> | undefined,
): RowDiff<Value> | undefined {
  if (before === after) return undefined;
  const removed = Object.entries(before ?? {}).filter(([key, value]) => valueOf(after, key) !== value);
  const added = Object.entries(after ?? {}).filter(([key, value]) => valueOf(before, key) !== value);
  return removed.length + added.length === 0 ? undefined : { removed, added };
}

function valueOf<Value>(pairs: Readonly<Record<string, Value>> | undefined, key: string): Value | undefined {
  return pairs !== undefined && Object.hasOwn(pairs, key) ? pairs[key] : undefined;
}

/** The columns pods are asked by. */
export interface PodColumns {
  readonly node: string | null;
  readonly phase: string | null;
}

interface PodParts {
  readonly metadata: { readonly labels?: StringMap };
  readonly spec?: { readonly nodeName?: string };
  readonly status?: { readonly phase?: string };
}

/** Undefined for everything that is not a pod. */
export function podColumns(record: ObjectRecord | undefined): PodColumns | undefined {
  if (record?.kind !== 'Pod') return undefined;
  const { spec, status } = record.context as PodParts;
  return { node: spec?.nodeName ?? null, phase: status?.phase ?? null };
}
