/** A state as somebody keeps it to start from, as the simulator's control planes do. */
export { allRecords, keptObject, keptState } from '../../src/simulator/kept-state.ts';
