/** OpenAPI schemas of the kinds, out of the schemas that their manifests are checked with; fields that are refused are left out. */
import type { Kind } from '../../../machines/index.ts';
import { listMergeOf } from '../patch/merge-keys.ts';
import { versionOf } from '../resources/target.ts';

/** A JSON Schema as TypeBox makes them. */
interface Source {
  readonly type?: string | readonly string[];
  readonly description?: string;
  readonly properties?: Readonly<Record<string, Source>>;
  readonly patternProperties?: Readonly<Record<string, Source>>;
  readonly required?: readonly string[];
  readonly items?: Source;
  readonly enum?: readonly unknown[];
  readonly const?: unknown;
  readonly anyOf?: readonly Source[];
  readonly not?: unknown;
  readonly minimum?: number;
  readonly maximum?: number;
}

/** An OpenAPI schema. */
export type Schema = Readonly<Record<string, unknown>>;

/** What is the same in every kind, and what the cluster adds to what users write. */
export const OBJECT_META = 'io.k8s.apimachinery.pkg.apis.meta.v1.ObjectMeta';
const LIST_META = 'io.k8s.apimachinery.pkg.apis.meta.v1.ListMeta';

const DESCRIPTIONS: Readonly<Record<string, string>> = {
  apiVersion: 'APIVersion defines the versioned schema of this representation of an object.',
  kind: 'Kind is a string value representing the REST resource this object represents.',
  metadata: "Standard object's metadata.",
  spec: 'What is wanted.',
  status: 'What is: reported by the cluster, never written by users.',
};

/** The definition's name of a kind: `io.k8s.api.core.v1.Pod`, `dev.periplus.v1.CellConfiguration`. */
export function schemaName(kind: Kind): string {
  const version = versionOf(kind);
  if (kind.group === '') return `io.k8s.api.core.${version}.${kind.kind}`;
  return `${kind.group.split('.').toReversed().join('.')}.${version}.${kind.kind}`;
}

/** Definitions of kinds and of what they refer to, `reference` before each name that is referred to. */
export function definitionsOf(kinds: readonly Kind[], reference: string): Readonly<Record<string, Schema>> {
  const definitions: Record<string, Schema> = {};
  for (const kind of kinds) {
    const name = schemaName(kind);
    const gvk = [{ group: kind.group, version: versionOf(kind), kind: kind.kind }];
    definitions[name] = { ...objectSchema(kind, reference), 'x-kubernetes-group-version-kind': gvk };
    definitions[`${name}List`] = listSchema(kind, reference);
    const { metadata } = (kind.manifest as Source).properties ?? {};
    if (metadata !== undefined) definitions[OBJECT_META] = convert(metadata, { kind: kind.kind, path: 'metadata' });
  }
  definitions[LIST_META] = {
    type: 'object',
    properties: {
      resourceVersion: { type: 'string' },
      continue: { type: 'string' },
      remainingItemCount: { type: 'integer', format: 'int64' },
    },
  };
  return definitions;
}

function objectSchema(kind: Kind, reference: string): Schema {
  const schema = convert(kind.manifest as Source, { kind: kind.kind, path: '' });
  const properties = { ...(schema['properties'] as Record<string, Schema>) };
  for (const [field, description] of Object.entries(DESCRIPTIONS))
    if (properties[field] !== undefined) properties[field] = { ...properties[field], description };
  properties['metadata'] = { ...referTo(OBJECT_META, reference), description: DESCRIPTIONS['metadata'] };
  return { description: `${kind.kind} of ${kind.apiVersion}.`, ...schema, properties };
}

function listSchema(kind: Kind, reference: string): Schema {
  const version = versionOf(kind);
  return {
    description: `A list of ${kind.plural}.`,
    type: 'object',
    required: ['items'],
    properties: {
      apiVersion: { type: 'string' },
      kind: { type: 'string' },
      metadata: referTo(LIST_META, reference),
      items: { type: 'array', items: referTo(schemaName(kind), reference) },
    },
    'x-kubernetes-group-version-kind': [{ group: kind.group, version, kind: `${kind.kind}List` }],
  };
}

/** Kubernetes' own documents wrap references, beside which nothing else may stand, likewise. */
function referTo(name: string, reference: string): Schema {
  return reference.includes('components')
    ? { allOf: [{ $ref: `${reference}${name}` }], default: {} }
    : { $ref: `${reference}${name}` };
}

interface Place {
  readonly kind: string;
  readonly path: string;
}

function convert(source: Source, place: Place): Schema {
  const described = source.description === undefined ? {} : { description: source.description };
  if (source.anyOf !== undefined) {
    const [only] = source.anyOf.filter(({ type }) => type !== 'null');
    return { ...described, ...(only === undefined ? {} : convert(only, place)), nullable: true };
  }
  // A quantity: a number is as good as its text.
  if (Array.isArray(source.type)) return { ...described, 'x-kubernetes-int-or-string': true };
  const { type } = source;
  if (type === 'array') {
    const items = source.items === undefined ? {} : convert(source.items, place);
    return { ...described, type, items, ...mergeOf(place) };
  }
  if (type === 'object') return { ...described, ...convertObject(source, place) };
  return {
    ...described,
    ...(type === undefined ? { 'x-kubernetes-preserve-unknown-fields': true, type: 'object' } : { type }),
    ...(source.enum === undefined ? {} : { enum: source.enum }),
    ...(source.const === undefined ? {} : { enum: [source.const] }),
    ...(source.minimum === undefined ? {} : { minimum: source.minimum }),
    ...(source.maximum === undefined ? {} : { maximum: source.maximum }),
  };
}

function convertObject(source: Source, { kind, path }: Place): Schema {
  const values = Object.values(source.patternProperties ?? {})[0];
  if (values !== undefined)
    return { type: 'object', additionalProperties: convert(values, { kind, path: `${path}.*` }) };
  const properties = Object.entries(source.properties ?? {})
    .filter(([, inner]) => inner.not === undefined)
    .map(([field, inner]) => [field, convert(inner, { kind, path: path === '' ? field : `${path}.${field}` })]);
  const required = (source.required ?? []).filter((field) => field !== 'metadata');
  return {
    type: 'object',
    ...(required.length > 0 ? { required } : {}),
    properties: Object.fromEntries(properties) as Record<string, Schema>,
  };
}

/** How clients and we merge the list, as Kubernetes' documents say it. */
function mergeOf({ kind, path }: Place): Schema {
  const merge = listMergeOf(kind, path);
  if (merge === undefined) return { 'x-kubernetes-list-type': 'atomic' };
  if ('set' in merge) return { 'x-kubernetes-patch-strategy': 'merge', 'x-kubernetes-list-type': 'set' };
  return {
    'x-kubernetes-list-type': 'map',
    'x-kubernetes-list-map-keys': [merge.key],
    'x-kubernetes-patch-merge-key': merge.key,
    'x-kubernetes-patch-strategy': merge.retainKeys ? 'merge,retainKeys' : 'merge',
  };
}
