/** Turns list requests into SQL: one query per shape of request, its values bound by name. */
import type { SelectorRequirement } from '../../machines/index.ts';
import { sql, type Expression, type ExpressionBuilder, type Kysely, type SqlBool } from 'kysely';
import { bound } from './database.ts';
import type { FieldRequirement } from './field-selector.ts';
import type { ListRequest } from './list-request.ts';
import type { ObjectRow, Tables } from './schema.ts';

/** The values of a request, by the names its query has for them. */
export type ListValues = Record<string, string | number>;

/** What decides the text of a request's query; requests of one shape share a statement. */
export function shapeOf(request: ListRequest): string {
  return JSON.stringify([
    request.namespace !== undefined,
    request.ownerUid !== undefined,
    request.after !== undefined,
    request.labelSelector?.map(({ operator }) => operator),
    request.annotationSelector?.map(({ operator }) => operator),
    request.fieldSelector?.map(({ field, operator, value }) => [field, operator, value === '']),
  ]);
}

/** The request's values; sets are JSON arrays, so that their size does not change the query. */
export function valuesOf(request: ListRequest, limit: number): ListValues {
  const values: ListValues = { kind: request.kind, limit };
  if (request.namespace !== undefined) values['namespace'] = request.namespace;
  if (request.ownerUid !== undefined) values['owner'] = request.ownerUid;
  if (request.after !== undefined) {
    values['after_namespace'] = request.after.namespace;
    values['after_name'] = request.after.name;
  }
  for (const table of ['labels', 'annotations'] as const) {
    for (const [index, { key, values: wanted }] of pairRequirements(request, table).entries()) {
      values[`${table}_${index}_key`] = key;
      values[`${table}_${index}_values`] = JSON.stringify(wanted ?? []);
    }
  }
  for (const [index, { value }] of (request.fieldSelector ?? []).entries()) values[`field_${index}`] = value;
  return values;
}

function pairRequirements(request: ListRequest, table: 'labels' | 'annotations'): readonly SelectorRequirement[] {
  return (table === 'labels' ? request.labelSelector : request.annotationSelector) ?? [];
}

type Builder = ExpressionBuilder<Tables, 'objects'>;
type Condition = Expression<SqlBool>;

/** The SQL of a request's shape, with the given columns. */
export function listQuery(
  builder: Kysely<Tables>,
  request: ListRequest,
  columns: readonly (keyof ObjectRow)[],
): string {
  let query = builder.selectFrom('objects').select(columns).where('kind', '=', bound<string>('kind'));
  if (request.namespace !== undefined) query = query.where('namespace', '=', bound<string>('namespace'));
  if (request.after !== undefined) {
    query =
      request.namespace === undefined
        ? query.where(sql<SqlBool>`(namespace, name) > (@after_namespace, @after_name)`)
        : query.where('name', '>', bound<string>('after_name'));
  }
  if (request.ownerUid !== undefined) query = query.where('owner_uid', '=', bound<string>('owner'));
  for (const table of ['labels', 'annotations'] as const) {
    for (const [index, { operator }] of pairRequirements(request, table).entries()) {
      query = query.where((objects) => pairCondition(objects, table, operator, `${table}_${index}`));
    }
  }
  for (const [index, requirement] of (request.fieldSelector ?? []).entries()) {
    query = query.where((objects) => fieldCondition(objects, requirement, `field_${index}`));
  }
  return query.orderBy('namespace').orderBy('name').limit(bound<number>('limit')).compile().sql;
}

function pairCondition(
  objects: Builder,
  table: 'labels' | 'annotations',
  operator: SelectorRequirement['operator'],
  name: string,
): Condition {
  const withKey = objects
    .selectFrom(table)
    .select(`${table}.object`)
    .where('key', '=', bound<string>(`${name}_key`));
  const withValue = withKey.where(
    'value',
    'in',
    sql<string>`(select value from json_each(${bound(`${name}_values`)}))`,
  );
  switch (operator) {
    case 'In':
      return objects('created_revision', 'in', withValue);
    case 'NotIn':
      return objects('created_revision', 'not in', withValue);
    case 'Exists':
      return objects('created_revision', 'in', withKey);
    case 'DoesNotExist':
      return objects('created_revision', 'not in', withKey);
    default:
      return operator satisfies never;
  }
}

/** An absent field counts as the empty string, as Kubernetes has it. */
function fieldCondition(objects: Builder, { field, operator, value }: FieldRequirement, name: string): Condition {
  const equals = operator === 'Equals';
  const wanted = bound<string>(name);
  if (field === 'metadata.name') return objects('name', equals ? '=' : '!=', wanted);
  if (field === 'metadata.namespace') return objects('namespace', equals ? '=' : '!=', wanted);
  const column = field === 'spec.nodeName' ? 'node' : 'phase';
  const pods = objects.selectFrom('pods').select('pods.object');
  // The empty value is bound too, so that each name of a shape is used.
  const matching =
    value === ''
      ? pods.where(sql<SqlBool>`coalesce(${sql.ref(column)}, '') = ${wanted}`)
      : pods.where(column, '=', wanted);
  return objects('created_revision', equals ? 'in' : 'not in', matching);
}
