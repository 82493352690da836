/** The parts of an object's context: their hashes, the texts of those that changed, and how large they are together. */
import type { ObjectContext, ObjectRecord } from '../../machines/index.ts';
import { headHash, partHash, sum } from './state-hash.ts';

/** Hash of each part and, under `''`, of the head: a plain object, since an object of one shape costs a fifth of a Map. */
export type PartHashes = Readonly<Record<string, bigint>>;

/** Key of the head beside the context's parts. */
const HEAD = '';
const NO_HASHES: PartHashes = {};
const NO_PARTS: Parts = {};
/** Most bytes of UTF-8 that a unit of UTF-16 takes. */
const BYTES_PER_UNIT_MAX = 3;

type Parts = Readonly<Record<string, unknown>>;

/** What a commit does to the parts of its object. */
export interface ChangedParts {
  readonly hashes: PartHashes;
  /** To be added to the sum of all hashes. */
  readonly added: bigint;
  /** JSON texts of the parts that changed; undefined for one that went away. */
  readonly texts: Map<string, string | undefined>;
}

/** What is left of an object that is gone. */
export function removedParts(before: ObjectRecord | undefined, hashesBefore: PartHashes | undefined): ChangedParts {
  let added = 0n;
  if (before !== undefined)
    for (const hash of Object.values(hashesBefore ?? hashesOf(before))) added = sum(added, 0n, hash);
  return { hashes: NO_HASHES, added, texts: new Map() };
}

/** Takes over the hashes of parts that did not change. Those of `before` are computed where nobody kept them. */
export function changedParts(
  before: ObjectRecord | undefined,
  after: ObjectRecord,
  hashesBefore: PartHashes | undefined,
): ChangedParts {
  const oldHashes = before === undefined ? NO_HASHES : (hashesBefore ?? hashesOf(before));
  const old = partsOf(before?.context);
  const parts = partsOf(after.context);
  const head = headHash(after);
  const hashes: Record<string, bigint> = { [HEAD]: head };
  let added = sum(0n, head, oldHashes[HEAD]);
  const texts = new Map<string, string | undefined>();
  for (const part of Object.keys(parts)) {
    const value = parts[part];
    if (value === undefined) continue;
    const known = oldHashes[part];
    if (known !== undefined && value === old[part]) {
      hashes[part] = known;
      continue;
    }
    const text = JSON.stringify(value);
    const hash = partHash(after.uid, part, text);
    texts.set(part, text);
    hashes[part] = hash;
    added = sum(added, hash, known);
  }
  for (const part of Object.keys(old)) {
    if (old[part] === undefined || parts[part] !== undefined) continue;
    texts.set(part, undefined);
    added = sum(added, 0n, oldHashes[part]);
  }
  return { hashes, added, texts };
}

/** All hashes of a record. */
function hashesOf(record: ObjectRecord): PartHashes {
  const hashes: Record<string, bigint> = { [HEAD]: headHash(record) };
  for (const [part, value] of Object.entries(partsOf(record.context)))
    if (value !== undefined) hashes[part] = partHash(record.uid, part, JSON.stringify(value));
  return hashes;
}

/** A bound on the bytes of texts of so many characters that costs no counting. */
export function bytesAtMost(length: number): number {
  return length * BYTES_PER_UNIT_MAX;
}

/** The characters of texts. */
export function lengthOf(texts: ReadonlyMap<string, string | undefined>): number {
  let length = 0;
  for (const text of texts.values()) length += text?.length ?? 0;
  return length;
}

/** The exact bytes of all parts as JSON. */
export function bytesOf(record: ObjectRecord): number {
  let bytes = 0;
  for (const value of Object.values(partsOf(record.context)))
    if (value !== undefined) bytes += Buffer.byteLength(JSON.stringify(value));
  return bytes;
}

function partsOf(context: ObjectContext | undefined): Parts {
  return context === undefined ? NO_PARTS : (context as unknown as Parts);
}
