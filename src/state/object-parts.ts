/** The parts of an object's context: their hashes, the texts of those that changed, and how large they are together. */
import type { ObjectContext, ObjectRecord } from '../../machines/index.ts';
import { headHash, partHash } from './state-hash.ts';

/** Hash key of the head beside the context's parts. */
const HEAD = '';
/** Most bytes of UTF-8 that a unit of UTF-16 takes. */
const BYTES_PER_UNIT_MAX = 3;

export interface ObjectParts {
  /** By part; the head's is under `''`. */
  readonly hashes: Map<string, bigint>;
  /** JSON texts of the parts that changed; undefined for one that went away. */
  readonly texts: Map<string, string | undefined>;
}

function partsOf(context: ObjectContext | undefined): Record<string, unknown> {
  return (context ?? {}) as unknown as Record<string, unknown>;
}

/** Hashes of a record, taking over those of parts that did not change; the texts of those that did. */
export function rehash(
  before: ObjectRecord | undefined,
  after: ObjectRecord,
  hashesBefore: ReadonlyMap<string, bigint> | undefined,
): ObjectParts {
  const old = partsOf(before?.context);
  const parts = partsOf(after.context);
  const hashes = new Map([[HEAD, headHash(after)]]);
  const texts = new Map<string, string | undefined>();
  for (const part of Object.keys(parts)) {
    const value = parts[part];
    if (value === undefined) {
      if (old[part] !== undefined) texts.set(part, undefined);
      continue;
    }
    const kept = value === old[part] ? hashesBefore?.get(part) : undefined;
    if (kept !== undefined) {
      hashes.set(part, kept);
      continue;
    }
    const text = JSON.stringify(value);
    texts.set(part, text);
    hashes.set(part, partHash(after.uid, part, text));
  }
  for (const part of Object.keys(old)) if (!(part in parts)) texts.set(part, undefined);
  return { hashes, texts };
}

/** A bound on the bytes of these texts that costs no counting. */
export function bytesAtMost(texts: ReadonlyMap<string, string | undefined>): number {
  let units = 0;
  for (const text of texts.values()) units += text?.length ?? 0;
  return units * BYTES_PER_UNIT_MAX;
}

/** The exact bytes of all parts as JSON. */
export function bytesOf(record: ObjectRecord): number {
  let bytes = 0;
  for (const value of Object.values(partsOf(record.context)))
    if (value !== undefined) bytes += Buffer.byteLength(JSON.stringify(value));
  return bytes;
}
