/** Events of one container of a pod: what its agent's levels mean, compared with the level before. */
import type { EventDefinition } from '../kind.ts';
import type { MachineEvent } from '../message.ts';
import { strictObject, Type, type Static } from '../schema.ts';
import { TerminatedReport } from './commands.ts';

const identity = {
  container: Type.String(),
  /** Number of the report that told it. */
  number: Type.Integer({ minimum: 0 }),
};

const ContainerWaiting = strictObject({
  ...identity,
  reason: Type.String(),
  message: Type.Optional(Type.String()),
});
const ContainerStarted = strictObject({
  ...identity,
  /** Runs before this one. */
  attempt: Type.Integer({ minimum: 0 }),
  /** Unix milliseconds. */
  startedAt: Type.Number(),
  ready: Type.Boolean(),
  /** Where it is not what was known. */
  image: Type.Optional(Type.String()),
  imageId: Type.Optional(Type.String()),
  containerId: Type.Optional(Type.String()),
});
const ContainerExited = strictObject({
  ...identity,
  attempt: Type.Integer({ minimum: 0 }),
  ...TerminatedReport.properties,
  image: Type.Optional(Type.String()),
  imageId: Type.Optional(Type.String()),
});
const ContainerMarked = strictObject(identity);

export type ContainerEvent =
  /** It does not run, and why. */
  | MachineEvent<'ContainerWaiting', Static<typeof ContainerWaiting>>
  | MachineEvent<'ContainerStarted', Static<typeof ContainerStarted>>
  | MachineEvent<'ContainerBecameReady', Static<typeof ContainerMarked>>
  | MachineEvent<'ContainerBecameUnready', Static<typeof ContainerMarked>>
  | MachineEvent<'ContainerExited', Static<typeof ContainerExited>>
  /** A report with a gap before its number said what was known: later arrivals with lower numbers must not count. */
  | MachineEvent<'ContainerConfirmed', Static<typeof ContainerMarked>>;

export const containerEvents: Readonly<Record<ContainerEvent['type'], EventDefinition>> = {
  ContainerWaiting: { version: 1, schema: ContainerWaiting },
  ContainerStarted: { version: 1, schema: ContainerStarted },
  ContainerBecameReady: { version: 1, schema: ContainerMarked },
  ContainerBecameUnready: { version: 1, schema: ContainerMarked },
  ContainerExited: { version: 1, schema: ContainerExited },
  ContainerConfirmed: { version: 1, schema: ContainerMarked },
};
