/** ConfigMap: configuration as plain data, the first kind without a life of its own. */
import { plainKind, type PlainContext } from '../plain-kind.ts';
import type { AnyManifest } from '../object-rules.ts';
import type { FieldError } from '../refusal.ts';
import { StringMap, Type } from '../schema.ts';
import { age } from '../table.ts';

/** Context of a ConfigMap. */
export interface ConfigMapContext extends PlainContext {
  readonly data?: StringMap;
  readonly binaryData?: StringMap;
  readonly immutable?: boolean;
}

/** Kubernetes' MaxSecretSize, which ConfigMaps share. */
const DATA_MAX_BYTES = 1024 * 1024;
const KEY = /^[-._a-zA-Z0-9]{1,253}$/;
const BASE64 = /^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/;

function entries(manifest: object, part: 'data' | 'binaryData') {
  return Object.entries((manifest as Partial<ConfigMapContext>)[part] ?? {});
}

function validate(manifest: AnyManifest): readonly FieldError[] {
  const errors: FieldError[] = [];
  let size = 0;
  for (const part of ['data', 'binaryData'] as const) {
    for (const [key, value] of entries(manifest, part)) {
      size += value.length;
      if (!KEY.test(key) || key === '.' || key === '..') {
        errors.push({
          type: 'FieldValueInvalid',
          field: `${part}[${key}]`,
          message: `Invalid value: ${JSON.stringify(key)}: a valid config key must consist of alphanumeric characters, '-', '_' or '.'`,
        });
      }
      if (part === 'binaryData' && !BASE64.test(value)) {
        errors.push({ type: 'FieldValueInvalid', field: `${part}[${key}]`, message: 'Invalid value: must be base64' });
      }
      if (part === 'binaryData' && (manifest['data'] as StringMap | undefined)?.[key] !== undefined) {
        errors.push({
          type: 'FieldValueInvalid',
          field: `data[${key}]`,
          message: 'Invalid value: duplicate of key present in binaryData',
        });
      }
    }
  }
  if (size > DATA_MAX_BYTES)
    errors.push({
      type: 'FieldValueTooLong',
      field: '',
      message: `Too long: must have at most ${DATA_MAX_BYTES} bytes`,
    });
  return errors;
}

function validateChange(current: PlainContext, next: Omit<PlainContext, 'metadata'>): readonly FieldError[] {
  const before = current as ConfigMapContext;
  const after = next as Omit<ConfigMapContext, 'metadata'>;
  if (before.immutable !== true) return [];
  const message = 'Forbidden: field is immutable when `immutable` is set';
  const fields = (['immutable', 'data', 'binaryData'] as const).filter(
    (field) => JSON.stringify(before[field]) !== JSON.stringify(after[field]),
  );
  return fields.map((field) => ({ type: 'FieldValueForbidden', field, message }));
}

export const configMap = plainKind({
  kind: 'ConfigMap',
  apiVersion: 'v1',
  plural: 'configmaps',
  singular: 'configmap',
  shortNames: ['cm'],
  namespaced: true,
  parts: {
    data: Type.Optional(StringMap),
    binaryData: Type.Optional(StringMap),
    immutable: Type.Optional(Type.Boolean()),
  },
  columns: [
    { name: 'NAME', cell: (record) => record.name },
    {
      name: 'DATA',
      cell: (record) => String(entries(record.context, 'data').length + entries(record.context, 'binaryData').length),
    },
    { name: 'AGE', cell: age },
  ],
  validate,
  validateChange,
});
