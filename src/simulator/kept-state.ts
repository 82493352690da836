/** What a control plane of the simulated cell has of its state on disk, in the place of the read model: read back from JSON, its hashes computed from that. */
import { kinds, type ObjectRecord } from '../../machines/index.ts';
import type { StoredState } from '../cell/start-state.ts';
import { FOLD_VERSION, type CellState, type KeptObject } from '../state/cell-state.ts';
import { contentSum } from '../state/state-hash.ts';

/** All objects of a state, of every kind. */
export function allRecords(state: CellState): ObjectRecord[] {
  return [...kinds.keys()].flatMap((kind) => [...state.list(kind)]);
}

/** An object as somebody keeps it who has nothing but its record. */
export function keptObject(record: ObjectRecord): KeptObject {
  return { record, content: contentSum(undefined, record, undefined) };
}

export function keptState(state: CellState): StoredState {
  const { position, time, forgottenThrough, outcomeCount } = state;
  const objects = readBack(allRecords(state)).map(keptObject);
  const outcomes = readBack(state.outcomes);
  return { position, time, forgottenThrough, outcomeCount, objects, outcomes, foldVersion: FOLD_VERSION };
}

function readBack<Item>(items: Iterable<Item>): Item[] {
  return JSON.parse(JSON.stringify([...items])) as Item[];
}
