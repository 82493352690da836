/** fieldValidation: what happens to fields of a manifest that its kind does not have. */
import { refuseUnknownFields, type Kind } from '../../../machines/index.ts';
import type { Fields } from '../http/body.ts';
import type { Exchange } from '../http/exchange.ts';
import { refusedError } from '../http/status.ts';
import { invalidOption } from '../verbs/versions.ts';

/** A JSON Schema as far as unknown fields go. */
interface Shape {
  readonly properties?: Readonly<Record<string, Shape>>;
  readonly additionalProperties?: unknown;
  readonly patternProperties?: Readonly<Record<string, Shape>>;
  readonly items?: Shape;
}

const MODES: readonly string[] = ['', 'Ignore', 'Warn', 'Strict'];

/** Longest list of unknown fields that is told of. */
const TOLD_MAX = 50;

/** The manifest with only the fields its kind has. Raises BadRequest where the request is strict, warns unless it ignores them. */
export function withKnownFields(exchange: Exchange, kind: Kind, manifest: Fields): Fields {
  const mode = exchange.query.get('fieldValidation') ?? '';
  if (!MODES.includes(mode)) {
    const why = `Unsupported value: ${JSON.stringify(mode)}: supported values: "Ignore", "Strict", "Warn"`;
    throw invalidOption('fieldValidation', 'FieldValueNotSupported', why, 'CreateOptions');
  }
  const unknown: string[] = [];
  const known = prune(kind.manifest as Shape, manifest, '', unknown) as Fields;
  if (unknown.length === 0 || mode === 'Ignore') return known;
  const told = unknown.slice(0, TOLD_MAX).map((field) => `unknown field "${field}"`);
  if (mode !== 'Strict') {
    for (const text of told) exchange.warn(text);
    return known;
  }
  const causes = told.map((message) => ({ type: 'FieldValueUnknown' as const, field: '', message }));
  throw refusedError(refuseUnknownFields(kind, causes), { ...kind, name: '' });
}

/** What is the same keeps its identity. */
function prune(shape: Shape, value: unknown, path: string, unknown: string[]): unknown {
  if (Array.isArray(value)) {
    const { items } = shape;
    return items === undefined ? value : value.map((item, index) => prune(items, item, `${path}[${index}]`, unknown));
  }
  const { properties } = shape;
  if (typeof value !== 'object' || value === null || properties === undefined) return value;
  const entries: [string, unknown][] = [];
  for (const [name, inner] of Object.entries(value)) {
    const field = path === '' ? name : `${path}.${name}`;
    if (Object.hasOwn(properties, name)) entries.push([name, prune(properties[name] as Shape, inner, field, unknown)]);
    else if (shape.additionalProperties === false) unknown.push(field);
    else entries.push([name, inner]);
  }
  return Object.fromEntries(entries);
}
