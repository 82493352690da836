/** Tells each node what it has to run: committed work only, changes as they are folded, the full list when asked. */
import {
  boundNode,
  containerCounts,
  isBeingDeleted,
  isTerminal,
  NODE_INDEX,
  sandboxAttempts,
  type PodContext,
  type PodRecord,
  type View,
} from '../../machines/index.ts';
import type { WorkList, WorkPod, WorkPosition } from '../agent/control-plane-link.ts';
import type { AppliedEntry, Change } from '../state/applied-entry.ts';

export interface WorkListsOptions {
  readonly view: View;
  /** Where the fold is now. */
  position(): WorkPosition;
  /** Grows from each writer's term to the next. */
  readonly term: number;
  publish(node: string, work: WorkList): void;
}

/** What one entry changed for one node. */
interface NodeChange {
  readonly pods: Map<string, WorkPod>;
  readonly removed: Set<string>;
}

export class WorkLists {
  readonly #options: WorkListsOptions;
  readonly #sequences = new Map<string, number>();

  constructor(options: WorkListsOptions) {
    this.#options = options;
  }

  /** Publishes what an entry changed for each node. */
  observe(applied: AppliedEntry): void {
    const byNode = new Map<string, NodeChange>();
    for (const change of applied.changes) if (change.commit.kind === 'Pod') note(byNode, change);
    for (const [node, { pods, removed }] of byNode) {
      this.#publish(node, { full: false, pods: [...pods.values()], removed: [...removed] });
    }
  }

  /** Publishes all work of all nodes: at the start of a term, since agents may have asked while nobody could answer. */
  publishAll(): void {
    for (const node of this.#options.view.list('Node')) this.publishFull(node.name);
  }

  /** Publishes all of a node's work. */
  publishFull(node: string): void {
    const pods = [...this.#options.view.indexed<PodContext>('Pod', NODE_INDEX, node)].map(workPodOf);
    this.#publish(node, { full: true, pods, removed: [] });
  }

  #publish(node: string, work: Pick<WorkList, 'full' | 'pods' | 'removed'>): void {
    const sequence = (this.#sequences.get(node) ?? 0) + 1;
    this.#sequences.set(node, sequence);
    this.#options.publish(node, { ...work, position: this.#options.position(), term: this.#options.term, sequence });
  }
}

function note(byNode: Map<string, NodeChange>, { before, after }: Change): void {
  const was = before as PodRecord | undefined;
  const is = after as PodRecord | undefined;
  const left = was && boundNode(was);
  const node = is && boundNode(is);
  if (was && left !== undefined && left !== node) {
    const change = changeOf(byNode, left);
    change.pods.delete(was.uid);
    change.removed.add(was.uid);
  }
  if (is && node !== undefined && (left !== node || mattersToAgent(was, is)))
    changeOf(byNode, node).pods.set(is.uid, workPodOf(is));
}

function changeOf(byNode: Map<string, NodeChange>, node: string): NodeChange {
  let change = byNode.get(node);
  if (change === undefined) byNode.set(node, (change = { pods: new Map(), removed: new Set() }));
  return change;
}

/** Whether a change is anything an agent acts on; what it reported itself is not. */
function mattersToAgent(was: PodRecord | undefined, is: PodRecord): boolean {
  return (
    was === undefined ||
    was.context.spec !== is.context.spec ||
    was.context.metadata !== is.context.metadata ||
    isTerminal(was) !== isTerminal(is)
  );
}

function workPodOf(pod: PodRecord): WorkPod {
  const { metadata, spec } = pod.context;
  return {
    uid: pod.uid,
    namespace: pod.namespace,
    name: pod.name,
    metadata,
    spec,
    revision: pod.revision,
    correlation: pod.correlation,
    ...(isBeingDeleted(metadata) ? { deletion: { gracePeriodSeconds: metadata.deletionGracePeriodSeconds ?? 0 } } : {}),
    ended: isTerminal(pod),
    containers: containerCounts(pod),
    sandboxAttempts: sandboxAttempts(pod),
  };
}
