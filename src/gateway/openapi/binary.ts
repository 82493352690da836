/** `/openapi/v2` in the binary form that kubectl before 1.29 asks for: as much as it reads, which is who takes which parameters. */
import { kinds, type Kind } from '../../../machines/index.ts';
import { message, text } from '../protobuf/encode.ts';
import { versionOf } from '../resources/target.ts';

/** As clients ask for it, and as it is answered: Go cannot read a media type with an @ in it. */
export const BINARY_WANTED = 'application/com.github.proto-openapi.spec.v2@v1.0+protobuf';
export const BINARY_TYPE = 'application/com.github.proto-openapi.spec.v2.v1.0+protobuf';

// Field numbers of the messages of OpenAPI 2 in protobuf, by message and field.
const DOCUMENT = { swagger: 1, info: 2, paths: 8 };
const INFO = { title: 1, version: 2 };
const PATHS = { path: 2 };
const NAMED = { name: 1, value: 2 };
const PATH_ITEM = { patch: 8 };
const OPERATION = { consumes: 7, parameters: 8, vendorExtension: 13 };
const PARAMETERS_ITEM = { parameter: 1 };
const PARAMETER = { nonBody: 2 };
const NON_BODY = { query: 3 };
const QUERY = { in: 2, name: 4, type: 6 };
const ANY = { yaml: 2 };

/** The document of these parameters and types of a patch, the same for each kind. */
export function binaryDocument(
  parameters: readonly string[],
  consumesOf: (kind: Kind) => readonly string[],
): Uint8Array {
  const paths = [...kinds.values()].map((kind) =>
    message(PATHS.path, [
      text(NAMED.name, pathOf(kind)),
      message(NAMED.value, [message(PATH_ITEM.patch, patchOf(kind, parameters, consumesOf(kind)))]),
    ]),
  );
  const info = [text(INFO.title, 'Periplus'), text(INFO.version, 'v1.32')];
  return Buffer.concat([text(DOCUMENT.swagger, '2.0'), message(DOCUMENT.info, info), message(DOCUMENT.paths, paths)]);
}

function pathOf(kind: Kind): string {
  const { group, plural, namespaced } = kind;
  const root = group === '' ? `/api/${versionOf(kind)}` : `/apis/${group}/${versionOf(kind)}`;
  return `${root}${namespaced ? '/namespaces/{namespace}' : ''}/${plural}/{name}`;
}

function patchOf(kind: Kind, parameters: readonly string[], consumes: readonly string[]): readonly Uint8Array[] {
  const { group } = kind;
  const yaml = `group: ${JSON.stringify(group)}\nkind: ${kind.kind}\nversion: ${versionOf(kind)}\n`;
  return [
    ...consumes.map((type) => text(OPERATION.consumes, type)),
    ...parameters.map((name) => message(OPERATION.parameters, [queryParameter(name)])),
    message(OPERATION.vendorExtension, [
      text(NAMED.name, 'x-kubernetes-group-version-kind'),
      message(NAMED.value, [text(ANY.yaml, yaml)]),
    ]),
  ];
}

function queryParameter(name: string): Uint8Array {
  const query = [text(QUERY.in, 'query'), text(QUERY.name, name), text(QUERY.type, 'string')];
  return message(PARAMETERS_ITEM.parameter, [message(PARAMETER.nonBody, [message(NON_BODY.query, query)])]);
}
