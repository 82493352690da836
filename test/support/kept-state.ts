/** A state as somebody keeps it to start from: read back from JSON, its hashes computed from that. */
import { kinds, type ObjectRecord } from '../../machines/index.ts';
import { CellState, type KeptState } from '../../src/state/cell-state.ts';
import { keptObject } from './kept-object.ts';

function readBack<Item>(items: Iterable<Item>): Item[] {
  return JSON.parse(JSON.stringify([...items])) as Item[];
}

/** All objects of a state, of every kind. */
export function allRecords(state: CellState): ObjectRecord[] {
  return [...kinds.keys()].flatMap((kind) => [...state.list(kind)]);
}

export function keptState(state: CellState): KeptState {
  const { position, time, forgottenThrough, outcomeCount } = state;
  const objects = readBack(allRecords(state)).map(keptObject);
  return { position, time, forgottenThrough, outcomeCount, objects, outcomes: readBack(state.outcomes) };
}
