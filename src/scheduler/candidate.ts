/** A node as the scheduler weighs it: what it offers and what is taken, the pods planned in this pass included. */
import { allocatable, type Allocatable, type NodeContext } from '../../machines/node/index.ts';
import { hostPortsOf, resourceRequests, type HostPortClaim, type PodSpec } from '../../machines/pod/index.ts';
import { controllerOf, type ObjectMeta, type ObjectRecord } from '../../machines/index.ts';

/** What a pod asks of a node, as filters and scores see it. */
export interface PodDemand {
  readonly spec: PodSpec;
  readonly cpuMillis: number;
  readonly memoryBytes: number;
  readonly hostPorts: readonly HostPortClaim[];
  /** uid of the controlling owner, for spreading. */
  readonly owner: string | undefined;
}

export function demandOf(pod: { readonly metadata: ObjectMeta; readonly spec: PodSpec }): PodDemand {
  const { cpuMillis, memoryBytes } = resourceRequests(pod.spec);
  const owner = controllerOf(pod.metadata)?.uid;
  return { spec: pod.spec, cpuMillis, memoryBytes, hostPorts: hostPortsOf(pod.spec), owner };
}

export class Candidate {
  #record: ObjectRecord<NodeContext>;
  #offers: Allocatable;
  cpuMillis = 0;
  memoryBytes = 0;
  pods = 0;
  hostPorts: readonly HostPortClaim[] = [];
  readonly #byOwner = new Map<string, number>();

  constructor(record: ObjectRecord<NodeContext>) {
    this.#record = record;
    this.#offers = allocatable(record);
  }

  get record(): ObjectRecord<NodeContext> {
    return this.#record;
  }

  /** What the node has room for in all. */
  get offers(): Allocatable {
    return this.#offers;
  }

  get name(): string {
    return this.#record.name;
  }

  /** The node changed; what is taken on it did not. */
  refresh(record: ObjectRecord<NodeContext>): void {
    this.#record = record;
    this.#offers = allocatable(record);
  }

  /** Counts a pod in. */
  take(demand: PodDemand): void {
    this.#count(demand, 1);
    if (demand.hostPorts.length > 0) this.hostPorts = [...this.hostPorts, ...demand.hostPorts];
  }

  /** Counts a pod out. */
  release(demand: PodDemand): void {
    this.#count(demand, -1);
    if (demand.hostPorts.length > 0) this.hostPorts = without(this.hostPorts, demand.hostPorts);
  }

  /** How many pods of an owner are here. */
  ofOwner(owner: string): number {
    return this.#byOwner.get(owner) ?? 0;
  }

  #count(demand: PodDemand, sign: 1 | -1): void {
    this.cpuMillis += sign * demand.cpuMillis;
    this.memoryBytes += sign * demand.memoryBytes;
    this.pods += sign;
    if (demand.owner === undefined) return;
    const count = this.ofOwner(demand.owner) + sign;
    if (count === 0) this.#byOwner.delete(demand.owner);
    else this.#byOwner.set(demand.owner, count);
  }
}

/** The claims with one equal claim taken out for each given. */
function without(claims: readonly HostPortClaim[], gone: readonly HostPortClaim[]): HostPortClaim[] {
  const left = [...claims];
  for (const claim of gone) {
    const index = left.findIndex((other) => JSON.stringify(other) === JSON.stringify(claim));
    if (index >= 0) left.splice(index, 1);
  }
  return left;
}
