/** What every machine must be: pure, in step with its declared events, and the same by `evolve` as by XState's own `transition`. */
import type { AnyStateMachine } from 'xstate';
import { describe, expect, test } from 'vitest';
import {
  accepts,
  evolve,
  evolveByTransition,
  IllegalEventError,
  initialState,
  kinds,
  type Kind,
  type MachineEvent,
  type MachineState,
} from '../../machines/index.ts';
import { harvest } from '../support/harvest.ts';
import { listMachines } from '../support/machines.ts';

type Stepper = typeof evolve;

/** The state after the event, or why there is none: `refused` by this machine, or what went wrong inside (a machine in it refused). */
function outcome(step: Stepper, machine: AnyStateMachine, state: MachineState<object>, event: MachineEvent): unknown {
  try {
    return step(machine, state, event);
  } catch (error) {
    if (error instanceof IllegalEventError && error.machine === machine.id) return 'refused';
    return error instanceof Error ? error.message : error;
  }
}

describe.each(listMachines().map((listed) => [listed.machine.id, listed] as const))('the machine %s', (_id, listed) => {
  const { machine, events } = listed;
  const states = Object.entries(machine.states);

  test('only folds: it starts nothing, waits for nothing and does nothing on entry or exit', () => {
    for (const [name, node] of [['the whole machine', machine.root] as const, ...states]) {
      const busy = { invoke: node.invoke, after: node.after, entry: node.entry, exit: node.exit };
      expect(busy, name).toEqual({ invoke: [], after: [], entry: [], exit: [] });
      expect(node.always ?? [], name).toEqual([]);
    }
  });

  test('has its edges on its states, which have no states inside', () => {
    expect([...machine.root.transitions.keys()]).toEqual([]);
    for (const [name, { states: inner }] of states) expect(Object.keys(inner), name).toEqual([]);
  });

  test('every event it accepts is declared, and every declared event is accepted somewhere', () => {
    const accepted = new Set(states.flatMap(([, node]) => [...node.transitions.keys()]));
    expect([...accepted].toSorted()).toEqual(Object.keys(events).toSorted());
  });

  test('every state but a final one can be left or stays by an event, and a final one accepts none', () => {
    for (const [name, node] of states) expect(node.transitions.size > 0, name).toBe(node.type !== 'final');
  });

  const samples = harvest(machine);

  test('the recorded histories hold each of its events', () => {
    expect(Object.keys(events).filter((type) => !samples.events.has(type))).toEqual([]);
  });

  test.each(states.map(([name]) => name))(
    'in state %s every event does by evolve() what it does by transition()',
    (name) => {
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
    },
  );
});

test('an event that a state does not accept is an error that names machine, state and event', () => {
  const { machine } = kinds.get('Namespace') as Kind;
  const event = { type: 'NamespaceFinalized', data: {}, time: 0 };
  for (const step of [evolve, evolveByTransition]) {
    expect(() => step(machine, initialState(machine), event)).toThrow(
      'namespace in state "absent" does not accept NamespaceFinalized',
    );
  }
});
