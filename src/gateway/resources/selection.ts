/** Which objects of a kind a request is about: namespace, label selector, field selector. */
import {
  matchesSelector,
  parseSelector,
  type ObjectRecord,
  type SelectorRequirement,
} from '../../../machines/index.ts';
import { StatusError } from '../http/status.ts';

interface FieldTerm {
  readonly path: readonly string[];
  readonly wanted: boolean;
  readonly value: string;
}

/** Fields that Kubernetes can select by, for every kind and beside those by kind. */
const COMMON_FIELDS = ['metadata.name', 'metadata.namespace'];
const FIELDS: Readonly<Record<string, readonly string[]>> = {
  Pod: [
    'spec.nodeName',
    'spec.restartPolicy',
    'spec.schedulerName',
    'spec.serviceAccountName',
    'status.phase',
    'status.podIP',
    'status.nominatedNodeName',
  ],
  Node: ['spec.unschedulable'],
  Namespace: ['status.phase'],
  ReplicationController: ['status.replicas'],
};
/** Selectors of a request are looked at for every object. */
const REQUIREMENTS_MAX = 100;

export interface Selection {
  readonly kind: string;
  /** All namespaces when absent. */
  readonly namespace?: string;
  /** The one object of that name, where a field selector asks for it. */
  readonly name?: string;
  matches(record: ObjectRecord): boolean;
}

/** Reads the selectors of a query. Raises BadRequest. */
export function selectionOf(
  kind: string,
  scope: { readonly namespace?: string | undefined; readonly name?: string | undefined },
  query: URLSearchParams,
): Selection {
  const labels = labelTerms(query.get('labelSelector') ?? '');
  const fields = fieldTerms(kind, query.get('fieldSelector') ?? '');
  if (labels.length + fields.length > REQUIREMENTS_MAX)
    throw new StatusError('BadRequest', `the selectors have more than ${REQUIREMENTS_MAX} requirements`);
  const { namespace } = scope;
  const named = fields.find(({ path, wanted }) => wanted && path.join('.') === 'metadata.name')?.value;
  const name = scope.name ?? named;
  return {
    kind,
    ...(namespace === undefined ? {} : { namespace }),
    ...(name === undefined ? {} : { name }),
    matches: (record) =>
      (namespace === undefined || record.namespace === namespace) &&
      (name === undefined || record.name === name) &&
      matchesSelector(record.context.metadata.labels, { matchExpressions: labels }) &&
      fields.every((term) => matchesField(record, term)),
  };
}

function labelTerms(text: string): SelectorRequirement[] {
  const terms = parseSelector(text);
  if (typeof terms === 'string') throw new StatusError('BadRequest', terms);
  return [...terms];
}

function fieldTerms(kind: string, text: string): readonly FieldTerm[] {
  return text
    .split(',')
    .filter((part) => part.trim() !== '')
    .map((part) => {
      const term = /^\s*([^=!\s]+)\s*(==|=|!=)\s*([^=!\s]*)\s*$/.exec(part);
      if (term === null)
        throw new StatusError('BadRequest', `invalid selector: ${JSON.stringify(part)}; can't understand it`);
      const [, field = '', operator, value = ''] = term;
      if (![...COMMON_FIELDS, ...(FIELDS[kind] ?? [])].includes(field))
        throw new StatusError('BadRequest', `field label not supported: ${field}`);
      return { path: field.split('.'), wanted: operator !== '!=', value };
    });
}

/** What is absent reads as empty, or, of a field that is true or not, as false. */
function matchesField({ context }: ObjectRecord, { path, wanted, value }: FieldTerm): boolean {
  let found: unknown = context;
  for (const part of path) found = (found as Readonly<Record<string, unknown>> | undefined)?.[part];
  const text = found === undefined ? (path.at(-1) === 'unschedulable' ? 'false' : '') : String(found);
  return (text === value) === wanted;
}
