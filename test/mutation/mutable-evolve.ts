/** Stands in for machines/evolve.ts in the mutation run: the real one, but for one edge that may be missing. */
import type { AnyStateMachine } from 'xstate';
import * as real from '../../machines/evolve.ts';
import { edgeText } from '../support/edges.ts';
import { mutationState } from './mutation-state.ts';

export { IllegalEventError, initialState, isFinal, type MachineState } from '../../machines/evolve.ts';

/** Whether the edge is missing now. One that is there is noted down. */
function isRemoved(machine: AnyStateMachine, value: string, eventType: string): boolean {
  if (!real.accepts(machine, value, eventType)) return false;
  const edge = edgeText({ machine: machine.id, state: value, event: eventType });
  const state = mutationState();
  state.taken.add(edge);
  return state.removed === edge;
}

export const accepts: typeof real.accepts = (machine, value, eventType) =>
  !isRemoved(machine, value, eventType) && real.accepts(machine, value, eventType);

export const evolve: typeof real.evolve = (machine, state, event) => {
  if (isRemoved(machine, state.value, event.type))
    throw new real.IllegalEventError(machine.id, state.value, event.type);
  return real.evolve(machine, state, event);
};

export const evolveByTransition: typeof real.evolveByTransition = (machine, state, event) => {
  if (isRemoved(machine, state.value, event.type))
    throw new real.IllegalEventError(machine.id, state.value, event.type);
  return real.evolveByTransition(machine, state, event);
};
