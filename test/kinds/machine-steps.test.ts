/** The cheap step equals XState's own with the states and events of the recorded histories, in every state with every event. */
import type { AnyStateMachine } from 'xstate';
import { describe, expect, test } from 'vitest';
import {
  accepts,
  evolve,
  evolveByTransition,
  IllegalEventError,
  initialState,
  type MachineEvent,
  type MachineState,
} from '../../machines/index.ts';
import { harvest } from '../support/harvest.ts';
import { listMachines } from '../support/machines.ts';

/** The state after the event, or why there is none: `refused` by this machine, or what went wrong inside (a machine in it refused). */
function outcome(
  step: typeof evolve,
  machine: AnyStateMachine,
  state: MachineState<object>,
  event: MachineEvent,
): unknown {
  try {
    return step(machine, state, event);
  } catch (error) {
    if (error instanceof IllegalEventError && error.machine === machine.id) return 'refused';
    return error instanceof Error ? error.message : error;
  }
}

describe.each(listMachines().map((listed) => [listed.machine.id, listed] as const))('the machine %s', (_id, listed) => {
  const { machine, events } = listed;
  const samples = harvest(machine);

  test('finds each of its events in the recorded histories', () => {
    expect(Object.keys(events).filter((type) => !samples.events.has(type))).toEqual([]);
  });

  test.each(Object.keys(machine.states))('in state %s every event leads where XState leads', (name) => {
    const start = initialState(machine);
    const from = name === start.value ? [start] : (samples.states.get(name) ?? []);
    expect(from.length, 'states of the recorded histories').toBeGreaterThan(0);
    for (const type of Object.keys(events)) {
      for (const event of samples.events.get(type) ?? []) {
        for (const state of from) {
          const expected = outcome(evolveByTransition, machine, state, event);
          expect(outcome(evolve, machine, state, event), type).toStrictEqual(expected);
          expect(expected !== 'refused', type).toBe(accepts(machine, name, type));
        }
      }
    }
  });

  test('refuses by both ways an event that nobody declared', () => {
    const event = { type: 'Undeclared', data: {}, time: 0 };
    for (const step of [evolve, evolveByTransition]) {
      expect(() => step(machine, initialState(machine), event)).toThrow(IllegalEventError);
    }
  });
});
