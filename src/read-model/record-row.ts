/** Reads stored rows: as records, or as Kubernetes' manifests without parsing what is JSON already. */
import type { ObjectContext, ObjectRecord } from '../../machines/index.ts';
import { kindOf } from './derived-rows.ts';
import type { ObjectRow } from './schema.ts';

/** Columns a manifest is made of. */
export type ManifestRow = Pick<
  ObjectRow,
  'kind' | 'namespace' | 'name' | 'revision' | 'metadata' | 'spec' | 'status' | 'body'
>;

/** Columns of a manifest, for select lists. */
export const MANIFEST_COLUMNS = [
  'kind',
  'namespace',
  'name',
  'revision',
  'metadata',
  'spec',
  'status',
  'body',
] as const;

const headByKind = new Map<string, string>();

function manifestHead(kindName: string): string {
  let head = headByKind.get(kindName);
  if (head === undefined) {
    const { apiVersion, kind } = kindOf(kindName);
    head = `{"apiVersion":${JSON.stringify(apiVersion)},"kind":${JSON.stringify(kind)},"metadata":`;
    headByKind.set(kindName, head);
  }
  return head;
}

/** The object as Kubernetes shows it, as JSON text: texts put together, resourceVersion spliced into the metadata. */
export function manifestText(row: ManifestRow): string {
  const { metadata, spec, status, body } = row;
  let text = `${manifestHead(row.kind)}${metadata.slice(0, -1)},"resourceVersion":"${row.revision}"}`;
  if (spec !== null) text += `,"spec":${spec}`;
  if (status !== null) text += `,"status":${status}`;
  if (body !== null) text += `,${body.slice(1, -1)}`;
  return `${text}}`;
}

/** The record as the fold has it. */
export function recordOf(row: ObjectRow): ObjectRecord {
  const context: Record<string, unknown> = { metadata: JSON.parse(row.metadata) };
  if (row.spec !== null) context['spec'] = JSON.parse(row.spec);
  if (row.status !== null) context['status'] = JSON.parse(row.status);
  if (row.body !== null) Object.assign(context, JSON.parse(row.body));
  if (row.private !== null) Object.assign(context, JSON.parse(row.private));
  return {
    kind: row.kind,
    namespace: row.namespace,
    name: row.name,
    uid: row.uid,
    revision: row.revision,
    createdRevision: row.created_revision,
    correlation: row.correlation,
    value: row.state,
    context: context as unknown as ObjectContext,
  };
}
