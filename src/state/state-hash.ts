/** The hash of the cell's state, kept incrementally: a sum of one 64-bit hash per object and per remembered outcome. */
import type { ObjectRecord } from '../../machines/index.ts';
import type { RememberedOutcome } from './outcomes.ts';
import { Lanes, ValueSum } from './value-sum.ts';

/** 64 bits as two signed whole numbers of 32. */
export interface Hash {
  readonly low: number;
  readonly high: number;
}

/** A sum of hashes, in two lanes of 32 bits: it can be corrected when an object changes, in any order. */
export class HashSum implements Hash {
  low: number;
  high: number;

  constructor(start: Hash = NO_HASH) {
    this.low = start.low;
    this.high = start.high;
  }

  add({ low, high }: Hash): void {
    this.low = (this.low + low) | 0;
    this.high = (this.high + high) | 0;
  }

  subtract({ low, high }: Hash): void {
    this.low = (this.low - low) | 0;
    this.high = (this.high - high) | 0;
  }
}

export const NO_HASH: Hash = { low: 0, high: 0 };
/** Of nothing. */
export const NO_CONTENT: ContentSum = { low: 0, high: 0, bytesAtMost: 0 };

/** What is known of an object's content: the sum over the leaves of its key, uid and context, and how large they are. */
export interface ContentSum extends Hash {
  /** Never less than the bytes of its parts as JSON. */
  readonly bytesAtMost: number;
}

const values = new ValueSum();
const lanes = new Lanes();

const NO_PARTS = {};
/** Name of an object's key beside its parts. */
const KEY = '';

/** The content's sum after a change, from that before it: only what differs is hashed. */
export function contentSum(
  before: ObjectRecord | undefined,
  after: ObjectRecord,
  known: ContentSum | undefined,
): ContentSum {
  if (before === undefined || known === undefined) return sumOf(keySum(after), NO_PARTS, after.context);
  return sumOf(known, before.context, after.context);
}

/** What an object's key adds to its content's sum. */
export function keySum({ kind, namespace, name, uid }: Omit<ObjectRecord, 'context'>): ContentSum {
  return { ...sumOf(NO_CONTENT, NO_PARTS, { [KEY]: `${kind}/${namespace}/${name} ${uid}` }), bytesAtMost: 0 };
}

/** A content's sum with further parts in it. */
export function withParts(content: ContentSum, parts: object): ContentSum {
  return sumOf(content, NO_PARTS, parts);
}

function sumOf({ low, high, bytesAtMost }: ContentSum, before: object, after: object): ContentSum {
  values.begin(low, high).change(before, after);
  return { low: values.low, high: values.high, bytesAtMost: bytesAtMost + values.grownBytesAtMost };
}

/** Hash of an object from its content's sum and its head. The result is overwritten by the next call. */
export function objectHash(record: ObjectRecord, content: Hash): Hash {
  return lanes
    .begin(content.low, content.high)
    .word(content.high)
    .word(content.low)
    .integer(record.createdRevision)
    .integer(record.revision)
    .integer(record.correlation)
    .text(record.value)
    .end();
}

/** Hash of a command's id. The result is overwritten by the next call. */
export function idHash(commandId: string): Hash {
  return lanes.begin().text(commandId);
}

const OUTCOME_WORDS = { accepted: 1, unchanged: 2, refused: 3 } as const;

/** Hash of a remembered outcome, from that of its command's id. The result is overwritten by the next call. */
export function outcomeHash(id: Hash, outcome: RememberedOutcome): Hash {
  const { attempt, revision, uid, name, refusal } = outcome;
  lanes.begin(id.low, id.high).integer(attempt).word(OUTCOME_WORDS[outcome.outcome]).integer(revision);
  lanes.text(uid ?? '').text(name ?? '');
  if (refusal !== undefined) lanes.text(JSON.stringify(refusal));
  return lanes.end();
}

/** The state hash as entries carry it. `forgottenThrough` is part of the state: answers depend on it. */
export function stateHashText(total: Hash, revision: number, forgottenThrough: number): string {
  const { low, high } = lanes.begin().integer(revision).integer(forgottenThrough).end();
  return hex(total.high + high) + hex(total.low + low);
}

const BYTES_AS_HEX = Array.from({ length: 256 }, (_, byte) => byte.toString(16).padStart(2, '0'));

/** By a table: number's own text and padding of it took as long as hashing the object of an entry of one commit. */
function hex(word: number): string {
  const byte = (shift: number) => BYTES_AS_HEX[(word >>> shift) & 0xff] ?? '';
  return byte(24) + byte(16) + byte(8) + byte(0);
}
