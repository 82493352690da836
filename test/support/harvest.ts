/** Representative states and events of every machine, taken from the recorded histories rather than made up. */
import type { AnyStateMachine } from 'xstate';
import { evolve, initialState, kinds, type MachineEvent, type MachineState } from '../../machines/index.ts';
import { containerMachine, type PodContext } from '../../machines/pod/index.ts';
import type { Change } from '../../src/state/applied-entry.ts';
import { currentEvent } from '../../src/state/current-event.ts';
import { historyNames, readEntries, replay } from '../histories/recorded.ts';

/** Enough to meet every shape an event or context has; every state meets every event, so the work grows with the square. */
const SAMPLES_MAX = 12;

export interface Harvest {
  /** By state. */
  readonly states: ReadonlyMap<string, readonly MachineState<object>[]>;
  /** By type. */
  readonly events: ReadonlyMap<string, readonly MachineEvent[]>;
}

class Samples<Item> {
  readonly byName = new Map<string, Item[]>();

  add(name: string, item: Item): void {
    const items = this.byName.get(name);
    if (items === undefined) this.byName.set(name, [item]);
    else if (items.length < SAMPLES_MAX) items.push(item);
  }
}

/** What the recorded histories hold for one machine; nothing where no object of it is in them. */
export function harvest(machine: AnyStateMachine): Harvest {
  const states = new Samples<MachineState<object>>();
  const events = new Samples<MachineEvent>();
  for (const name of historyNames()) {
    replay(readEntries(name), ({ entry, changes }) => {
      for (const change of changes) {
        for (const step of stepsOf(change, entry.time)) {
          for (const state of statesFor(machine, step.machine, step.state)) states.add(state.value, state);
          events.add(step.event.type, step.event);
        }
      }
    });
  }
  return { states: states.byName, events: events.byName };
}

interface Step {
  readonly machine: AnyStateMachine;
  /** Where the event led. */
  readonly state: MachineState;
  readonly event: MachineEvent;
}

/** A commit, event by event. */
function stepsOf({ commit, before }: Change, time: number): readonly Step[] {
  const kind = kinds.get(commit.kind);
  if (kind === undefined) throw new Error(`there is no kind ${commit.kind}`);
  const { machine } = kind;
  let state: MachineState = before ?? initialState(machine);
  return commit.events.map((recorded) => {
    const { type, data } = currentEvent(kind, recorded);
    const event = { type, data, time };
    state = evolve(machine, state, event);
    return { machine, state, event };
  });
}

/** The state of the machine itself, or of the containers inside a pod. */
function statesFor(wanted: AnyStateMachine, machine: AnyStateMachine, state: MachineState): MachineState<object>[] {
  if (wanted === machine) return [state];
  if (wanted !== containerMachine) return [];
  const { status, progress } = state.context as PodContext;
  return (status?.containerStatuses ?? []).flatMap((container) => {
    const { value, ...known } = progress?.containers[container.name] ?? {};
    return value === undefined ? [] : [{ value, context: { ...known, status: container } }];
  });
}
