/** Makes a pod's event of its current version, with data of the right shape. */
import type { Kind } from '../kind.ts';
import type { Event } from '../message.ts';
import { eventVersion } from '../object-rules.ts';
import type { PodEvent } from './events.ts';

export type DataOf<Type extends PodEvent['type']> = Extract<PodEvent, { readonly type: Type }>['data'];

export function podEvent<Type extends PodEvent['type']>(kind: Kind, type: Type, data: DataOf<Type>): Event {
  return { type, version: eventVersion(kind, type), data };
}
