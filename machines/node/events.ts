/** What can happen to a node, beside being created, changed and removed. */
import type { EventDefinition } from '../kind.ts';
import type { MachineEvent } from '../message.ts';
import { lifecycleEvents, type LifecycleEvent } from '../object-lifecycle.ts';
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

export const nodeEvents: Readonly<Record<string, EventDefinition>> = {
  ...lifecycleEvents('Node'),
  NodeRegistered: { version: 1, schema: NodeDescription },
  NodeBecameUnreachable: { version: 1, schema: BecameUnreachable },
  NodeEvictionsResumed: { version: 1, schema: strictObject({}) },
  NodeBecameReachable: { version: 1, schema: strictObject({}) },
};
