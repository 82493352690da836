/** What the scheduler remembers of nodes and of the pods on them between passes, kept up by each change. */
import type { NodeContext } from '../../machines/node/index.ts';
import { boundNode, isTerminal, type PodContext } from '../../machines/pod/index.ts';
import { controllerOf, type ObjectRecord, type View } from '../../machines/index.ts';
import type { Change } from '../state/applied-entry.ts';
import { Candidate, demandOf, type PodDemand } from './candidate.ts';

export type PodRecord = ObjectRecord<PodContext>;
type NodeRecord = ObjectRecord<NodeContext>;

/** The node a pod takes room on; undefined where it takes none. */
export function occupiedNode(pod: PodRecord): string | undefined {
  return isTerminal(pod) ? undefined : boundNode(pod);
}

/** Equal for pods that every filter and score treats alike. */
export function signatureOf(pod: PodRecord): string {
  const { spec, metadata } = pod.context;
  const { cpuMillis, memoryBytes, hostPorts } = demandOf(pod.context);
  return JSON.stringify([
    controllerOf(metadata)?.uid,
    cpuMillis,
    memoryBytes,
    hostPorts,
    spec.nodeName,
    spec.nodeSelector,
    spec.tolerations,
  ]);
}

export class Cluster {
  readonly #candidates = new Map<string, Candidate>();
  /** What each pod is counted as, by uid, so that it is counted out as it was counted in. */
  readonly #counted = new Map<string, { readonly node: string; readonly demand: PodDemand }>();
  #sorted: readonly Candidate[] | undefined;

  /** Everything there is, at the start of a term. */
  constructor(view: View) {
    for (const node of view.list<NodeContext>('Node')) this.#candidates.set(node.name, new Candidate(node));
    for (const pod of view.list<PodContext>('Pod')) this.#countIn(pod);
  }

  /** All nodes in name order, so that the same cell always gives the same plan. */
  get candidates(): readonly Candidate[] {
    this.#sorted ??= [...this.#candidates.values()].toSorted((left, right) => (left.name < right.name ? -1 : 1));
    return this.#sorted;
  }

  /** Takes note of a change; true when it may make room for a pod that found none. */
  observe(change: Change, view: View): boolean {
    if (change.commit.kind === 'Node') return this.#observeNode(change, view);
    if (change.commit.kind === 'Pod') return this.#observePod(change);
    return false;
  }

  /** Gives back what a plan took that did not come true, or has come true and was counted in by its change. */
  unplan(node: string, demand: PodDemand): void {
    this.#candidates.get(node)?.release(demand);
  }

  #observeNode({ before, after }: Change, view: View): boolean {
    const name = (after ?? before)?.name ?? '';
    if (after === undefined) {
      this.#candidates.delete(name);
      this.#sorted = undefined;
      return false;
    }
    const known = this.#candidates.get(name);
    if (known) known.refresh(after as NodeRecord);
    else this.#addNode(after as NodeRecord, view);
    return true;
  }

  #addNode(node: NodeRecord, view: View): void {
    this.#candidates.set(node.name, new Candidate(node));
    this.#sorted = undefined;
    for (const pod of view.indexed<PodContext>('Pod', 'node', node.name)) {
      this.#counted.delete(pod.uid);
      this.#countIn(pod);
    }
  }

  #observePod({ before, after }: Change): boolean {
    const pod = (after ?? before) as PodRecord;
    const counted = this.#counted.get(pod.uid);
    const node = after && occupiedNode(after as PodRecord);
    if (counted?.node === node) return false;
    if (counted) {
      this.#counted.delete(pod.uid);
      this.#candidates.get(counted.node)?.release(counted.demand);
    }
    if (after) this.#countIn(after as PodRecord);
    return counted !== undefined;
  }

  #countIn(pod: PodRecord): void {
    const node = occupiedNode(pod);
    if (node === undefined) return;
    const demand = demandOf(pod.context);
    this.#counted.set(pod.uid, { node, demand });
    this.#candidates.get(node)?.take(demand);
  }
}
