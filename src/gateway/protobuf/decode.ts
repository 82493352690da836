/** Bodies in Kubernetes' binary form, which Go's typed clients send without asking: read into what the same body is as JSON. */
import protobuf from 'protobufjs/minimal.js';
import { formatTime } from '../../foundation/clock.ts';
import { BODY_KINDS, MESSAGES, type FieldType } from './messages.ts';

export const PROTOBUF = 'application/vnd.kubernetes.protobuf';

/** What a body begins with: `k8s` and a zero. */
const MAGIC = Uint8Array.of(0x6b, 0x38, 0x73, 0x00);
/** Messages of our table nest no deeper. */
const DEPTH_MAX = 8;
const MS_PER_SECOND = 1_000;

/** The body cannot be read; the message says why. `unknown`: it is of a kind, or has a field, that is read as JSON only. */
export class ProtobufError extends Error {
  override readonly name = 'ProtobufError';
  readonly why: 'unknown' | 'malformed';

  constructor(why: ProtobufError['why'], message: string, options?: ErrorOptions) {
    super(message, options);
    this.why = why;
  }
}

type Fields = Record<string, unknown>;
type Reader = protobuf.Reader;

/** Reads a body. Raises ProtobufError. */
export function decodeProtobuf(bytes: Uint8Array): Readonly<Fields> {
  if (!MAGIC.every((byte, index) => bytes[index] === byte))
    throw new ProtobufError('malformed', 'the body does not begin as the protobuf of Kubernetes does');
  try {
    const { apiVersion, kind, raw } = readEnvelope(protobuf.Reader.create(bytes.subarray(MAGIC.length)));
    if (!BODY_KINDS.includes(kind)) {
      throw new ProtobufError(
        'unknown',
        `${kind || 'a body without a kind'} is read as JSON or YAML only, not as protobuf`,
      );
    }
    return { apiVersion, kind, ...readMessage(protobuf.Reader.create(raw), kind, 0) };
  } catch (error) {
    if (error instanceof ProtobufError) throw error;
    throw new ProtobufError('malformed', 'the body is no protobuf', { cause: error });
  }
}

/** runtime.Unknown: what it is, and its bytes. */
function readEnvelope(reader: Reader) {
  const found = { apiVersion: '', kind: '', raw: new Uint8Array() };
  while (reader.pos < reader.len) {
    const tag = reader.uint32();
    if (tag >>> 3 === 1) {
      const type = protobuf.Reader.create(reader.bytes());
      while (type.pos < type.len) {
        const field = type.uint32();
        if (field >>> 3 === 1) found.apiVersion = type.string();
        else if (field >>> 3 === 2) found.kind = type.string();
        else type.skipType(field & 7);
      }
    } else if (tag >>> 3 === 2) found.raw = new Uint8Array(reader.bytes());
    else reader.skipType(tag & 7);
  }
  return found;
}

function readMessage(reader: Reader, name: string, depth: number): Fields {
  if (depth > DEPTH_MAX) throw new ProtobufError('malformed', 'the body is nested too deeply');
  const message = MESSAGES[name] ?? {};
  const fields: Fields = {};
  while (reader.pos < reader.len) {
    const tag = reader.uint32();
    const known = Object.hasOwn(message, tag >>> 3) ? message[tag >>> 3] : undefined;
    if (known === undefined)
      throw new ProtobufError('unknown', `field ${tag >>> 3} of ${name} is not known here: send JSON`);
    const [field, type] = known;
    if (type === 'ignored') reader.skipType(tag & 7);
    else readField(reader, fields, { field, type, depth });
  }
  return fields;
}

interface Place {
  readonly field: string;
  readonly type: Exclude<FieldType, 'ignored'>;
  readonly depth: number;
}

/** Go writes what is empty too; JSON leaves it out. */
function readField(reader: Reader, fields: Fields, { field, type, depth }: Place): void {
  switch (type) {
    case 'string': {
      const text = reader.string();
      if (text !== '') fields[field] = text;
      return;
    }
    case 'strings':
      return append(fields, field, reader.string());
    case 'bool':
      fields[field] = reader.bool();
      return;
    case 'int': {
      const number = Number(reader.int64());
      if (number !== 0 || field !== 'generation') fields[field] = number;
      return;
    }
    case 'time': {
      const seconds = readTime(protobuf.Reader.create(reader.bytes()));
      if (seconds !== undefined) fields[field] = formatTime(seconds * MS_PER_SECOND);
      return;
    }
    case 'string-map':
    case 'bytes-map': {
      const [key, value] = readEntry(protobuf.Reader.create(reader.bytes()), type);
      Object.defineProperty((fields[field] ??= {}), key, {
        value,
        enumerable: true,
        configurable: true,
        writable: true,
      });
      return;
    }
    default: {
      const inner = readMessage(protobuf.Reader.create(reader.bytes()), type.message, depth + 1);
      if (type.repeated) append(fields, field, inner);
      else if (Object.keys(inner).length > 0 || field === 'metadata') fields[field] = inner;
    }
  }
}

function append(fields: Fields, field: string, value: unknown): void {
  const list = (fields[field] ??= []) as unknown[];
  list.push(value);
}

function readTime(reader: Reader): number | undefined {
  let seconds: number | undefined;
  while (reader.pos < reader.len) {
    const tag = reader.uint32();
    if (tag >>> 3 === 1) seconds = Number(reader.int64());
    else reader.skipType(tag & 7);
  }
  return seconds;
}

function readEntry(reader: Reader, type: 'string-map' | 'bytes-map'): readonly [key: string, value: string] {
  let key = '';
  let value = '';
  while (reader.pos < reader.len) {
    const tag = reader.uint32();
    if (tag >>> 3 === 1) key = reader.string();
    else if (tag >>> 3 !== 2) reader.skipType(tag & 7);
    else value = type === 'string-map' ? reader.string() : Buffer.from(reader.bytes()).toString('base64');
  }
  return [key, value];
}
