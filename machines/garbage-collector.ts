/** Deletes what its owners left behind, and takes off the finalizers of orphan and foreground deletion. A reconciler over all kinds. */
import { hasOtherOwner, dependentsOf, isFinalizing, ownerKeyOf, ownerState, type KindsByName } from './dependents.ts';
import { displayKey, type ObjectKey } from './identity.ts';
import type { CommandDraft, Kind, Observe, Reconciler, ReconcileInput, ReconcileResult } from './kind.ts';
import { equalJson } from './merge-patch.ts';
import { isBeingDeleted } from './metadata.ts';
import { FOREGROUND_FINALIZER, ORPHAN_FINALIZER } from './object-delete.ts';
import { OWNER_INDEX, type ObjectRecord, type View } from './view.ts';

/** Commands of one pass: about two entries of the log, so that others' commands get in between. */
export const GARBAGE_BURST = 500;
/** The rest waits no longer than until the pass's answers are in; a millisecond is the least the loop can wait. */
const NEXT_PASS_MS = 1;

/** The garbage collector over the given kinds; they come as an argument because the list of kinds imports this file's users. */
export function garbageCollector(list: readonly Kind[]): Reconciler {
  const kinds: KindsByName = new Map(list.map((kind) => [kind.kind, kind]));
  const observe: Observe = (before, after, view) => observeObject(kinds, before, after, view);
  return {
    name: 'garbage-collector',
    observes: Object.fromEntries(list.map(({ kind }) => [kind, observe])),
    reconcile: (input) => reconcile(kinds, input),
  };
}

function keyOf({ kind, namespace, name }: ObjectKey): ObjectKey {
  return { kind, namespace, name };
}

/**
 * Key of a look through one namespace for dependents that no index finds (their owner does not control them); many removals
 * share it, where a search for each of them would not scale. An empty name stands for objects of cluster scope.
 */
function sweepKey(namespace: string): ObjectKey {
  return { kind: 'Namespace', namespace: '', name: namespace };
}

function observeObject(
  kinds: KindsByName,
  before: ObjectRecord | undefined,
  after: ObjectRecord | undefined,
  view: View,
): readonly ObjectKey[] {
  const keys: ObjectKey[] = [];
  const references = before?.context.metadata.ownerReferences;
  const lostReferences = !equalJson(references, after?.context.metadata.ownerReferences);
  if (before !== undefined && lostReferences) keys.push(...finalizingOwners(kinds, before, view));
  if (after === undefined) return before === undefined ? keys : [...keys, ...afterRemoval(kinds, before, view)];
  const owned = (after.context.metadata.ownerReferences ?? []).length > 0;
  const finalizing = isFinalizing(after, ORPHAN_FINALIZER) || isFinalizing(after, FOREGROUND_FINALIZER);
  if ((owned && lostReferences) || finalizing) keys.push(keyOf(after));
  return keys;
}

/** Owners that wait for this dependent to be gone or let go. */
function finalizingOwners(kinds: KindsByName, dependent: ObjectRecord, view: View): ObjectKey[] {
  return (dependent.context.metadata.ownerReferences ?? []).flatMap((reference) => {
    const key = ownerKeyOf(kinds, dependent, reference);
    const owner = key && view.get(key.kind, key.namespace, key.name);
    return owner && isBeingDeleted(owner.context.metadata) ? [keyOf(owner)] : [];
  });
}

/** Dependents of an object that is gone. */
function afterRemoval(kinds: KindsByName, gone: ObjectRecord, view: View): ObjectKey[] {
  const keys: ObjectKey[] = [];
  for (const kind of kinds.keys()) {
    for (const dependent of view.indexed(kind, OWNER_INDEX, gone.uid)) keys.push(keyOf(dependent));
  }
  if (gone.namespace !== '') return [...keys, sweepKey(gone.namespace)];
  const namespaces = [...view.list('Namespace')].map(({ name }) => sweepKey(name));
  return [...keys, sweepKey(''), ...namespaces];
}

