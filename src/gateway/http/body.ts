/** A request's body: read within its limits, and decoded by its content type. */
import type { IncomingMessage } from 'node:http';
import { parseDocument } from 'yaml';
import { isNestedDeeperThan } from '../../bus/json-depth.ts';
import { JSON_MAX_DEPTH } from '../../bus/limits.ts';
import { decodeProtobuf, PROTOBUF, ProtobufError } from '../protobuf/decode.ts';
import { parseMediaType } from './negotiation.ts';
import { StatusError } from './status.ts';

/** Kubernetes' own limit of a request's body. */
export const BODY_MAX_BYTES = 3 * 1024 * 1024;
/** YAML is a hundred times slower to read than JSON, and while it is read nobody else is answered. */
export const YAML_MAX_BYTES = 1024 * 1024;
/** Enough for anchors that people write; far too few for an expansion bomb. */
const YAML_MAX_ALIASES = 100;

/** A body with its type. */
export interface Body {
  readonly type: string;
  readonly bytes: Uint8Array;
}

export type Fields = Readonly<Record<string, unknown>>;

/** Reads the whole body. Rejects with RequestEntityTooLarge. */
export async function readBody(request: IncomingMessage): Promise<Body> {
  if (Number(request.headers['content-length'] ?? 0) > BODY_MAX_BYTES) throw tooLarge();
  const chunks: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of request as AsyncIterable<Uint8Array>) {
    size += chunk.byteLength;
    if (size > BODY_MAX_BYTES) throw tooLarge();
    chunks.push(chunk);
  }
  // Kubernetes takes a body without a type for JSON.
  const type = parseMediaType(request.headers['content-type'] ?? 'application/json').type;
  return { type, bytes: Buffer.concat(chunks) };
}

function tooLarge(): StatusError {
  return new StatusError('RequestEntityTooLarge', `Request entity too large: limit is ${BODY_MAX_BYTES}`);
}

/** An object out of a body of JSON or YAML. Raises UnsupportedMediaType or BadRequest. */
export function decodeObject(body: Body): Fields {
  const value = decodeValue(body);
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw new StatusError('BadRequest', 'the object provided is unrecognized (must be a JSON or YAML object)');
  }
  return value as Fields;
}

/** JSON or YAML, whatever it holds. */
export function decodeValue({ type, bytes }: Body): unknown {
  if (type.endsWith('yaml')) return decodeYaml(bytes);
  if (type === PROTOBUF) return fromProtobuf(bytes);
  if (type === 'application/json' || type.endsWith('+json')) return decodeJson(bytes);
  throw new StatusError(
    'UnsupportedMediaType',
    `the body of the request was in an unknown format - accepted media types include: application/json, application/yaml (it was ${type})`,
  );
}

function decodeJson(bytes: Uint8Array): unknown {
  if (isNestedDeeperThan(bytes, JSON_MAX_DEPTH)) throw tooDeep();
  try {
    return JSON.parse(textOf(bytes));
  } catch (error) {
    if (error instanceof StatusError) throw error;
    throw new StatusError('BadRequest', `the object provided is unrecognized: ${(error as Error).message}`);
  }
}

function fromProtobuf(bytes: Uint8Array): unknown {
  try {
    return decodeProtobuf(bytes);
  } catch (error) {
    if (!(error instanceof ProtobufError)) throw error;
    throw new StatusError(error.why === 'unknown' ? 'UnsupportedMediaType' : 'BadRequest', error.message);
  }
}

function decodeYaml(bytes: Uint8Array): unknown {
  if (bytes.byteLength > YAML_MAX_BYTES) {
    const message = `Request entity too large: limit of YAML is ${YAML_MAX_BYTES}; send JSON`;
    throw new StatusError('RequestEntityTooLarge', message);
  }
  // Brackets of flow style nest as JSON's do, and this looks at nothing else.
  if (isNestedDeeperThan(bytes, JSON_MAX_DEPTH)) throw tooDeep();
  try {
    const document = parseDocument(textOf(bytes), { schema: 'core', strict: true, uniqueKeys: true });
    const [error] = document.errors;
    if (error) throw error;
    const value: unknown = document.toJS({ maxAliasCount: YAML_MAX_ALIASES });
    requireShallow(value, 0);
    return value;
  } catch (error) {
    if (error instanceof StatusError) throw error;
    if (error instanceof RangeError) throw tooDeep();
    throw new StatusError('BadRequest', `error converting YAML to JSON: ${(error as Error).message}`);
  }
}

function requireShallow(value: unknown, depth: number): void {
  if (depth > JSON_MAX_DEPTH) throw tooDeep();
  if (typeof value !== 'object' || value === null) return;
  for (const inner of Object.values(value)) requireShallow(inner, depth + 1);
}

function tooDeep(): StatusError {
  return new StatusError('BadRequest', `the body is nested deeper than ${JSON_MAX_DEPTH} levels`);
}

const decoder = new TextDecoder('utf-8', { fatal: true });

function textOf(bytes: Uint8Array): string {
  try {
    return decoder.decode(bytes);
  } catch {
    throw new StatusError('BadRequest', 'the body is not valid UTF-8');
  }
}
