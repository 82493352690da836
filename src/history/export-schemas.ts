/** What the JSON parts of an export must look like: the file may come from anywhere. */
import { strictObject, Type, validator } from '../../machines/index.ts';
import type { ExportEnd, ExportHeader } from './export-format.ts';

const Whole = Type.Integer({ minimum: 0, maximum: Number.MAX_SAFE_INTEGER });
/** As subjects and streams take them. */
const Name = Type.String({ minLength: 1, maxLength: 253 });
const Bound = { entry: Whole, revision: Whole };

const header = validator(
  strictObject({
    cell: Name,
    lineage: Name,
    first: strictObject(Bound),
    last: strictObject({ ...Bound, hash: Type.String(), time: Whole }),
    knownRevision: Whole,
    exportedAt: Whole,
    periplus: Type.String(),
    checkpointKeys: Type.Array(Type.String()),
  }),
);

const end = validator(
  strictObject({
    entries: Whole,
    commits: Whole,
    lineages: Type.Array(strictObject({ lineage: Name, firstEntry: Whole })),
    sha256: Type.String(),
  }),
);

/** Undefined for what is no header. */
export function exportHeaderOf(text: string | undefined): ExportHeader | undefined {
  const value = parsed(text);
  return header.check(value) ? value : undefined;
}

/** Undefined for what is no end. */
export function exportEndOf(text: string): ExportEnd | undefined {
  const value = parsed(text);
  return end.check(value) ? value : undefined;
}

function parsed(text: string | undefined): unknown {
  try {
    return text === undefined ? undefined : JSON.parse(text);
  } catch {
    return undefined;
  }
}
