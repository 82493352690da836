/** The edges of a machine, and how they are named: what the mutation test takes away one at a time. */
import type { AnyStateMachine } from 'xstate';

/** An edge: what the machine does in a state upon an event. */
export interface Edge {
  readonly machine: string;
  readonly state: string;
  readonly event: string;
}

/** All edges of a machine. */
export function edgesOf(machine: AnyStateMachine): readonly Edge[] {
  return Object.entries(machine.states).flatMap(([state, node]) =>
    [...node.transitions.keys()].map((event) => ({ machine: machine.id, state, event })),
  );
}

/** The edge as people read it, and one text per edge. */
export function edgeText({ machine, state, event }: Edge): string {
  return `${machine}: ${event} in state ${state}`;
}
