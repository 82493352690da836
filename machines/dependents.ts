/** Who depends on whom by ownerReferences, as the garbage collector sees it. */
import type { Kind } from './kind.ts';
import { controllerOf, isBeingDeleted, type OwnerReference } from './metadata.ts';
import { FOREGROUND_FINALIZER } from './object-delete.ts';
import { OWNER_INDEX, type ObjectRecord, type View } from './view.ts';

/** `solid`: keeps its dependent; `absent`: gone, or another object has its name; `waiting`: goes once this dependent is gone. */
export type OwnerState = 'solid' | 'absent' | 'waiting';

export type KindsByName = ReadonlyMap<string, Kind>;

/** Whether a finalizer stands on an object that is being deleted. */
export function isFinalizing(record: ObjectRecord, finalizer: string): boolean {
  const { metadata } = record.context;
  return isBeingDeleted(metadata) && (metadata.finalizers ?? []).includes(finalizer);
}

/** The owner an object names, dead or alive; undefined when that kind or scope cannot be looked up. */
export function ownerKeyOf(kinds: KindsByName, dependent: ObjectRecord, reference: OwnerReference) {
  const kind = kinds.get(reference.kind);
  if (kind === undefined || (kind.namespaced && dependent.namespace === '')) return undefined;
  return { kind: kind.kind, namespace: kind.namespaced ? dependent.namespace : '', name: reference.name };
}

/** What has become of an owner. One that cannot be looked up counts as solid: nothing is deleted on a guess. */
export function ownerState(
  kinds: KindsByName,
  view: View,
  dependent: ObjectRecord,
  reference: OwnerReference,
): OwnerState {
  const key = ownerKeyOf(kinds, dependent, reference);
  if (key === undefined) return 'solid';
  const owner = view.get(key.kind, key.namespace, key.name);
  if (owner === undefined || owner.uid !== reference.uid) return 'absent';
  const waits = reference.blockOwnerDeletion === true && isFinalizing(owner, FOREGROUND_FINALIZER);
  return waits ? 'waiting' : 'solid';
}

/** Whether an object has an owner that does not control it; those are in no index. */
export function hasOtherOwner(record: ObjectRecord): boolean {
  return (record.context.metadata.ownerReferences ?? []).some((reference) => reference.controller !== true);
}

/** An object's dependents: by the owner index where it controls them, else by looking through the namespaces it can own in. */
export function* dependentsOf(kinds: KindsByName, view: View, owner: ObjectRecord): Generator<ObjectRecord> {
  for (const kind of kinds.keys()) {
    yield* view.indexed(kind, OWNER_INDEX, owner.uid);
    for (const record of view.list(kind, owner.namespace === '' ? undefined : owner.namespace)) {
      const { metadata } = record.context;
      const owned = (metadata.ownerReferences ?? []).some((reference) => reference.uid === owner.uid);
      if (owned && controllerOf(metadata)?.uid !== owner.uid) yield record;
    }
  }
}
