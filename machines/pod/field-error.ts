/** Short ways to say what is wrong with a field, in Kubernetes' words. */
import type { FieldError } from '../refusal.ts';

export function required(field: string, detail?: string): FieldError {
  const message = detail === undefined ? 'Required value' : `Required value: ${detail}`;
  return { type: 'FieldValueRequired', field, message };
}

export function invalid(field: string, value: unknown, detail: string): FieldError {
  return { type: 'FieldValueInvalid', field, message: `Invalid value: ${JSON.stringify(value)}: ${detail}` };
}

export function duplicate(field: string, value: unknown): FieldError {
  return { type: 'FieldValueDuplicate', field, message: `Duplicate value: ${JSON.stringify(value)}` };
}

export function notFound(field: string, value: unknown): FieldError {
  return { type: 'FieldValueNotFound', field, message: `Not found: ${JSON.stringify(value)}` };
}

export function forbidden(field: string, detail: string): FieldError {
  return { type: 'FieldValueForbidden', field, message: `Forbidden: ${detail}` };
}

/** The second and later appearances of a value in a list. */
export function duplicates(values: readonly (string | undefined)[], field: (index: number) => string): FieldError[] {
  const seen = new Set<string>();
  const errors: FieldError[] = [];
  for (const [index, value] of values.entries()) {
    if (value === undefined || value === '') continue;
    if (seen.has(value)) errors.push(duplicate(field(index), value));
    seen.add(value);
  }
  return errors;
}
