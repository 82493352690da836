/** What the scheduler remembers of nodes and of the pods on them between passes, kept up by each change. */
import type { NodeContext, NodeRecord } from '../../machines/node/index.ts';
import { boundNode, isTerminal, NODE_INDEX, type PodContext, type PodRecord } from '../../machines/pod/index.ts';
import { controllerOf, type View } from '../../machines/index.ts';
import type { Change } from '../state/applied-entry.ts';
import { Candidate } from './candidate.ts';
import { demandOf, type PodDemand } from './demand.ts';

/** A pod as it was counted in, so that it is counted out alike: its node may have been replaced by another of that name. */
interface Counted {
  readonly node: string;
  readonly candidate: Candidate | undefined;
  readonly demand: PodDemand;
}

/** The node a pod takes room on; undefined where it takes none. */
function occupiedNode(pod: PodRecord): string | undefined {
  return isTerminal(pod) ? undefined : boundNode(pod);
}

export class Cluster {
  readonly #candidates = new Map<string, Candidate>();
  /** By the pod's uid. */
  readonly #counted = new Map<string, Counted>();
  #sorted: readonly Candidate[] | undefined;

  /** Everything there is, at the start of a term. */
  constructor(view: Pick<View, 'list'>) {
    for (const node of view.list<NodeContext>('Node')) this.#candidates.set(node.name, new Candidate(node));
    for (const pod of view.list<PodContext>('Pod')) this.#countIn(pod);
  }

  /** All nodes in name order, so that the same cell always gives the same plan. */
  get candidates(): readonly Candidate[] {
    this.#sorted ??= [...this.#candidates.values()].toSorted((left, right) => (left.name < right.name ? -1 : 1));
    return this.#sorted;
  }

  /** Takes note of a change; true when a pod that found no node may find one now, or another reason why not. */
  observe(change: Change, view: View): boolean {
    if (change.commit.kind === 'Node') return this.#observeNode(change, view);
    if (change.commit.kind === 'Pod') return this.#observePod(change);
    return false;
  }

  #observeNode({ commit: { name }, after }: Change, view: View): true {
    const known = this.#candidates.get(name);
    if (after !== undefined && known !== undefined) known.refresh(after as NodeRecord);
    else {
      this.#sorted = undefined;
      if (after === undefined) this.#candidates.delete(name);
      else this.#addNode(after as NodeRecord, view);
    }
    return true;
  }

  /** Pods may have been bound to another node of that name, and stay to be cleared away. */
  #addNode(node: NodeRecord, view: View): void {
    this.#candidates.set(node.name, new Candidate(node));
    for (const pod of view.indexed<PodContext>('Pod', NODE_INDEX, node.name)) {
      this.#countOut(pod.uid);
      this.#countIn(pod);
    }
  }

  #observePod({ commit: { uid }, after }: Change): boolean {
    const pod = after as PodRecord | undefined;
    const counted = this.#counted.get(uid);
    const node = pod && occupiedNode(pod);
    const owner = pod && controllerOf(pod.context.metadata)?.uid;
    if (counted?.node === node && counted?.demand.owner === (counted && owner)) return false;
    this.#countOut(uid);
    if (pod) this.#countIn(pod);
    return counted !== undefined && counted.node !== node;
  }

  #countIn(pod: PodRecord): void {
    const node = occupiedNode(pod);
    if (node === undefined) return;
    const candidate = this.#candidates.get(node);
    const demand = demandOf(pod.context);
    this.#counted.set(pod.uid, { node, candidate, demand });
    candidate?.take(demand);
  }

  #countOut(uid: string): void {
    const counted = this.#counted.get(uid);
    this.#counted.delete(uid);
    counted?.candidate?.release(counted.demand);
  }
}