function reconcile(kinds: KindsByName, { key, view }: ReconcileInput): ReconcileResult {
  const commands: CommandDraft[] = [];
  if (key.kind === 'Namespace') commands.push(...sweep(kinds, view, key.name));
  const record = key.name === '' ? undefined : view.get(key.kind, key.namespace, key.name);
  if (record !== undefined) {
    if (isFinalizing(record, ORPHAN_FINALIZER)) commands.push(...orphanDependents(kinds, view, record));
    else if (isFinalizing(record, FOREGROUND_FINALIZER)) commands.push(...awaitDependents(kinds, view, record));
    else commands.push(...collect(kinds, view, record));
  }
  if (commands.length <= GARBAGE_BURST) return { commands };
  return { commands: commands.slice(0, GARBAGE_BURST), requeueAfterMs: NEXT_PASS_MS };
}

function* sweep(kinds: KindsByName, view: View, namespace: string): Generator<CommandDraft> {
  for (const kind of kinds.values()) {
    if (kind.namespaced === (namespace === '')) continue;
    for (const record of view.list(kind.kind, namespace)) {
      if (hasOtherOwner(record)) yield* collect(kinds, view, record);
    }
  }
}

/** What to do about one dependent: nothing, let go of owners that are gone, or delete it. */
function collect(kinds: KindsByName, view: View, record: ObjectRecord): CommandDraft[] {
  const references = record.context.metadata.ownerReferences ?? [];
  if (references.length === 0 || isBeingDeleted(record.context.metadata)) return [];
  const states = references.map((reference) => ownerState(kinds, view, record, reference));
  if (states.every((state) => state === 'solid')) return [];
  const kept = references.filter((_, index) => states[index] === 'solid');
  if (kept.length > 0) return [patchMetadata(record, { ownerReferences: kept }, 'an owner is gone, another keeps it')];
  const owners = references.map(({ kind, name }) => `${kind} ${name}`).join(', ');
  const propagation = states.includes('waiting') ? { propagationPolicy: 'Foreground' } : {};
  return [
    {
      id: `${record.uid}/collect/${record.revision}`,
      ...keyOf(record),
      verb: 'delete',
      arguments: propagation,
      preconditions: { uid: record.uid },
      reason: `its owner is ${states.includes('waiting') ? 'being deleted' : 'gone'}: ${owners}`,
    },
  ];
}

function orphanDependents(kinds: KindsByName, view: View, owner: ObjectRecord): CommandDraft[] {
  const commands = [...dependentsOf(kinds, view, owner)].map((dependent) => {
    const kept = (dependent.context.metadata.ownerReferences ?? []).filter(({ uid }) => uid !== owner.uid);
    return causedBy(
      owner,
      patchMetadata(dependent, { ownerReferences: kept }, `orphaned: ${displayKey(owner)} is deleted`),
    );
  });
  return commands.length > 0 ? commands : [withoutFinalizer(owner, ORPHAN_FINALIZER)];
}

function awaitDependents(kinds: KindsByName, view: View, owner: ObjectRecord): CommandDraft[] {
  const blocking = [...dependentsOf(kinds, view, owner)].filter(({ context }) =>
    (context.metadata.ownerReferences ?? []).some(
      ({ uid, blockOwnerDeletion }) => uid === owner.uid && blockOwnerDeletion === true,
    ),
  );
  if (blocking.length === 0) return [withoutFinalizer(owner, FOREGROUND_FINALIZER)];
  return blocking.flatMap((dependent) => collect(kinds, view, dependent)).map((command) => causedBy(owner, command));
}

function withoutFinalizer(record: ObjectRecord, finalizer: string): CommandDraft {
  const finalizers = (record.context.metadata.finalizers ?? []).filter((name) => name !== finalizer);
  return causedBy(record, patchMetadata(record, { finalizers }, `no dependent is left for "${finalizer}"`));
}

function causedBy(record: ObjectRecord, command: CommandDraft): CommandDraft {
  return { ...command, cause: record.revision, correlation: record.correlation };
}

function patchMetadata(record: ObjectRecord, metadata: object, reason: string): CommandDraft {
  return {
    id: `${record.uid}/${Object.keys(metadata).join()}/${record.revision}`,
    ...keyOf(record),
    verb: 'patch',
    arguments: { patch: { metadata } },
    preconditions: { uid: record.uid, revision: record.revision },
    reason,
  };
}
