// The queries of a read model, answered straight from a fold's state: for tests that are not about SQLite.
import { kinds, matchesSelector, renderManifest, type ObjectRecord } from '../../machines/index.ts';
import type { ListOptions, ObjectQueries } from '../../src/bus/query-source.ts';
import type { CellState } from '../../src/state/cell-state.ts';

/** Objects in a page: few, so that lists of several pages are common in tests. */
const PAGE = 50;

export function stateQueries(state: CellState): ObjectQueries<never> {
  const revision = () => state.position.revision;
  const page = (options: ListOptions<never>) => {
    const records = select(state, options);
    const limit = options.limit ?? PAGE;
    const last = records.length > limit ? records[limit - 1] : undefined;
    const token = last && { continue: encode(last) };
    return { records: records.slice(0, limit), page: { revision: revision(), ...token } };
  };
  const queries: ObjectQueries<never> = {
    revision,
    get(kind, namespace, name) {
      const record = state.get(kind, namespace, name);
      return { revision: revision(), ...(record && { item: render(record) }) };
    },
    getRecord(kind, namespace, name) {
      const record = state.get(kind, namespace, name);
      return { revision: revision(), ...(record && { record }) };
    },
    list(options) {
      const { records, page: rest } = page(options);
      return { ...rest, items: records.map(render) };
    },
    listRecords(options) {
      const { records, page: rest } = page(options);
      return { ...rest, records };
    },
    counts() {
      const counts = new Map([...kinds.keys()].map((kind) => [kind, [...state.list(kind)].length]));
      return { revision: revision(), counts };
    },
    snapshot: () => queries,
    [Symbol.dispose]: () => undefined,
  };
  return queries;
}

/** Its place in the order of lists. */
function place({ namespace, name }: { readonly namespace: string; readonly name: string }): string {
  return `${namespace}/${name}`;
}

function select(state: CellState, { kind, namespace, labelSelector, after }: ListOptions<never>): ObjectRecord[] {
  return [...state.list(kind, namespace)]
    .filter(({ context }) => matchesSelector(context.metadata.labels, { matchExpressions: [...(labelSelector ?? [])] }))
    .filter((record) => after === undefined || place(record) > place(after))
    .toSorted((left, right) => (place(left) < place(right) ? -1 : 1));
}

function render(record: ObjectRecord): string {
  const kind = kinds.get(record.kind);
  if (kind === undefined) throw new Error(`there is no kind ${record.kind}`);
  return JSON.stringify(renderManifest(kind, record));
}

function encode({ namespace, name }: ObjectRecord): string {
  return Buffer.from(`${namespace}/${name}`).toString('base64url');
}

/** The reverse of a page's token. */
export function decodeToken(token: string): { readonly namespace: string; readonly name: string } | undefined {
  const [namespace, name] = Buffer.from(token, 'base64url').toString().split('/');
  return namespace === undefined || name === undefined ? undefined : { namespace, name };
}
