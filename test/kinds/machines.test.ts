/** What holds of every machine of every kind: no effects, every event declared, and the cheap step equal to XState's own. */
import { describe, expect, test } from 'vitest';
import type { AnyStateMachine } from 'xstate';
import {
  accepts,
  evolve,
  evolveByTransition,
  IllegalEventError,
  initialState,
  isFinal,
  kinds,
  type Kind,
  type MachineEvent,
  type MachineState,
} from '../../machines/index.ts';
import { containerMachine } from '../../machines/pod/index.ts';
import { samplesOf } from '../support/machine-samples.ts';

const TIME = Date.UTC(2026, 0, 2);

interface StateConfiguration {
  readonly on?: Readonly<Record<string, unknown>>;
  readonly [part: string]: unknown;
}

function statesOf(machine: AnyStateMachine): Readonly<Record<string, StateConfiguration>> {
  return machine.config.states as Readonly<Record<string, StateConfiguration>>;
}

function edgesOf(machine: AnyStateMachine): readonly (readonly [string, string])[] {
  return Object.entries(statesOf(machine)).flatMap(([state, { on }]) =>
    Object.keys(on ?? {}).map((event) => [state, event] as const),
  );
}

/** What a step leads to, or the name of what it raises. */
function outcomeOf<Context extends object>(
  step: typeof evolve | typeof evolveByTransition,
  machine: AnyStateMachine,
  state: MachineState<Context>,
  event: MachineEvent,
): unknown {
  try {
    return step(machine, state, event);
  } catch (error) {
    // What the machine lets through may still be refused by the machine of one of its containers.
    return error instanceof IllegalEventError && error.machine === machine.id ? `refused: ${error.message}` : error;
  }
}

/** Tries every state with every event by both ways of stepping; answers how many steps were accepted. */
function compareSteps(machine: AnyStateMachine, context: object, data: Readonly<Record<string, unknown>>): number {
  let accepted = 0;
  for (const value of Object.keys(machine.states)) {
    for (const [type, given] of Object.entries(data)) {
      const event = { type, data: given, time: TIME };
      const cheap = outcomeOf(evolve, machine, { value, context }, event);
      expect(cheap, `${value} ${type}`).toEqual(outcomeOf(evolveByTransition, machine, { value, context }, event));
      expect(typeof cheap === 'string', `${value} ${type}`).toBe(!accepts(machine, value, type));
      if (typeof cheap !== 'string') accepted++;
    }
  }
  return accepted;
}

const machines: readonly (readonly [string, AnyStateMachine])[] = [
  ...[...kinds.values()].map((kind) => [kind.kind, kind.machine] as const),
  ['container of a pod', containerMachine],
];

describe.each(machines)('the machine of %s', (_name, machine) => {
  test('is flat and has no effects: only transitions that assign', () => {
    expect(['context', 'id', 'initial', 'schemas', 'states']).toEqual(
      expect.arrayContaining(Object.keys(machine.config)),
    );
    for (const [state, configuration] of Object.entries(statesOf(machine))) {
      expect(['on', 'type'], state).toEqual(expect.arrayContaining(Object.keys(configuration)));
      for (const edge of Object.values(configuration.on ?? {})) {
        const parts = typeof edge === 'string' ? [] : Object.keys(edge as object);
        expect(['target', 'actions'], state).toEqual(expect.arrayContaining(parts));
      }
    }
  });

  test('reaches every state from the first', () => {
    const reached = new Set([initialState(machine).value]);
    for (const state of reached) {
      for (const edge of Object.values(statesOf(machine)[state]?.on ?? {})) {
        const target = typeof edge === 'string' ? edge : (edge as { readonly target?: string }).target;
        if (target !== undefined) reached.add(target);
      }
    }
    expect([...reached].toSorted()).toEqual(Object.keys(machine.states).toSorted());
  });
});

describe.each([...kinds.values()].map((kind) => [kind.kind, kind] as const))(
  'the events of %s',
  (_name, kind: Kind) => {
    test('are those its machine knows, each declared with its version', () => {
      const known = new Set(edgesOf(kind.machine).map(([, event]) => event));
      expect([...known].toSorted()).toEqual(Object.keys(kind.events).toSorted());
    });

    test('lead, in every state, where XState itself leads, or are refused by both', () => {
      const { context, data } = samplesOf(kind.kind, Object.keys(kind.events));
      expect(compareSteps(kind.machine, context, data)).toBe(edgesOf(kind.machine).length);
    });

    test('end the object in a final state, from which nothing leads on', () => {
      const ends = Object.keys(kind.machine.states).filter((state) => isFinal(kind.machine, state));
      expect(ends).toEqual(['removed']);
    });
  },
);

test('the events of a container lead, in every state, where XState itself leads', () => {
  const types = [...new Set(edgesOf(containerMachine).map(([, event]) => event))];
  const { data } = samplesOf('Pod', types);
  const { context } = initialState(containerMachine);
  expect(compareSteps(containerMachine, context, data)).toBe(edgesOf(containerMachine).length);
});
