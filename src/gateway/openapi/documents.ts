/** `/openapi/v3` and `/openapi/v2`: documents of what is served, with the paths and parameters that clients look for. */
import { hash } from 'node:crypto';
import { kinds, type Kind } from '../../../machines/index.ts';
import { patchTypesOf } from '../patch/patch-body.ts';
import { groups, kindsOf, versionOf } from '../resources/target.ts';
import { binaryDocument } from './binary.ts';
import { definitionsOf, schemaName, type Schema } from './schemas.ts';

const V3_REFERENCE = '#/components/schemas/';
const V2_REFERENCE = '#/definitions/';
const TITLE = { title: 'Periplus', version: 'v1.32' };
const HASH_LENGTH = 32;

const WRITE_PARAMETERS = ['dryRun', 'fieldManager', 'fieldValidation', 'pretty'];
const READ_PARAMETERS = ['pretty', 'resourceVersion', 'resourceVersionMatch'];
const LIST_PARAMETERS = [
  ...READ_PARAMETERS,
  'allowWatchBookmarks',
  'continue',
  'fieldSelector',
  'labelSelector',
  'limit',
  'sendInitialEvents',
  'timeoutSeconds',
  'watch',
];
const DELETE_PARAMETERS = ['dryRun', 'gracePeriodSeconds', 'orphanDependents', 'propagationPolicy', 'pretty'];

/** By the path below `/openapi/v3/`: `api/v1`, `apis/periplus.dev/v1`. */
const groupVersions = (): ReadonlyMap<string, readonly Kind[]> =>
  new Map([
    ['api/v1', kindsOf('', 'v1')],
    ...[...groups()].flatMap(([group, versions]) =>
      versions.map((version) => [`apis/${group}/${version}`, kindsOf(group, version)] as const),
    ),
  ]);

/** They never change while the process runs. */
const documents = new Map<string, string>();

/** `/openapi/v3`: where each group version's document is, by its content, so that clients may keep it. */
export function openapiV3Index(): object {
  const paths = [...groupVersions().keys()].map((path) => {
    const digest = hash('sha256', openapiV3(path) ?? '', 'hex')
      .slice(0, HASH_LENGTH)
      .toUpperCase();
    return [path, { serverRelativeURL: `/openapi/v3/${path}?hash=${digest}` }];
  });
  return { paths: Object.fromEntries(paths) as object };
}

/** The document of a group version, JSON; undefined where there is none. */
export function openapiV3(path: string): string | undefined {
  const found = groupVersions().get(path);
  if (found === undefined) return undefined;
  return kept(path, () => ({
    openapi: '3.0.0',
    info: TITLE,
    paths: Object.assign({}, ...found.map((kind) => pathsOf(kind, v3Operation))) as object,
    components: { schemas: definitionsOf(found, V3_REFERENCE) },
  }));
}

/** One document of all, JSON. */
export function openapiV2(): string {
  const all = [...kinds.values()];
  return kept('v2', () => ({
    swagger: '2.0',
    info: TITLE,
    paths: Object.assign({}, ...all.map((kind) => pathsOf(kind, v2Operation))) as object,
    definitions: definitionsOf(all, V2_REFERENCE),
  }));
}

/** The same in binary, as far as clients that want nothing else read it. */
export function openapiV2Binary(): Uint8Array {
  return (binary ??= binaryDocument([...WRITE_PARAMETERS, 'force'], ({ group }) => patchTypesOf(group)));
}

let binary: Uint8Array | undefined;

function kept(name: string, make: () => object): string {
  let text = documents.get(name);
  if (text === undefined) documents.set(name, (text = JSON.stringify(make())));
  return text;
}

interface Operation {
  readonly action: string;
  readonly parameters: readonly string[];
  /** Types of the body; none where there is no body. */
  readonly consumes?: readonly string[];
  readonly list?: true;
}

type Describe = (kind: Kind, operation: Operation) => Schema;

function pathsOf(kind: Kind, describe: Describe): Readonly<Record<string, Schema>> {
  const { group, plural, namespaced } = kind;
  const root = group === '' ? `/api/${versionOf(kind)}` : `/apis/${group}/${versionOf(kind)}`;
  const collection = namespaced ? `${root}/namespaces/{namespace}/${plural}` : `${root}/${plural}`;
  const list: Operation = { action: 'list', parameters: LIST_PARAMETERS, list: true };
  const body = ['application/json', 'application/yaml'];
  const name = parametersIn('path', namespaced ? ['namespace', 'name'] : ['name']);
  return {
    ...(namespaced ? { [`${root}/${plural}`]: { get: describe(kind, list) } } : {}),
    [collection]: {
      get: describe(kind, list),
      post: describe(kind, { action: 'post', parameters: WRITE_PARAMETERS, consumes: body }),
      delete: describe(kind, { action: 'deletecollection', parameters: [...LIST_PARAMETERS, ...DELETE_PARAMETERS] }),
      ...(namespaced ? { parameters: parametersIn('path', ['namespace']) } : {}),
    },
    [`${collection}/{name}`]: {
      get: describe(kind, { action: 'get', parameters: READ_PARAMETERS }),
      put: describe(kind, { action: 'put', parameters: WRITE_PARAMETERS, consumes: body }),
      patch: describe(kind, {
        action: 'patch',
        parameters: [...WRITE_PARAMETERS, 'force'],
        consumes: patchTypesOf(kind.group),
      }),
      delete: describe(kind, { action: 'delete', parameters: DELETE_PARAMETERS }),
      parameters: name,
    },
  };
}

function v3Operation(kind: Kind, { action, parameters, consumes, list }: Operation): Schema {
  const schema = { $ref: `${V3_REFERENCE}${schemaName(kind)}${list ? 'List' : ''}` };
  const body = (type: string) => [type, { schema: action === 'patch' ? {} : schema }] as const;
  return {
    ...commonOf(kind, action),
    parameters: parametersIn('query', parameters),
    ...(consumes === undefined
      ? {}
      : { requestBody: { content: Object.fromEntries(consumes.map(body)), required: true } }),
    responses: { 200: { description: 'OK', content: { 'application/json': { schema } } } },
  };
}

function v2Operation(kind: Kind, { action, parameters, consumes, list }: Operation): Schema {
  const schema = { $ref: `${V2_REFERENCE}${schemaName(kind)}${list ? 'List' : ''}` };
  const body = { name: 'body', in: 'body', required: true, schema: action === 'patch' ? { type: 'object' } : schema };
  const query = parameters.map((name) => ({ name, in: 'query', type: 'string', uniqueItems: true }));
  return {
    ...commonOf(kind, action),
    ...(consumes === undefined ? {} : { consumes }),
    produces: ['application/json', 'application/yaml'],
    parameters: consumes === undefined ? query : [body, ...query],
    responses: { 200: { description: 'OK', schema } },
  };
}

function commonOf(kind: Kind, action: string): Schema {
  const { group } = kind;
  return {
    operationId: `${action}${group === '' ? 'Core' : group.replaceAll('.', '')}${versionOf(kind)}${kind.kind}`,
    'x-kubernetes-action': action,
    'x-kubernetes-group-version-kind': { group, version: versionOf(kind), kind: kind.kind },
  };
}

function parametersIn(place: 'path' | 'query', names: readonly string[]): readonly object[] {
  return names.map((name) => ({
    name,
    in: place,
    ...(place === 'path' ? { required: true } : {}),
    schema: { type: 'string', uniqueItems: true },
  }));
}
