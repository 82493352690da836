/** What the projector tells its worker of one object: the columns that changed, made into texts here and once for several commits, and rows that differ. */
import type { Kind, ObjectContext, ObjectRecord } from '../../machines/index.ts';
import {
  annotationsDiff,
  deadlinesDiff,
  kindOf,
  labelsDiff,
  ownerUidOf,
  podColumns,
  type PodColumns,
  type RowDiff,
} from './derived-rows.ts';
import type { PendingObject } from './pending-changes.ts';
import type { ObjectRow } from './schema.ts';

/** Columns of an update: revision, correlation and state always, the rest where they changed. */
export type ChangedColumns = Partial<ObjectRow> & Pick<ObjectRow, 'revision' | 'correlation' | 'state'>;

interface DerivedRows {
  readonly labels?: RowDiff<string>;
  readonly annotations?: RowDiff<string>;
  readonly deadlines?: RowDiff<number>;
}

/** One object's change as rows. */
export type RowUpdate = DerivedRows & { readonly object: number } & (
    | { readonly change: 'insert'; readonly columns: ObjectRow; readonly pod?: PodColumns }
    | { readonly change: 'update'; readonly columns: ChangedColumns; readonly pod?: PodColumns }
    | { readonly change: 'remove'; readonly isPod: boolean }
  );

/** Makes the rows of a pending object. */
export function rowUpdate(object: number, pending: PendingObject): RowUpdate {
  const { before, after } = pending;
  const derived = derivedRows(before, after);
  if (after === undefined) return { change: 'remove', object, isPod: podColumns(before) !== undefined, ...derived };
  const pod = changedPod(before, after);
  const withPod = pod === undefined ? {} : { pod };
  if (before === undefined) {
    return { change: 'insert', object, columns: newRow(object, after), ...withPod, ...derived };
  }
  return { change: 'update', object, columns: changedColumns(before, after), ...withPod, ...derived };
}

/** Characters of the texts in it, to bound messages by. */
export function sizeOf(update: RowUpdate): number {
  if (update.change === 'remove') return 0;
  const { metadata, spec, status, body, private: hidden } = update.columns;
  const lengths = [metadata, spec, status, body, hidden].map((text) => text?.length ?? 0);
  return lengths.reduce((sum, length) => sum + length, 0);
}

function derivedRows(before: ObjectRecord | undefined, after: ObjectRecord | undefined): DerivedRows {
  const labels = labelsDiff(before, after);
  const annotations = annotationsDiff(before, after);
  const deadlines = deadlinesDiff(before, after);
  return { ...(labels && { labels }), ...(annotations && { annotations }), ...(deadlines && { deadlines }) };
}

function changedPod(before: ObjectRecord | undefined, after: ObjectRecord): PodColumns | undefined {
  const columns = podColumns(after);
  const known = podColumns(before);
  return columns?.node === known?.node && columns?.phase === known?.phase ? undefined : columns;
}

function newRow(object: number, record: ObjectRecord): ObjectRow {
  const groups = partGroups(kindOf(record.kind));
  return {
    created_revision: object,
    kind: record.kind,
    namespace: record.namespace,
    name: record.name,
    uid: record.uid,
    revision: record.revision,
    correlation: record.correlation,
    state: record.value,
    owner_uid: ownerUidOf(record),
    deleted: record.context.metadata.deletionTimestamp ?? null,
    metadata: partText(record, 'metadata') ?? '{}',
    spec: groups.public.has('spec') ? partText(record, 'spec') : null,
    status: groups.public.has('status') ? partText(record, 'status') : null,
    body: joinedText(record, groups.body),
    private: joinedText(record, privateParts(record, groups)),
  };
}

function changedColumns(before: ObjectRecord, after: ObjectRecord): ChangedColumns {
  const groups = partGroups(kindOf(after.kind));
  const columns: { -readonly [Column in keyof ObjectRow]?: ObjectRow[Column] } = {};
  for (const part of changedParts(before.context, after.context)) {
    if (part === 'metadata') {
      columns.metadata = partText(after, part) ?? '{}';
      columns.deleted = after.context.metadata.deletionTimestamp ?? null;
      if (ownerUidOf(before) !== ownerUidOf(after)) columns.owner_uid = ownerUidOf(after);
    } else if (!groups.public.has(part)) columns.private ??= joinedText(after, privateParts(after, groups));
    else if (part === 'spec' || part === 'status') columns[part] = partText(after, part);
    else columns.body ??= joinedText(after, groups.body);
  }
  return { ...columns, revision: after.revision, correlation: after.correlation, state: after.value };
}

/** Which column a kind's parts are in. */
interface PartGroups {
  readonly public: ReadonlySet<string>;
  /** Public parts beside metadata, spec and status, in the manifest's order. */
  readonly body: readonly string[];
}

const groupsByKind = new Map<string, PartGroups>();

function partGroups(kind: Kind): PartGroups {
  let groups = groupsByKind.get(kind.kind);
  if (groups === undefined) {
    const body = kind.parts.filter((part) => part !== 'spec' && part !== 'status');
    groupsByKind.set(kind.kind, (groups = { public: new Set(kind.parts), body }));
  }
  return groups;
}

function privateParts(record: ObjectRecord, groups: PartGroups): string[] {
  return Object.keys(record.context).filter((part) => part !== 'metadata' && !groups.public.has(part));
}

/** Several parts as one JSON object; null where there is none. */
function joinedText(record: ObjectRecord, parts: readonly string[]): string | null {
  const members: string[] = [];
  for (const part of parts) {
    const text = partText(record, part);
    if (text !== null) members.push(`${JSON.stringify(part)}:${text}`);
  }
  return members.length === 0 ? null : `{${members.join(',')}}`;
}

function partText(record: ObjectRecord, part: string): string | null {
  const value = partsOf(record.context)[part];
  return value === undefined ? null : JSON.stringify(value);
}

/** Parts that a commit touched: it makes a new value of each, and leaves the others the very same. */
function changedParts(before: ObjectContext, after: ObjectContext): readonly string[] {
  const old = partsOf(before);
  const parts = partsOf(after);
  return [...new Set([...Object.keys(old), ...Object.keys(parts)])].filter((part) => old[part] !== parts[part]);
}

function partsOf(context: ObjectContext): Readonly<Record<string, unknown>> {
  return context as unknown as Readonly<Record<string, unknown>>;
}
