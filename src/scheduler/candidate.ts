/** A node as the scheduler weighs it: what it offers and what is taken, the pods planned in this pass included. */
import { allocatable, type Allocatable, type NodeRecord } from '../../machines/node/index.ts';
import type { HostPortClaim, ResourceRequests } from '../../machines/pod/index.ts';
import type { PodDemand } from './demand.ts';

export class Candidate {
  #node: NodeRecord;
  #offers: Allocatable;
  #changes = 0;
  #pods = 0;
  readonly #requested = { cpuMillis: 0, memoryBytes: 0 };
  readonly #assumed = { cpuMillis: 0, memoryBytes: 0 };
  #hostPorts: readonly HostPortClaim[] = [];
  readonly #byOwner = new Map<string, number>();

  constructor(node: NodeRecord) {
    this.#node = node;
    this.#offers = allocatable(node);
  }

  get node(): NodeRecord {
    return this.#node;
  }

  get name(): string {
    return this.#node.name;
  }

  /** What the node has room for in all. */
  get offers(): Allocatable {
    return this.#offers;
  }

  /** How many pods are here. */
  get pods(): number {
    return this.#pods;
  }

  /** What is promised to the pods here. */
  get requested(): ResourceRequests {
    return this.#requested;
  }

  /** What the pods here count as where nodes are compared. */
  get assumed(): ResourceRequests {
    return this.#assumed;
  }

  get hostPorts(): readonly HostPortClaim[] {
    return this.#hostPorts;
  }

  /** Grows with every change that a filter or a score might answer differently after. */
  get changes(): number {
    return this.#changes;
  }

  /** How many pods of an owner are here. */
  ofOwner(owner: string): number {
    return this.#byOwner.get(owner) ?? 0;
  }

  /** The node changed; what is taken on it did not. */
  refresh(node: NodeRecord): void {
    this.#node = node;
    this.#offers = allocatable(node);
    this.#changes++;
  }

  /** Counts a pod in. */
  take(demand: PodDemand): void {
    this.#count(demand, 1);
    if (demand.hostPorts.length > 0) this.#hostPorts = [...this.#hostPorts, ...demand.hostPorts];
  }

  /** Counts out a pod that was counted in. */
  release(demand: PodDemand): void {
    this.#count(demand, -1);
    if (demand.hostPorts.length > 0) this.#hostPorts = without(this.#hostPorts, demand.hostPorts);
  }

  #count({ requests, assumed, owner }: PodDemand, sign: 1 | -1): void {
    this.#changes++;
    this.#pods += sign;
    add(this.#requested, requests, sign);
    add(this.#assumed, assumed, sign);
    if (owner === undefined) return;
    const count = this.ofOwner(owner) + sign;
    if (count === 0) this.#byOwner.delete(owner);
    else this.#byOwner.set(owner, count);
  }
}

function add(sum: { cpuMillis: number; memoryBytes: number }, summand: ResourceRequests, sign: 1 | -1): void {
  sum.cpuMillis += sign * summand.cpuMillis;
  sum.memoryBytes += sign * summand.memoryBytes;
}

/** The claims with one equal claim taken out for each given. */
function without(claims: readonly HostPortClaim[], gone: readonly HostPortClaim[]): readonly HostPortClaim[] {
  const left = [...claims];
  for (const { hostPort, protocol, hostIP } of gone) {
    const index = left.findIndex(
      (claim) => claim.hostPort === hostPort && claim.protocol === protocol && claim.hostIP === hostIP,
    );
    if (index >= 0) left.splice(index, 1);
  }
  return left;
}
