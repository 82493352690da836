/** Holds the state that the writer has in memory against the one folded from the log: object by object, and part by part where they differ. */
import { isDeepStrictEqual } from 'node:util';
import { keyText, type ObjectRecord } from '../../machines/index.ts';
import { showPair } from '../read-model/index.ts';
import type { CellState } from '../state/cell-state.ts';
import { allRecords, digestState, type StateDigest, type StateRecords } from '../state/state-digest.ts';

/** The state of a process that goes on while it is asked. */
export interface LiveState {
  digest(): Promise<StateDigest>;
  /** At most LIVE_RECORDS_MAX at once. */
  records(createdRevisions: readonly number[]): Promise<StateRecords>;
}

/** What one query takes. */
export const LIVE_RECORDS_MAX = 500;

/** The first thing in memory that is not what the log makes it. */
export interface LiveDifference {
  /** `Pod/default/web-1`, `revision`, `state hash`, `remembered outcomes`. */
  readonly what: string;
  /** Of an object, such as `context.spec`; absent where the object as a whole is missing or too much. */
  readonly part?: string;
  readonly expected: string;
  readonly actual: string;
}

/** Compares with a digest of the same position. */
export async function liveDifference(
  state: CellState,
  digest: StateDigest,
  live: LiveState,
): Promise<LiveDifference | undefined> {
  const expected = await digestState(state, () => Promise.resolve());
  return (
    differs('position', expected.position, digest.position) ??
    (await objectsDifference(state, { expected, digest }, live)) ??
    differs('remembered outcomes', expected.outcomeCount, digest.outcomeCount) ??
    differs('hash of the remembered outcomes', expected.outcomes, digest.outcomes) ??
    differs('revision through which outcomes are forgotten', expected.forgottenThrough, digest.forgottenThrough) ??
    differs('state hash', expected.stateHash, digest.stateHash)
  );
}

function differs(what: string, expected: unknown, actual: unknown): LiveDifference | undefined {
  return isDeepStrictEqual(expected, actual) ? undefined : { what, ...showPair(expected, actual) };
}

async function objectsDifference(
  state: CellState,
  { expected, digest }: { readonly expected: StateDigest; readonly digest: StateDigest },
  live: LiveState,
): Promise<LiveDifference | undefined> {
  const records = new Map(allRecords(state).map((record) => [String(record.createdRevision), record]));
  const unlike: ObjectRecord[] = [];
  for (const [createdRevision, record] of records) {
    const actual = digest.objects[createdRevision];
    if (actual === undefined) return { what: keyText(record), expected: 'an object', actual: 'no such object' };
    if (actual !== expected.objects[createdRevision]) unlike.push(record);
  }
  const strange = Object.keys(digest.objects).find((createdRevision) => !records.has(createdRevision));
  if (strange !== undefined) return strangeObject(Number(strange), live);
  for (let first = 0; first < unlike.length; first += LIVE_RECORDS_MAX) {
    const difference = await recordsDifference(unlike.slice(first, first + LIVE_RECORDS_MAX), live);
    if (difference !== undefined) return difference;
  }
  return undefined;
}

async function strangeObject(createdRevision: number, live: LiveState): Promise<LiveDifference> {
  const [record] = (await live.records([createdRevision])).records;
  const what = record === undefined ? `the object created at revision ${createdRevision}` : keyText(record);
  return { what, expected: 'no such object', actual: 'an object' };
}

/** Digests differ by the order of members too, which means nothing; so does what was committed since. */
async function recordsDifference(
  expected: readonly ObjectRecord[],
  live: LiveState,
): Promise<LiveDifference | undefined> {
  const { records } = await live.records(expected.map(({ createdRevision }) => createdRevision));
  const byRevision = new Map(records.map((record) => [record.createdRevision, record]));
  for (const record of expected) {
    const actual = byRevision.get(record.createdRevision);
    if (actual === undefined || actual.revision > record.revision) continue;
    const difference = recordDifference(record, actual);
    if (difference !== undefined) return difference;
  }
  return undefined;
}

function recordDifference(expected: ObjectRecord, actual: ObjectRecord): LiveDifference | undefined {
  const ours = flat(expected);
  const theirs = flat(actual);
  for (const part of new Set([...Object.keys(ours), ...Object.keys(theirs)])) {
    if (isDeepStrictEqual(ours[part], theirs[part])) continue;
    return { what: keyText(expected), part, ...showPair(ours[part], theirs[part]) };
  }
  return undefined;
}

/** As JSON has it, with the context's parts beside the head's fields. */
function flat(record: ObjectRecord): Readonly<Record<string, unknown>> {
  const { context, ...head } = JSON.parse(JSON.stringify(record)) as ObjectRecord;
  const parts = Object.entries(context).map(([part, value]) => [`context.${part}`, value] as const);
  return { ...head, ...Object.fromEntries(parts) };
}
