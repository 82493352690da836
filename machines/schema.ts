/** The one gate to TypeBox: schemas of manifests, arguments and events, which are JSON Schemas, TypeScript types and validators at once. */
import { Type, type Static, type TSchema, type TProperties, type TObject, type TObjectOptions } from 'typebox';
import { Compile } from 'typebox/compile';
import type { FieldError } from './refusal.ts';

export { Type };
export type { Static, TSchema };

/** An object that refuses fields it does not name. */
export function strictObject<Properties extends TProperties>(
  properties: Properties,
  options?: TObjectOptions,
): TObject<Properties> {
  return Type.Object(properties, { ...options, additionalProperties: false });
}

/** Largest number of Kubernetes' 32-bit fields. */
export const INT32_MAX = 2_147_483_647;
/** Seconds of which users say how many: sums with them stay far from what JSON or a calendar cannot write. */
export const Seconds = Type.Integer({ minimum: -INT32_MAX, maximum: INT32_MAX });

/** A map of strings, as labels and annotations are. */
export const StringMap = Type.Record(Type.String(), Type.String());
export type StringMap = Readonly<Record<string, string>>;

/** One of the given words. */
export function oneOf<const Words extends readonly string[]>(words: Words) {
  return Type.Unsafe<Words[number]>({ type: 'string', enum: [...words] });
}

/** A field that Kubernetes has and this version does not act on: refused by name rather than silently ignored. */
export function unsupported() {
  return Type.Optional(Type.Unsafe<undefined>({ not: {}, description: 'Not acted on by this version; refused.' }));
}

/** The keyword errors share; TypeBox follows Ajv's shape. */
interface SchemaError {
  readonly keyword: string;
  readonly instancePath: string;
  readonly params: object;
  readonly message: string;
}

export interface Validator<T> {
  check(value: unknown): value is T;
  /** Empty when the value is valid. */
  errors(value: unknown): readonly FieldError[];
}

/** Compiles a schema once; `check` costs well under a microsecond, `errors` is for the failing path only. */
export function validator<const Schema extends TSchema>(schema: Schema): Validator<Static<Schema>> {
  let compiled: ReturnType<typeof Compile<Schema>> | undefined;
  const validate = () => (compiled ??= Compile(schema));
  return {
    check: (value): value is Static<Schema> => validate().Check(value),
    errors: (value) => {
      if (validate().Check(value)) return [];
      const errors = validate().Errors(value) as readonly SchemaError[];
      return distinct(errors.flatMap((error) => fieldErrors(error, value)));
    },
  };
}

function fieldErrors(error: SchemaError, root: unknown): FieldError[] {
  const field = fieldPath(error.instancePath);
  const params = error.params as Record<string, unknown>;
  switch (error.keyword) {
    // Each unknown field fails by itself, and all are said again together: unless there are more than TypeBox counts.
    case 'boolean':
      return [unknownField(field)];
    case 'additionalProperties':
      return (params['additionalProperties'] as string[]).map((name) => unknownField(join(field, name)));
    case 'required':
      return (params['requiredProperties'] as string[]).map((name) => ({
        type: 'FieldValueRequired',
        field: join(field, name),
        message: 'Required value',
      }));
    case 'not':
      return [{ type: 'FieldValueForbidden', field, message: 'Forbidden: not acted on by this version of Periplus' }];
    case 'enum': {
      const words = (params['allowedValues'] as unknown[] | undefined)?.map((word) => JSON.stringify(word)).join(', ');
      const value = JSON.stringify(valueAt(root, error.instancePath));
      return [
        { type: 'FieldValueNotSupported', field, message: `Unsupported value: ${value}: supported values: ${words}` },
      ];
    }
    default: {
      const value = JSON.stringify(valueAt(root, error.instancePath)) ?? 'null';
      return [{ type: 'FieldValueInvalid', field, message: `Invalid value: ${value.slice(0, 200)}: ${error.message}` }];
    }
  }
}

function unknownField(field: string): FieldError {
  return { type: 'FieldValueUnknown', field, message: `unknown field "${field}"` };
}

function distinct(errors: readonly FieldError[]): FieldError[] {
  return [...new Map(errors.map((error) => [`${error.type} ${error.field} ${error.message}`, error])).values()];
}

/** `/spec/containers/0/name` → `spec.containers[0].name`. */
function fieldPath(pointer: string): string {
  return pointer.split('/').slice(1).map(unescapePointer).reduce(join, '');
}

function join(path: string, name: string): string {
  if (/^\d+$/.test(name)) return `${path}[${name}]`;
  return path === '' ? name : `${path}.${name}`;
}

function unescapePointer(token: string): string {
  return token.replaceAll('~1', '/').replaceAll('~0', '~');
}

function valueAt(root: unknown, pointer: string): unknown {
  let value = root;
  for (const token of pointer.split('/').slice(1).map(unescapePointer)) {
    if (typeof value !== 'object' || value === null) return undefined;
    value = (value as Record<string, unknown>)[token];
  }
  return value;
}
