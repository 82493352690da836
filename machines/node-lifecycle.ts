/** What a node's health means for the pods bound to it. A reconciler across two kinds, so it lives beside them. */
import { settingsOf } from './cell-configuration/index.ts';
import type { ObjectKey } from './identity.ts';
import type { CommandDraft, Observe, Reconciler, ReconcileInput, ReconcileResult } from './kind.ts';
import { isEvicting, isReachable, type NodeContext, type NodeRecord } from './node/index.ts';
import { boundNode, isNodeLost, isTerminal, NODE_INDEX, type PodContext, type PodRecord } from './pod/index.ts';
import type { ObjectRecord } from './view.ts';

function keyOf(node: string): ObjectKey {
  return { kind: 'Node', namespace: '', name: node };
}

/** Labels and registrations say nothing about pods; health and existence do. */
const observeNode: Observe = (before, after) => {
  const name = (after ?? before)?.name;
  if (name === undefined || healthOf(before) === healthOf(after)) return [];
  return [keyOf(name)];
};

function healthOf(record: ObjectRecord | undefined): 'gone' | 'evicting' | 'reachable' | 'undecided' {
  if (record === undefined) return 'gone';
  const node = record as NodeRecord;
  if (isEvicting(node)) return 'evicting';
  return isReachable(node) ? 'reachable' : 'undecided';
}

/** A pod matters once, when it is bound: its node may be lost or gone by then. */
const observePod: Observe = (before, after) => {
  const node = nodeOf(after);
  return node === undefined || node === nodeOf(before) ? [] : [keyOf(node)];
};

function nodeOf(pod: ObjectRecord | undefined): string | undefined {
  return pod && boundNode(pod as PodRecord);
}

export const nodeLifecycle: Reconciler = {
  name: 'node-lifecycle',
  observes: { Node: observeNode, Pod: observePod },
  reconcile,
};

function reconcile({ key, view }: ReconcileInput): ReconcileResult {
  const node = view.get<NodeContext>('Node', '', key.name);
  const tolerationSeconds = settingsOf(view).evictionTolerationSeconds;
  const commands: CommandDraft[] = [];
  for (const pod of view.indexed<PodContext>('Pod', NODE_INDEX, key.name)) {
    if (node === undefined) commands.push(removeFromGoneNode(pod, key.name));
    else if (isTerminal(pod)) continue;
    else if (isEvicting(node) && !isNodeLost(pod)) commands.push(markLost(node, pod, tolerationSeconds));
    else if (isReachable(node) && isNodeLost(pod)) commands.push(markReturned(node, pod));
  }
  return { commands };
}

/** Nobody is left to stop it: Kubernetes' pod garbage collection. */
function removeFromGoneNode(pod: PodRecord, node: string): CommandDraft {
  return {
    id: `${pod.uid}/node-gone/${pod.revision}`,
    kind: 'Pod',
    namespace: pod.namespace,
    name: pod.name,
    verb: 'delete',
    arguments: { gracePeriodSeconds: 0 },
    preconditions: { uid: pod.uid },
    reason: `node ${node} does not exist`,
  };
}

function markLost(node: NodeRecord, pod: PodRecord, defaultTolerationSeconds: number): CommandDraft {
  return mark(node, pod, {
    verb: 'markNodeLost',
    arguments: { node: node.name, defaultTolerationSeconds },
    reason: `node ${node.name} is unreachable`,
  });
}

function markReturned(node: NodeRecord, pod: PodRecord): CommandDraft {
  return mark(node, pod, {
    verb: 'markNodeReturned',
    arguments: { node: node.name },
    reason: `node ${node.name} is heard again`,
  });
}

function mark(
  node: NodeRecord,
  pod: PodRecord,
  command: Pick<CommandDraft, 'verb' | 'arguments' | 'reason'>,
): CommandDraft {
  return {
    ...command,
    id: `${pod.uid}/${command.verb}/${pod.revision}/${node.revision}`,
    kind: 'Pod',
    namespace: pod.namespace,
    name: pod.name,
    preconditions: { uid: pod.uid },
    cause: node.revision,
    correlation: node.correlation,
  };
}
