/** Field selectors: the few fields Kubernetes can select by that the read model has as columns. */

/** Fields of every kind. */
const COMMON_FIELDS = ['metadata.name', 'metadata.namespace'] as const;
/** Fields of pods alone. */
const POD_FIELDS = ['spec.nodeName', 'status.phase'] as const;

export type SelectableField = (typeof COMMON_FIELDS)[number] | (typeof POD_FIELDS)[number];

export interface FieldRequirement {
  readonly field: SelectableField;
  readonly operator: 'Equals' | 'NotEquals';
  readonly value: string;
}

/** Parses `spec.nodeName=n1,status.phase!=Running`; returns the requirements, or Kubernetes' sentence saying what is wrong. */
export function parseFieldSelector(kind: string, text: string): readonly FieldRequirement[] | string {
  const requirements: FieldRequirement[] = [];
  for (const part of text.split(',')) {
    if (part.trim() === '') continue;
    const term = /^\s*([^=!\s]+)\s*(==|=|!=)\s*([^=!\s]*)\s*$/.exec(part);
    if (term === null) return `invalid selector: ${JSON.stringify(part)}; can't understand it`;
    const [, field = '', operator, value = ''] = term;
    if (!isSelectable(kind, field)) return `field label not supported: ${field}`;
    requirements.push({ field, operator: operator === '!=' ? 'NotEquals' : 'Equals', value });
  }
  return requirements;
}

function isSelectable(kind: string, field: string): field is SelectableField {
  const fields: readonly string[] = kind === 'Pod' ? [...COMMON_FIELDS, ...POD_FIELDS] : COMMON_FIELDS;
  return fields.includes(field);
}
