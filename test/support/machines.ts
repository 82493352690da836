/** Every machine there is, each once, with the kinds whose objects go through it: for what draws, proves and mutates machines. */
import type { AnyStateMachine } from 'xstate';
import { kinds, type EventDefinition, type Kind } from '../../machines/index.ts';
import { containerEvents } from '../../machines/pod/container-events.ts';
import { containerMachine } from '../../machines/pod/index.ts';

export interface ListedMachine {
  readonly machine: AnyStateMachine;
  /** Kinds whose objects go through it; empty for a machine inside another one. */
  readonly kinds: readonly Kind[];
  /** The events that may be in the log for it. */
  readonly events: Readonly<Record<string, EventDefinition>>;
}

/** The machines of all kinds in the order of the kinds, then those inside them. */
export function listMachines(): readonly ListedMachine[] {
  const byMachine = Map.groupBy(kinds.values(), ({ machine }) => machine);
  const ofKinds = [...byMachine].map(([machine, sharing]) => ({
    machine,
    kinds: sharing,
    events: Object.assign({}, ...sharing.map(({ events }) => events)) as ListedMachine['events'],
  }));
  return [...ofKinds, { machine: containerMachine, kinds: [], events: containerEvents }];
}
