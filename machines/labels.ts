/** Labels, annotations and selectors: syntax and matching, as Kubernetes has them. */
import type { FieldError } from './refusal.ts';
import { oneOf, Type, type Static, strictObject, StringMap } from './schema.ts';

const NAME_PART = /^[A-Za-z0-9]([-A-Za-z0-9_.]*[A-Za-z0-9])?$/;
const DNS_SUBDOMAIN = /^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$/;
const LABEL_MAX_LENGTH = 63;
const SUBDOMAIN_MAX_LENGTH = 253;
/** Kubernetes' TotalAnnotationSizeLimitB. */
export const ANNOTATIONS_MAX_BYTES = 256 * 1024;

/** What is wrong with a qualified name (a label's or annotation's key), or undefined. */
export function qualifiedNameError(key: string): string | undefined {
  const parts = key.split('/');
  const name = parts.at(-1) ?? '';
  if (parts.length > 2)
    return "a qualified name must consist of alphanumeric characters, '-', '_' or '.', with an optional DNS subdomain prefix and '/'";
  if (parts.length === 2) {
    const prefix = parts[0] ?? '';
    if (prefix === '') return 'prefix part must be non-empty';
    if (prefix.length > SUBDOMAIN_MAX_LENGTH || !DNS_SUBDOMAIN.test(prefix))
      return 'prefix part must be a lowercase RFC 1123 subdomain';
  }
  if (name === '') return 'name part must be non-empty';
  if (name.length > LABEL_MAX_LENGTH) return 'name part must be no more than 63 characters';
  if (!NAME_PART.test(name))
    return "name part must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character";
  return undefined;
}

/** What is wrong with a label's value, or undefined. */
export function labelValueError(value: string): string | undefined {
  if (value.length > LABEL_MAX_LENGTH) return 'must be no more than 63 characters';
  if (value !== '' && !NAME_PART.test(value)) {
    return "a valid label must be an empty string or consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character";
  }
  return undefined;
}

export function validateLabels(labels: StringMap | undefined, field: string): FieldError[] {
  const errors: FieldError[] = [];
  for (const [key, value] of Object.entries(labels ?? {})) {
    const keyError = qualifiedNameError(key);
    if (keyError)
      errors.push({ type: 'FieldValueInvalid', field, message: `Invalid value: ${JSON.stringify(key)}: ${keyError}` });
    const valueError = labelValueError(value);
    if (valueError)
      errors.push({
        type: 'FieldValueInvalid',
        field,
        message: `Invalid value: ${JSON.stringify(value)}: ${valueError}`,
      });
  }
  return errors;
}

export function validateAnnotations(annotations: StringMap | undefined, field: string): FieldError[] {
  const errors: FieldError[] = [];
  let size = 0;
  for (const [key, value] of Object.entries(annotations ?? {})) {
    size += key.length + value.length;
    const error = qualifiedNameError(key.toLowerCase());
    if (error)
      errors.push({ type: 'FieldValueInvalid', field, message: `Invalid value: ${JSON.stringify(key)}: ${error}` });
  }
  if (size > ANNOTATIONS_MAX_BYTES)
    errors.push({
      type: 'FieldValueTooLong',
      field,
      message: `Too long: may not be more than ${ANNOTATIONS_MAX_BYTES} bytes`,
    });
  return errors;
}

/** One set-based requirement. */
export const SelectorRequirement = strictObject({
  key: Type.String(),
  operator: oneOf(['In', 'NotIn', 'Exists', 'DoesNotExist']),
  values: Type.Optional(Type.Array(Type.String())),
});
export type SelectorRequirement = Static<typeof SelectorRequirement>;

/** metav1.LabelSelector. */
export const LabelSelector = strictObject({
  matchLabels: Type.Optional(StringMap),
  matchExpressions: Type.Optional(Type.Array(SelectorRequirement)),
});
export type LabelSelector = Static<typeof LabelSelector>;

/** Whether labels carry every pair of an equality selector. */
export function matchesLabels(labels: StringMap | undefined, wanted: StringMap): boolean {
  for (const key in wanted) if (labels?.[key] !== wanted[key]) return false;
  return true;
}

/** Whether labels satisfy a label selector; an empty selector matches everything. */
export function matchesSelector(labels: StringMap | undefined, selector: LabelSelector): boolean {
  return (
    matchesLabels(labels, selector.matchLabels ?? {}) &&
    (selector.matchExpressions ?? []).every((requirement) => matchesRequirement(labels, requirement))
  );
}

function matchesRequirement(labels: StringMap | undefined, requirement: SelectorRequirement): boolean {
  const value = labels?.[requirement.key];
  switch (requirement.operator) {
    case 'In':
      return value !== undefined && (requirement.values ?? []).includes(value);
    case 'NotIn':
      return value === undefined || !(requirement.values ?? []).includes(value);
    case 'Exists':
      return value !== undefined;
    case 'DoesNotExist':
      return value === undefined;
  }
}

/**
 * Parses kubectl's selector syntax: `a=b,c==d,e!=f,g in (h,i),j notin (k),l,!m`.
 * Returns the requirements, or a sentence saying what cannot be parsed.
 */
export function parseSelector(text: string): readonly SelectorRequirement[] | string {
  const requirements: SelectorRequirement[] = [];
  for (const part of text.split(/,(?![^(]*\))/)) {
    const term = part.trim();
    if (term === '') continue;
    const requirement = parseTerm(term);
    if (requirement === undefined) return `unable to parse requirement: ${JSON.stringify(term)}`;
    const keyError = qualifiedNameError(requirement.key);
    if (keyError) return `unable to parse requirement: key ${JSON.stringify(requirement.key)}: ${keyError}`;
    const bad = requirement.values?.find((value) => labelValueError(value) !== undefined);
    if (bad !== undefined) return `unable to parse requirement: value ${JSON.stringify(bad)}: ${labelValueError(bad)}`;
    requirements.push(requirement);
  }
  return requirements;
}

function parseTerm(term: string): SelectorRequirement | undefined {
  const set = /^(\S+)\s+(in|notin)\s*\(([^)]*)\)$/.exec(term);
  if (set) {
    const values = (set[3] ?? '').split(',').map((value) => value.trim());
    return { key: set[1] ?? '', operator: set[2] === 'in' ? 'In' : 'NotIn', values };
  }
  const equality = /^([^=!\s]+)\s*(==|=|!=)\s*([^=!\s]*)$/.exec(term);
  if (equality) {
    return { key: equality[1] ?? '', operator: equality[2] === '!=' ? 'NotIn' : 'In', values: [equality[3] ?? ''] };
  }
  const existence = /^(!?)\s*([^=!\s()]+)$/.exec(term);
  if (existence) return { key: existence[2] ?? '', operator: existence[1] === '!' ? 'DoesNotExist' : 'Exists' };
  return undefined;
}
