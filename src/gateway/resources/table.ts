/** Kubernetes' Table: rows of a kind's printer columns, as `kubectl get` prints them. */
import type { Kind, ObjectRecord } from '../../../machines/index.ts';
import { StatusError } from '../http/status.ts';
import { kindOfRecord, manifestOf, metadataOf } from '../state/render.ts';

/** How much of each object a row carries beside its cells. */
export type IncludeObject = 'None' | 'Metadata' | 'Object';

/** Columns whose cells are numbers in Kubernetes, so that clients sort them as such. */
const NUMBERS: Readonly<Record<string, readonly string[]>> = {
  ConfigMap: ['DATA'],
  ReplicationController: ['DESIRED', 'CURRENT', 'READY'],
};

export interface TableOptions {
  /** `meta.k8s.io/v1`. */
  readonly version: string;
  readonly include: IncludeObject;
  /** Unix milliseconds that ages are counted to. */
  readonly now: number;
}

/** Reads `includeObject`. Raises BadRequest. */
export function includeObjectOf(query: URLSearchParams): IncludeObject {
  const wanted = query.get('includeObject') ?? 'Metadata';
  if (wanted === 'None' || wanted === 'Metadata' || wanted === 'Object') return wanted;
  throw new StatusError('BadRequest', `unrecognized includeObject value: ${JSON.stringify(wanted)}`);
}

/** A table of objects; `metadata` is the list's. */
export function tableOf(kind: Kind, records: readonly ObjectRecord[], metadata: object, options: TableOptions): object {
  return {
    kind: 'Table',
    apiVersion: options.version,
    metadata,
    columnDefinitions: columnsOf(kind),
    rows: records.map((record) => rowOf(record, options)),
  };
}

/** A row that a watch tells of: the columns are only with the first one. */
export function tableOfOne(record: ObjectRecord, options: TableOptions & { readonly withColumns: boolean }): object {
  const kind = kindOfRecord(record);
  return {
    kind: 'Table',
    apiVersion: options.version,
    metadata: { resourceVersion: String(record.revision) },
    columnDefinitions: options.withColumns ? columnsOf(kind) : null,
    rows: [rowOf(record, options)],
  };
}

export function columnsOf({ kind, columns }: Kind): readonly object[] {
  return columns.map(({ name, wide }) => ({
    name: titleOf(name),
    type: NUMBERS[kind]?.includes(name) ? 'integer' : 'string',
    format: name === 'NAME' ? 'name' : '',
    description: '',
    priority: wide ? 1 : 0,
  }));
}

/** `NOMINATED NODE` → `Nominated Node`; clients print it in capitals again. */
function titleOf(name: string): string {
  return name.toLowerCase().replaceAll(/(?:^|[ -])[a-z]/g, (letter) => letter.toUpperCase());
}

function rowOf(record: ObjectRecord, { include, version, now }: TableOptions): object {
  const kind = kindOfRecord(record);
  const cells = kind.columns.map((column) => {
    const text = column.cell(record, now);
    return NUMBERS[kind.kind]?.includes(column.name) ? Number(text) : text;
  });
  if (include === 'None') return { cells };
  return { cells, object: include === 'Object' ? manifestOf(record) : metadataOf(record, version) };
}
