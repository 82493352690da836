/** What a live state says of itself to whoever compares it with one folded from the log: a digest of each object as it is in memory now, not as it was summed up while folding. */
import { createHash, hash } from 'node:crypto';
import { kinds, type ObjectRecord } from '../../machines/index.ts';
import type { Position } from '../log/entry.ts';
import type { CellState } from './cell-state.ts';

/** A state at one position. */
export interface StateDigest {
  readonly position: Position;
  /** The hash that was kept while folding. */
  readonly stateHash: string;
  readonly forgottenThrough: number;
  /** Digest of each object's record, by createdRevision. */
  readonly objects: Readonly<Record<string, string>>;
  readonly outcomeCount: number;
  /** Digest of all remembered outcomes, in their order. */
  readonly outcomes: string;
}

/** Objects that were asked for, as they are in memory. */
export interface StateRecords {
  readonly position: Position;
  readonly records: readonly ObjectRecord[];
}

/** Objects between two pauses: some milliseconds of the thread that also writes. */
const OBJECTS_PER_STEP = 500;
const OUTCOMES_PER_STEP = 5_000;
/** 72 bits tell 150,000 objects apart that differ by accident. */
const DIGEST_CHARACTERS = 12;

/** Digests a state as it is at the call, resting between steps: it is taken in at once, and records never change. */
export async function digestState(state: CellState, pause: () => Promise<void>): Promise<StateDigest> {
  const { position, forgottenThrough, outcomeCount } = state;
  const stateHash = state.stateHash();
  const records = allRecords(state);
  const remembered = [...state.outcomes];
  const objects: Record<string, string> = {};
  for (const [index, record] of records.entries()) {
    objects[record.createdRevision] = digestOf(record);
    if (index % OBJECTS_PER_STEP === OBJECTS_PER_STEP - 1) await pause();
  }
  const outcomes = createHash('sha256');
  for (const [index, outcome] of remembered.entries()) {
    outcomes.update(JSON.stringify(outcome));
    if (index % OUTCOMES_PER_STEP === OUTCOMES_PER_STEP - 1) await pause();
  }
  return { position, stateHash, forgottenThrough, objects, outcomeCount, outcomes: outcomes.digest('base64url') };
}

/** Objects of a state by their createdRevisions; those that are gone are left out. */
export function recordsOf(state: CellState, createdRevisions: readonly number[]): StateRecords {
  const wanted = new Set(createdRevisions);
  const records = allRecords(state).filter(({ createdRevision }) => wanted.has(createdRevision));
  return { position: state.position, records };
}

/** All objects of all kinds. */
export function allRecords(state: CellState): readonly ObjectRecord[] {
  return [...kinds.keys()].flatMap((kind) => [...state.list(kind)]);
}

/** The same records may say their parts in another order where one was read back, so a difference is to be looked at. */
function digestOf(record: ObjectRecord): string {
  return hash('sha256', JSON.stringify(record), 'base64url').slice(0, DIGEST_CHARACTERS);
}
