/** A pod's events: its own, its containers', and the four that every object has. */
import type { EventDefinition } from '../kind.ts';
import type { MachineEvent } from '../message.ts';
import { lifecycleEvents, type LifecycleEvent } from '../object-lifecycle.ts';
import { strictObject, Type, type Static } from '../schema.ts';
import { timeOfDay } from '../metadata.ts';
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
  ...lifecycleEvents('Pod'),
  ...containerEvents,
  PodScheduled: { version: 1, schema: BindArguments, sentence: ({ node }: BindArguments) => `bound to ${node}` },
  PodUnschedulable: { version: 1, schema: MarkUnschedulableArguments, sentence: tellUnschedulable },
  PodSandboxStarted: { version: 1, schema: PodSandboxStarted, sentence: tellSandbox, isMinor: () => true },
  PodNoticed: {
    version: 1,
    schema: PodNotice,
    sentence: tellNotice,
    // That a container is held back is told of the container.
    isMinor: ({ type, reason }: PodNotice) => type === 'Normal' || reason === 'BackOff',
  },
  PodBecameRunning: { version: 1, schema: Nothing, sentence: () => 'running' },
  PodSucceeded: { version: 1, schema: Nothing, sentence: () => 'succeeded' },
  PodFailed: { version: 1, schema: PodFailed, sentence: tellFailure },
  PodNodeLost: { version: 1, schema: PodNodeLost, sentence: tellNodeLoss },
  PodNodeReturned: { version: 1, schema: Nothing, sentence: () => 'back with its node' },
  PodEvicted: { version: 1, schema: Nothing, sentence: () => 'evicted' },
  PodCleanedUp: { version: 1, schema: Nothing, sentence: () => 'cleared from its node' },
};

/** Kubernetes' sentence, as one clause of another. */
function tellUnschedulable({ message }: MarkUnschedulableArguments): string {
  return `found no node: ${message.replace(/\.$/, '')}`;
}

function tellSandbox({ podIP, assignedPort }: Static<typeof PodSandboxStarted>): string {
  const address = podIP === undefined ? '' : ` ${podIP}`;
  return `got its sandbox${address}${assignedPort === undefined ? '' : ` port ${assignedPort}`}`;
}

function tellNotice({ reason, message, container }: PodNotice): string {
  return `${container === undefined ? '' : `container ${container}: `}${reason}: ${message}`;
}

function tellFailure({ reason, message }: Static<typeof PodFailed>): string {
  const why = [reason, message].filter((part) => part !== undefined && part !== '').join(': ');
  return why === '' ? 'failed' : `failed (${why})`;
}

function tellNodeLoss({ evictAt }: Static<typeof PodNodeLost>): string {
  return evictAt === undefined
    ? 'lost with its node, and stays there'
    : `lost with its node, to be evicted at ${timeOfDay(evictAt)}`;
}
