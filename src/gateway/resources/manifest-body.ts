/** Manifests as clients send them: read, checked against the path, and freed of what clients write without meaning it. */
import type { Kind } from '../../../machines/index.ts';
import { decodeObject, type Fields } from '../http/body.ts';
import type { Exchange } from '../http/exchange.ts';
import { StatusError } from '../http/status.ts';
import { invalidOption } from '../verbs/versions.ts';
import { withKnownFields } from './unknown-fields.ts';

/** A manifest whose metadata is an object. */
export interface GivenObject extends Fields {
  readonly metadata: Fields;
}

/** Reads the body of a create or an update. Raises BadRequest, UnsupportedMediaType, RequestEntityTooLarge. */
export async function readManifest(exchange: Exchange, kind: Kind): Promise<GivenObject> {
  return completeManifest(exchange, kind, decodeObject(await exchange.body()));
}

/** The manifest, checked to be of its kind and without unknown fields. */
export function completeManifest(exchange: Exchange, kind: Kind, given: Fields): GivenObject {
  const { apiVersion = kind.apiVersion, kind: name = kind.kind, metadata = {} } = given;
  if (apiVersion !== kind.apiVersion) {
    const message = `the API version in the data (${String(apiVersion)}) does not match the expected API version (${kind.apiVersion})`;
    throw new StatusError('BadRequest', message);
  }
  if (name !== kind.kind) {
    const message = `the kind in the data (${String(name)}) does not match the expected kind (${kind.kind})`;
    throw new StatusError('BadRequest', message);
  }
  if (typeof metadata !== 'object' || metadata === null || Array.isArray(metadata))
    throw new StatusError('BadRequest', 'metadata: must be an object');
  const manifest = withoutNulls({ ...given, metadata }) as Fields;
  return withKnownFields(exchange, kind, manifest) as GivenObject;
}

/** A field that is null is one that is not there: Go's clients write both alike. */
function withoutNulls(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(withoutNulls);
  if (typeof value !== 'object' || value === null) return value;
  const entries = Object.entries(value).filter(([, inner]) => inner !== null);
  return Object.fromEntries(entries.map(([name, inner]) => [name, withoutNulls(inner)]));
}

/** Whether a request is only to be tried. Raises Invalid. */
export function isDryRun(values: readonly string[], kind: string): boolean {
  const [other] = values.filter((value) => value !== 'All');
  if (other !== undefined) {
    const why = `Unsupported value: ${JSON.stringify(other)}: supported values: "All"`;
    throw invalidOption('dryRun', 'FieldValueNotSupported', why, kind);
  }
  return values.length > 0;
}
