/** The indexes of pods beside their owner's. */
import type { IndexFunction } from '../kind.ts';
import { controllerOf } from '../metadata.ts';
import { LIVE_OWNER_INDEX } from '../view.ts';
import { boundNode, isLive, needsScheduling } from './facts.ts';
import type { PodContext } from './status.ts';

/** Pods by the node they are bound to. */
export const NODE_INDEX = 'node';
/** Pods the scheduler has to place, all under UNSCHEDULED. */
export const UNSCHEDULED_INDEX = 'unscheduled';
export const UNSCHEDULED = 'yes';
/** Live pods by controller and slot: at most one each. */
export const SLOT_INDEX = 'slot';

export function slotValue(ownerUid: string, slot: number): string {
  return `${ownerUid}/${slot}`;
}

export const podIndexes: Readonly<Record<string, IndexFunction<PodContext>>> = {
  [NODE_INDEX]: { of: boundNode },
  [UNSCHEDULED_INDEX]: { of: (record) => (needsScheduling(record) ? UNSCHEDULED : undefined) },
  [LIVE_OWNER_INDEX]: { of: (record) => (isLive(record) ? controllerOf(record.context.metadata)?.uid : undefined) },
  [SLOT_INDEX]: {
    of: (record) => {
      const { metadata, slot } = record.context;
      const owner = slot === undefined || !isLive(record) ? undefined : controllerOf(metadata);
      return owner === undefined || slot === undefined ? undefined : slotValue(owner.uid, slot);
    },
  },
};
