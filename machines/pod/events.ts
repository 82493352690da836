/** A pod's events: its own, its containers', and the four that every object has. */
import type { EventDefinition } from '../kind.ts';
import type { MachineEvent } from '../message.ts';
import { lifecycleEvents, type LifecycleEvent } from '../object-lifecycle.ts';
import { strictObject, Type, type Static } from '../schema.ts';
import { BindArguments, MarkUnschedulableArguments, PodNotice } from './commands.ts';
import { containerEvents, type ContainerEvent } from './container-events.ts';
import type { PodContext } from './status.ts';

const PodSandboxStarted = strictObject({
  attempt: Type.Integer({ minimum: 0 }),
  podIP: Type.Optional(Type.String()),
  hostIP: Type.Optional(Type.String()),
  assignedPort: Type.Optional(Type.Integer()),
});
const PodFailed = strictObject({ reason: Type.Optional(Type.String()), message: Type.Optional(Type.String()) });
const PodNodeLost = strictObject({
  /** When it is evicted, Unix milliseconds; never where absent. */
  evictAt: Type.Optional(Type.Number()),
});
const Nothing = strictObject({});
type Nothing = Readonly<Record<string, never>>;

export type PodEvent =
  | LifecycleEvent<'Pod', PodContext>
  | ContainerEvent
  | MachineEvent<'PodScheduled', BindArguments>
  | MachineEvent<'PodUnschedulable', MarkUnschedulableArguments>
  | MachineEvent<'PodSandboxStarted', Static<typeof PodSandboxStarted>>
  | MachineEvent<'PodNoticed', PodNotice>
  /** Every container has been started once. */
  | MachineEvent<'PodBecameRunning', Nothing>
  | MachineEvent<'PodSucceeded', Nothing>
  | MachineEvent<'PodFailed', Static<typeof PodFailed>>
  | MachineEvent<'PodNodeLost', Static<typeof PodNodeLost>>
  | MachineEvent<'PodNodeReturned', Nothing>
  /** Its node stayed lost for longer than it tolerates. */
  | MachineEvent<'PodEvicted', Nothing>
  /** Nothing is left of it on its node, while a finalizer keeps the object. */
  | MachineEvent<'PodCleanedUp', Nothing>;

export const podEvents: Readonly<Record<PodEvent['type'], EventDefinition>> = {
  ...(lifecycleEvents('Pod') as Record<LifecycleEvent<'Pod', PodContext>['type'], EventDefinition>),
  ...containerEvents,
  PodScheduled: { version: 1, schema: BindArguments },
  PodUnschedulable: { version: 1, schema: MarkUnschedulableArguments },
  PodSandboxStarted: { version: 1, schema: PodSandboxStarted },
  PodNoticed: { version: 1, schema: PodNotice },
  PodBecameRunning: { version: 1, schema: Nothing },
  PodSucceeded: { version: 1, schema: Nothing },
  PodFailed: { version: 1, schema: PodFailed },
  PodNodeLost: { version: 1, schema: PodNodeLost },
  PodNodeReturned: { version: 1, schema: Nothing },
  PodEvicted: { version: 1, schema: Nothing },
  PodCleanedUp: { version: 1, schema: Nothing },
};
