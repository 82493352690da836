/** A list request as terms: each a condition on objects, some of which can also be asked the other way round, "which objects?". */
import { sql, type RawBuilder } from 'kysely';
import type { SelectorRequirement } from '../../machines/index.ts';
import { bound } from './database.ts';
import type { FieldRequirement } from './field-selector.ts';
import type { ListRequest } from './list-request.ts';

type Fragment = RawBuilder<unknown>;

/** One condition of a list. Its values are bound by names that begin with the term's. */
export interface Term {
  /** What decides the term's text; values do not. */
  readonly shape: string;
  readonly values: Readonly<Record<string, string>>;
  /** True for an object; written so that it is looked up object by object. */
  readonly filter: Fragment;
  /** The ids of all objects for which it is true, by an index; absent where that would be most of them. */
  readonly ids?: Fragment;
}

/** The terms of a request, beside its kind. */
export function termsOf(request: ListRequest): readonly Term[] {
  const terms: Term[] = [];
  const { namespace, ownerUid, after } = request;
  if (namespace !== undefined) {
    terms.push({ shape: 'namespace', values: { namespace }, filter: sql`namespace = @namespace` });
  }
  if (after !== undefined) terms.push(afterTerm(namespace === undefined, after.namespace, after.name));
  if (ownerUid !== undefined) {
    terms.push({
      shape: 'owner',
      values: { owner: ownerUid },
      filter: sql`owner_uid = @owner`,
      ids: sql`select created_revision as object from objects where owner_uid = @owner`,
    });
  }
  for (const [index, requirement] of (request.labelSelector ?? []).entries()) {
    terms.push(pairTerm('labels', requirement, `label_${index}`));
  }
  for (const [index, requirement] of (request.annotationSelector ?? []).entries()) {
    terms.push(pairTerm('annotations', requirement, `annotation_${index}`));
  }
  for (const [index, requirement] of (request.fieldSelector ?? []).entries()) {
    terms.push(fieldTerm(requirement, `field_${index}`));
  }
  return terms;
}

function afterTerm(acrossNamespaces: boolean, namespace: string, name: string): Term {
  return acrossNamespaces
    ? {
        shape: 'after',
        values: { after_namespace: namespace, after_name: name },
        filter: sql`(namespace, name) > (@after_namespace, @after_name)`,
      }
    : { shape: 'after name', values: { after_name: name }, filter: sql`name > @after_name` };
}

/** A set of values is a JSON array, so that its size does not change the query. */
function pairTerm(table: 'labels' | 'annotations', requirement: SelectorRequirement, name: string): Term {
  const { operator, key, values = [] } = requirement;
  const withKey = sql`from ${sql.ref(table)} where key = ${bound(`${name}_key`)}`;
  const withValue = sql`${withKey} and value in (select value from json_each(${bound(`${name}_values`)}))`;
  const shape = `${table} ${operator}`;
  switch (operator) {
    case 'In':
      return { shape, values: pairValues(name, key, values), ...positive(withValue) };
    case 'NotIn':
      return { shape, values: pairValues(name, key, values), filter: negative(withValue) };
    case 'Exists':
      return { shape, values: { [`${name}_key`]: key }, ...positive(withKey) };
    case 'DoesNotExist':
      return { shape, values: { [`${name}_key`]: key }, filter: negative(withKey) };
    default:
      return operator satisfies never;
  }
}

function pairValues(name: string, key: string, values: readonly string[]): Readonly<Record<string, string>> {
  return { [`${name}_key`]: key, [`${name}_values`]: JSON.stringify(values) };
}

/** `rows` is `from … where …` over a table with a column `object`. */
function positive(rows: Fragment): Pick<Term, 'filter' | 'ids'> {
  return {
    filter: sql`exists (select 1 ${rows} and object = objects.created_revision)`,
    ids: sql`select object ${rows}`,
  };
}

function negative(rows: Fragment): Fragment {
  return sql`not exists (select 1 ${rows} and object = objects.created_revision)`;
}

/** An absent field counts as the empty string, as Kubernetes has it. */
function fieldTerm({ field, operator, value }: FieldRequirement, name: string): Term {
  const equals = operator === 'Equals';
  const values = { [name]: value };
  const shape = `${field} ${operator} ${value === '' ? 'empty' : 'given'}`;
  if (field === 'metadata.name' || field === 'metadata.namespace') {
    const column = sql.ref(field === 'metadata.name' ? 'objects.name' : 'objects.namespace');
    return { shape, values, filter: equals ? sql`${column} = ${bound(name)}` : sql`${column} <> ${bound(name)}` };
  }
  const column = sql.ref(field === 'spec.nodeName' ? 'node' : 'phase');
  const stored = value === '' ? sql`coalesce(${column}, '')` : column;
  const rows = sql`from pods where ${stored} = ${bound(name)}`;
  return { shape, values, ...(equals ? positive(rows) : { filter: negative(rows) }) };
}
