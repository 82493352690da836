/** Events of older versions are brought up to today's; what nobody knows stops the fold. */
import { assign, setup } from 'xstate';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { kinds, verb, Type, type Event, type EventDefinition, type Kind } from '../../machines/index.ts';
import { LogDamageError } from '../../src/log/entry.ts';
import { currentEvent, UnknownEventError } from '../../src/state/current-event.ts';
import { Fold } from '../../src/state/fold.ts';
import { Cell } from '../support/cell.ts';

const configMap = kinds.get('ConfigMap') as Kind;

/** A kind with one event of its own, as a program of some version knows it. */
function signal(painted: EventDefinition, version: number): Kind {
  const machine = setup({}).createMachine({
    id: 'signal',
    initial: 'absent',
    states: { absent: { on: { SignalPainted: { target: 'painted', actions: assign(paint) } } }, painted: {} },
  });
  const data = { object, ...(version === 1 ? { colour: 'red' } : { color: { name: 'red' } }) };
  const paintVerb = verb(Type.Object({}), () => ({ events: [{ type: 'SignalPainted', version, data }] }), {
    creates: true,
  });
  return { ...configMap, kind: 'Signal', machine, events: { SignalPainted: painted }, verbs: { paint: paintVerb } };
}

/** The first event of an object carries its context. */
const object = { metadata: { name: 'north', uid: 'signal-1', creationTimestamp: '2026-01-01T00:00:00Z' } };

interface Painted {
  readonly object: object;
  /** As version 1 had it. */
  readonly colour?: string;
  /** As version 2 has it. */
  readonly color?: { readonly name: string };
}

/** A machine of today knows today's shape only; for this test it is the one that both shapes lead to. */
function paint({ event }: { readonly event: { readonly type: string } & Record<string, unknown> }): object {
  const data = event['data'] as Painted;
  return { ...data.object, spec: { color: data.colour ?? data.color?.name } };
}

/** The step from version 1 to version 2. */
function recolour(data: unknown): Painted {
  const { colour = '', ...kept } = data as Painted;
  return { ...kept, color: { name: colour } };
}

const told = { schema: Type.Unknown(), sentence: () => 'painted' };
const first: EventDefinition = { version: 1, ...told };
const second: EventDefinition = {
  version: 2,
  ...told,
  upcast: { 1: recolour },
};
const third: EventDefinition = {
  version: 3,
  ...told,
  upcast: { ...second.upcast, 2: (data) => ({ ...(data as object), bright: true }) },
};

const painted = (version: number, data: unknown): Event => ({ type: 'SignalPainted', version, data });

describe('an event', () => {
  test('of the version of today stays the object it is', () => {
    const event = painted(2, { object, color: { name: 'red' } });
    expect(currentEvent(signal(second, 2), event)).toBe(event);
  });

  test('of an older version is brought up, step by step', () => {
    const old = painted(1, { object, colour: 'red' });
    expect(currentEvent(signal(second, 2), old)).toEqual(painted(2, { object, color: { name: 'red' } }));
    expect(currentEvent(signal(third, 2), old)).toEqual(painted(3, { object, color: { name: 'red' }, bright: true }));
    expect(old).toEqual(painted(1, { object, colour: 'red' }));
  });

  test.each([
    ['of a newer version', painted(3, {})],
    ['of a version before the first', painted(0, {})],
    ['of an unknown type', { type: 'SignalMelted', version: 1, data: {} }],
    ['named as something every object has', { type: 'toString', version: 1, data: {} }],
  ])('%s is an UnknownEventError', (_what, event) => {
    expect(() => currentEvent(signal(second, 2), event)).toThrow(UnknownEventError);
  });

  test('whose step is missing is an UnknownEventError', () => {
    const gap: EventDefinition = { version: 3, ...told, upcast: { 1: (data) => data } };
    expect(() => currentEvent(signal(gap, 2), painted(1, {}))).toThrow('no version 1');
  });
});

describe('a log written by an older program', () => {
  const registry = kinds as Map<string, Kind>;
  const know = (kind: Kind) => registry.set('Signal', kind);
  const send = { kind: 'Signal', name: 'north', verb: 'paint' };
  let payload: Uint8Array;

  /** The older program writes its entry. */
  beforeEach(() => {
    know(signal(first, 1));
    const cell = new Cell();
    cell.accept(send);
    payload = cell.payloads[0] as Uint8Array;
  });
  afterEach(() => registry.delete('Signal'));

  test('folds into the state that it said', () => {
    know(signal(second, 2));
    const fold = new Fold();
    fold.apply({ number: 1, payload });
    expect(fold.state.get('Signal', 'default', 'north')?.context).toMatchObject({ spec: { color: 'red' } });
  });

  test('stops the fold at the first event this program does not know, naming entry and revision', () => {
    know(signal({ version: 2, ...told }, 2));
    expect(damage(payload)).toMatchObject({ entry: 1, revision: 1, cause: expect.any(UnknownEventError) });
    expect(damage(payload)?.message).toContain('Signal has no version 1 of event SignalPainted');
  });

  test('stops the fold at a kind this program does not know', () => {
    registry.delete('Signal');
    expect(damage(payload)?.message).toContain('unknown kind Signal');
  });

  test('stops the fold where a step gives another state than the older program had', () => {
    know(signal({ ...second, upcast: { 1: (data) => ({ ...recolour(data), color: { name: 'green' } }) } }, 2));
    expect(damage(payload)?.message).toContain('the state after it is');
  });
});

/** What a fold says is wrong with an entry, and that nothing of it was folded. */
function damage(payload: Uint8Array): LogDamageError | undefined {
  const fold = new Fold();
  try {
    fold.apply({ number: 1, payload });
    return undefined;
  } catch (error) {
    expect(fold.state.position.entry).toBe(0);
    expect(error).toBeInstanceOf(LogDamageError);
    return error as LogDamageError;
  }
}
