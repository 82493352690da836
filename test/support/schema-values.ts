/** Values of a JSON Schema, extreme ones before all: what a verb must be able to take without raising. */
import * as fc from 'fast-check';
import type { TSchema } from '../../machines/index.ts';

/** A schema as far as ours use it. */
interface JsonSchema {
  readonly type?: string | readonly string[];
  readonly enum?: readonly unknown[];
  readonly const?: unknown;
  readonly anyOf?: readonly JsonSchema[];
  readonly properties?: Readonly<Record<string, JsonSchema>>;
  readonly required?: readonly string[];
  readonly patternProperties?: Readonly<Record<string, JsonSchema>>;
  readonly items?: JsonSchema;
  readonly minimum?: number;
  readonly maximum?: number;
  readonly minProperties?: number;
  readonly not?: unknown;
}

const LONGEST = 3;
/** Names of what is there, more often than what has no meaning. */
const NAMES = ['a', 'main', 'n1', 'demo:1'];
const TEXTS = ['', '__proto__', 'constructor', '\ud800', '-', '1', '1Gi', '-5', '10.1.0.1', '0', '/x', 'default'];
/** What a field must say to be about something that is there, or to be right with others; mostly it does. */
const HINTS: Readonly<Record<string, unknown>> = {
  name: 'main',
  node: 'n1',
  image: 'demo:1',
  finalizers: [],
  selector: { app: 'web' },
  labels: { app: 'web' },
  cpu: '1',
  memory: '1Gi',
  pods: '10',
  namespace: 'default',
  resourceVersion: '',
  nodeName: 'n1',
  metadata: { name: 'main', labels: { app: 'web' } },
};
/** Optional for the schema, and missed by the rules. */
const NEEDED = new Set([
  'name',
  'image',
  'selector',
  'template',
  'labels',
  'cpu',
  'memory',
  'pods',
  'gracePeriodSeconds',
]);
const INTEGERS = [0, 1, -1, 2 ** 31, Number.MAX_SAFE_INTEGER, 1e21, 1e308];
const KEYS = ['a', 'app', '__proto__', 'cpu', 'memory', 'pods', 'x/y'];

/** Raises for a keyword it does not know: then it must learn it. */
export function valuesOf(schema: TSchema): fc.Arbitrary<unknown> {
  return values(schema as JsonSchema);
}

function values(schema: JsonSchema): fc.Arbitrary<unknown> {
  if (schema.enum) return fc.constantFrom(...schema.enum);
  if ('const' in schema) return fc.constant(schema.const);
  if (schema.anyOf) return fc.oneof(...schema.anyOf.map(values));
  const { type } = schema;
  if (Array.isArray(type)) return fc.oneof(...type.map((one: string) => values({ ...schema, type: one })));
  switch (type) {
    case 'string':
      return fc.oneof(fc.constantFrom(...NAMES), fc.constantFrom(...TEXTS));
    case 'boolean':
      return fc.boolean();
    case 'null':
      return fc.constant(null);
    case 'integer':
      return numbers(schema, INTEGERS);
    case 'number':
      return numbers(schema, [...INTEGERS, 0.5, 5e-324, -1e308]);
    case 'array':
      return fc.array(values(schema.items ?? {}), { maxLength: LONGEST });
    case 'object':
      return objects(schema);
    case undefined:
      return fc.jsonValue({ maxDepth: 2 });
    default:
      throw new Error(`no values for type ${String(type)}`);
  }
}

function numbers({ minimum = -Infinity, maximum = Infinity }: JsonSchema, among: readonly number[]) {
  const within = [...among, minimum, maximum].filter(
    (value) => Number.isFinite(value) && value >= minimum && value <= maximum,
  );
  return fc.constantFrom(...within);
}

function objects(schema: JsonSchema): fc.Arbitrary<unknown> {
  const pattern = Object.values(schema.patternProperties ?? {})[0];
  if (pattern)
    return fc.dictionary(fc.constantFrom(...KEYS), values(pattern), { maxKeys: LONGEST, noNullPrototype: true });
  const known = Object.entries(schema.properties ?? {}).filter(([, property]) => property.not === undefined);
  const fields = known.map(([key, property]) => field(key, property, schema));
  // One of several, where one must be there at all.
  const least = schema.minProperties ? fc.constantFrom(...known.map((_, index) => index)) : fc.constant(-1);
  return fc.tuple(least, fc.tuple(...fields)).map(([one, parts]) => {
    const present = parts.filter(({ isPresent }, index) => isPresent || index === one);
    return Object.fromEntries(present.map(({ key, value }) => [key, value]));
  });
}

function field(key: string, property: JsonSchema, parent: JsonSchema) {
  const hint = HINTS[key];
  const any = values(property);
  const isNeeded = parent.required?.includes(key) || NEEDED.has(key);
  // Optional ones are mostly absent, or nothing would ever be right as a whole.
  const isPresent = isNeeded ? fc.constant(true) : fc.nat({ max: 4 }).map((chance) => chance === 0);
  const value = hint === undefined ? any : fc.oneof({ weight: 8, arbitrary: fc.constant(hint) }, any);
  return fc.record({ key: fc.constant(key), isPresent, value });
}
