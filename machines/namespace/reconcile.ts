/** Empties namespaces that are being deleted, then lets them go. */
import { displayKey, type ObjectKey } from '../identity.ts';
import type { CommandDraft, Kind, Observe, Reconciler, ReconcileInput, ReconcileResult } from '../kind.ts';
import { isBeingDeleted } from '../metadata.ts';
import type { ObjectRecord } from '../view.ts';
import { holdsContent } from './decide.ts';
import type { NamespaceContext } from './machine.ts';

/** Objects deleted in one pass: about two entries of the log, so that others' commands get in between. */
export const NAMESPACE_BURST = 500;
/** The rest waits no longer than until the pass's answers are in; a millisecond is the least the loop can wait. */
const NEXT_PASS_MS = 1;

function keyOf(namespace: string): ObjectKey {
  return { kind: 'Namespace', namespace: '', name: namespace };
}

/** An object that left a namespace matters only where that namespace is on its way out. */
const observeContent: Observe = (before, after, view) => {
  if (before === undefined || after !== undefined) return [];
  const namespace = view.get<NamespaceContext>('Namespace', '', before.namespace);
  return namespace && isBeingDeleted(namespace.context.metadata) ? [keyOf(before.namespace)] : [];
};

const observeNamespace: Observe = (_before, after) =>
  after && isBeingDeleted(after.context.metadata) ? [keyOf(after.name)] : [];

/** The reconciler over all kinds that live in namespaces; kinds come as an argument because the list imports this folder. */
export function namespaceReconciler(kinds: readonly Kind[]): Reconciler {
  const contained = kinds.filter((kind) => kind.namespaced).map(({ kind }) => kind);
  return {
    name: 'namespace',
    observes: {
      ...Object.fromEntries(contained.map((kind) => [kind, observeContent])),
      Namespace: observeNamespace,
    },
    reconcile: (input) => reconcile(contained, input),
  };
}

function reconcile(contained: readonly string[], { key, view }: ReconcileInput): ReconcileResult {
  const namespace = view.get<NamespaceContext>('Namespace', '', key.name);
  if (namespace === undefined || !isBeingDeleted(namespace.context.metadata) || !holdsContent(namespace)) {
    return { commands: [] };
  }
  const commands: CommandDraft[] = [];
  let empty = true;
  for (const kind of contained) {
    for (const record of view.list(kind, key.name)) {
      empty = false;
      if (isBeingDeleted(record.context.metadata)) continue;
      if (commands.length === NAMESPACE_BURST) return { commands, requeueAfterMs: NEXT_PASS_MS };
      commands.push(deletion(namespace, record));
    }
  }
  return { commands: empty ? [finalize(namespace)] : commands };
}

function deletion(namespace: ObjectRecord, record: ObjectRecord): CommandDraft {
  return {
    id: `${record.uid}/namespace-deleted/${record.revision}`,
    kind: record.kind,
    namespace: record.namespace,
    name: record.name,
    verb: 'delete',
    arguments: { propagationPolicy: 'Background' },
    preconditions: { uid: record.uid },
    cause: namespace.revision,
    correlation: namespace.correlation,
    reason: `${displayKey(record)} goes with its namespace (revision ${namespace.revision})`,
  };
}

function finalize(namespace: ObjectRecord): CommandDraft {
  return {
    id: `${namespace.uid}/finalize/${namespace.revision}`,
    ...keyOf(namespace.name),
    verb: 'finalize',
    arguments: {},
    preconditions: { uid: namespace.uid },
    cause: namespace.revision,
    correlation: namespace.correlation,
    reason: 'nothing is left in the namespace',
  };
}
