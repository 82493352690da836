/** Reads stored rows as objects of a state, with the sum of their hashes made from the very texts that are stored. */
import type { ObjectContext, ObjectRecord } from '../../machines/index.ts';
import type { KeptObject } from '../state/cell-state.ts';
import { bytesAtMost } from '../state/object-parts.ts';
import { headHash, partHash, sum } from '../state/state-hash.ts';
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

/** Reads rows one by one; equal specs become one value, since the pods of a template differ in little but their names. */
export class KeptObjectReader {
  readonly #specs = new Map<string, unknown>();
  readonly #words = new Map<string, string>();

  /** Raises SyntaxError where a text is not JSON. */
  read(row: KeptRow): KeptObject {
    const [kind, namespace, name, uid, value, revision, createdRevision, correlation] = row;
    const parts = new KeptParts(uid);
    this.#readParts(parts, row);
    const record: ObjectRecord = {
      kind: this.#word(kind),
      namespace: this.#word(namespace),
      name,
      uid,
      revision,
      createdRevision,
      correlation,
      value: this.#word(value),
      context: parts.context as unknown as ObjectContext,
    };
    return { record, hash: sum(parts.hash, headHash(record)), bytesAtMost: bytesAtMost(parts.length) };
  }

  #readParts(parts: KeptParts, row: KeptRow): void {
    const [, , , , , , , , metadata, spec, status, body, hidden] = row;
    parts.add('metadata', JSON.parse(metadata), metadata);
    if (spec !== null) parts.add('spec', this.#spec(spec), spec);
    if (status !== null) parts.add('status', JSON.parse(status), status);
    if (body !== null) parts.addJoined(body);
    if (hidden !== null) parts.addJoined(hidden);
  }

  #spec(text: string): unknown {
    let spec = this.#specs.get(text);
    if (spec !== undefined) return spec;
    if (this.#specs.size >= SPECS_MAX) this.#specs.clear();
    this.#specs.set(text, (spec = JSON.parse(text)));
    return spec;
  }

  /** One string for the few that all rows share. */
  #word(text: string): string {
    const known = this.#words.get(text);
    if (known !== undefined) return known;
    this.#words.set(text, text);
    return text;
  }
}

/** The parts of one object's context as they are read. */
class KeptParts {
  readonly context: Record<string, unknown> = {};
  readonly #uid: string;
  /** The sum of the parts' hashes. */
  hash = 0n;
  /** Characters of their texts. */
  length = 0;

  constructor(uid: string) {
    this.#uid = uid;
  }

  add(part: string, value: unknown, text: string): void {
    this.context[part] = value;
    this.hash = sum(this.hash, partHash(this.#uid, part, text));
    this.length += text.length;
  }

  /** Several parts as one JSON object; the text of a single one is all between its name and the closing brace. */
  addJoined(text: string): void {
    const values = JSON.parse(text) as Readonly<Record<string, unknown>>;
    const names = Object.keys(values);
    const [only] = names;
    if (names.length === 1 && only !== undefined) {
      this.add(only, values[only], text.slice(JSON.stringify(only).length + 2, -1));
      return;
    }
    for (const name of names) this.add(name, values[name], JSON.stringify(values[name]));
  }
}
