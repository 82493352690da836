/** What can happen to a ReplicationController, beside being created, changed and removed. */
import type { EventDefinition } from '../kind.ts';
import type { MachineEvent } from '../message.ts';
import { lifecycleEvents, type LifecycleEvent } from '../object-lifecycle.ts';
import { strictObject, Type, type Static } from '../schema.ts';
import { ReplicationControllerStatus, type ReplicationControllerContext } from './manifest.ts';

const Scaled = strictObject({
  from: Type.Integer({ minimum: 0 }),
  to: Type.Integer({ minimum: 0 }),
  /** The whole change as a merge patch; it may say more than the number. */
  patch: Type.Unknown(),
});

const Observed = strictObject({ status: ReplicationControllerStatus });

export type ReplicationControllerEvent =
  | LifecycleEvent<'ReplicationController', ReplicationControllerContext>
  | MachineEvent<'ReplicationControllerScaled', Static<typeof Scaled>>
  | MachineEvent<'ReplicationControllerProgressed', Static<typeof Observed>>
  | MachineEvent<'ReplicationControllerDegraded', Static<typeof Observed>>
  | MachineEvent<'ReplicationControllerSettled', Static<typeof Observed>>;

export const replicationControllerEvents: Readonly<Record<string, EventDefinition>> = {
  ...lifecycleEvents('ReplicationController'),
  /** The wanted number changed. */
  ReplicationControllerScaled: {
    version: 1,
    schema: Scaled,
    sentence: ({ from, to }: Static<typeof Scaled>) => `scaled from ${from} to ${to}`,
  },
  /** Pods were counted, and there are fewer or more than wanted. */
  ReplicationControllerProgressed: { version: 1, schema: Observed, sentence: tellCount, isMinor: () => true },
  /** Pods were counted: as many as wanted, not all of them available. */
  ReplicationControllerDegraded: { version: 1, schema: Observed, sentence: tellCount, isMinor: () => true },
  /** Pods were counted: as many as wanted, all available. */
  ReplicationControllerSettled: { version: 1, schema: Observed, sentence: tellCount, isMinor: () => true },
};

function tellCount({ status }: Static<typeof Observed>): string {
  const { replicas, readyReplicas = 0, availableReplicas = 0 } = status;
  return `counted ${replicas} pods, ${readyReplicas} ready, ${availableReplicas} available`;
}
