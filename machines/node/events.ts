/** What can happen to a node, beside being created, changed and removed. */
import type { EventDefinition } from '../kind.ts';
import type { MachineEvent } from '../message.ts';
import { timeOfDay } from '../metadata.ts';
import { lifecycleEvents, type ChangedData, type LifecycleEvent } from '../object-lifecycle.ts';
import { strictObject, Type, type Static } from '../schema.ts';
import { NodeDescription, type NodeContext } from './manifest.ts';

const BecameUnreachable = strictObject({
  since: Type.Number(),
  silentMs: Type.Number(),
  evictionsSuspended: Type.Boolean(),
});

/** What a node's machine receives. */
export type NodeEvent =
  | LifecycleEvent<'Node', NodeContext>
  | MachineEvent<'NodeRegistered', NodeDescription>
  | MachineEvent<'NodeBecameUnreachable', Static<typeof BecameUnreachable>>
  | MachineEvent<'NodeEvictionsResumed', Readonly<Record<string, never>>>
  | MachineEvent<'NodeBecameReachable', Readonly<Record<string, never>>>;

const lifecycle = lifecycleEvents('Node');

export const nodeEvents: Readonly<Record<string, EventDefinition>> = {
  ...lifecycle,
  NodeChanged: { ...lifecycle.NodeChanged, sentence: tellChange },
  NodeRegistered: { version: 1, schema: NodeDescription, sentence: tellRegistration },
  NodeBecameUnreachable: { version: 1, schema: BecameUnreachable, sentence: tellSilence },
  NodeEvictionsResumed: {
    version: 1,
    schema: strictObject({}),
    sentence: () => 'evictions from it are not held back any more',
  },
  NodeBecameReachable: { version: 1, schema: strictObject({}), sentence: () => 'reachable again' },
};

/** Cordoning has a word of its own. */
function tellChange(data: ChangedData): string {
  const patch = 'patch' in data ? (data.patch as CordonPatch) : undefined;
  const { spec, ...others } = patch ?? {};
  const cordoned = spec?.unschedulable;
  if (cordoned === undefined || Object.keys(others).length > 0) return lifecycle.NodeChanged.sentence(data);
  return cordoned === true ? 'cordoned' : 'uncordoned';
}

interface CordonPatch {
  readonly spec?: { readonly unschedulable?: boolean | null };
}

function tellRegistration({ allocatable: { cpu, memory, pods } }: NodeDescription): string {
  return `registered by its agent: ${cpu} cpu, ${memory} memory, ${pods} pods`;
}

function tellSilence({ since, evictionsSuspended }: Static<typeof BecameUnreachable>): string {
  const held = evictionsSuspended ? '; nothing is evicted, since most nodes fell silent at once' : '';
  return `unreachable since ${timeOfDay(since)}${held}`;
}
