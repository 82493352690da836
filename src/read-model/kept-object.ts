/** Reads stored rows as objects of a state, with the sums of what the stored texts say. */
import type { ObjectContext, ObjectRecord } from '../../machines/index.ts';
import type { KeptObject } from '../state/cell-state.ts';
import { keySum, NO_CONTENT, withParts, type ContentSum } from '../state/state-hash.ts';
import type { ObjectRow } from './schema.ts';

/** Columns of a state's objects, in the order of KeptRow. */
export const KEPT_COLUMNS = [
  'kind',
  'namespace',
  'name',
  'uid',
  'state',
  'revision',
  'created_revision',
  'correlation',
  'metadata',
  'spec',
  'status',
  'body',
  'private',
] as const satisfies readonly (keyof ObjectRow)[];

type Text = string;
type OptionalText = string | null;

/** A row as its values: making an object of each of 150,000 rows takes as long as reading them. */
export type KeptRow = readonly [
  kind: Text,
  namespace: Text,
  name: Text,
  uid: Text,
  state: Text,
  revision: number,
  createdRevision: number,
  correlation: number,
  metadata: Text,
  spec: OptionalText,
  status: OptionalText,
  body: OptionalText,
  hidden: OptionalText,
];

/** Most different specs that are remembered: those of the pods of some templates, each on every node. */
const SPECS_MAX = 10_000;

/** A spec that several objects have. */
interface SharedSpec {
  readonly spec: unknown;
  readonly sum: ContentSum;
}

/** Reads rows one by one; equal specs become one value, since the pods of a template differ in little but their names. */
export class KeptObjectReader {
  readonly #specs = new Map<string, SharedSpec>();
  readonly #words = new Map<string, string>();

  /** Raises SyntaxError where a text is not JSON. */
  read(row: KeptRow): KeptObject {
    const [kind, namespace, name, uid, value, revision, createdRevision, correlation] = row;
    const [, , , , , , , , metadata, spec, status, body, hidden] = row;
    const context: Record<string, unknown> = { metadata: JSON.parse(metadata) };
    if (status !== null) context['status'] = JSON.parse(status);
    if (body !== null) Object.assign(context, JSON.parse(body));
    if (hidden !== null) Object.assign(context, JSON.parse(hidden));
    const head = {
      kind: this.#word(kind),
      namespace: this.#word(namespace),
      name,
      uid,
      revision,
      createdRevision,
      correlation,
      value: this.#word(value),
    };
    let content = withParts(keySum(head), context);
    if (spec !== null) {
      const shared = this.#spec(spec);
      context['spec'] = shared.spec;
      content = added(content, shared.sum);
    }
    const record: ObjectRecord = { ...head, context: context as unknown as ObjectContext };
    return { record, content };
  }

  #spec(text: string): SharedSpec {
    const known = this.#specs.get(text);
    if (known !== undefined) return known;
    if (this.#specs.size >= SPECS_MAX) this.#specs.clear();
    const spec: unknown = JSON.parse(text);
    const shared = { spec, sum: withParts(NO_CONTENT, { spec }) };
    this.#specs.set(text, shared);
    return shared;
  }

  /** One string for the few that all rows share. */
  #word(text: string): string {
    const known = this.#words.get(text);
    if (known !== undefined) return known;
    this.#words.set(text, text);
    return text;
  }
}

function added(one: ContentSum, other: ContentSum): ContentSum {
  return {
    low: (one.low + other.low) | 0,
    high: (one.high + other.high) | 0,
    bytesAtMost: one.bytesAtMost + other.bytesAtMost,
  };
}
