/** The filters in Kubernetes' order: each rules a node out with a phrase that people can read, or lets it pass. */
import type { Candidate } from '../candidate.ts';
import type { PodDemand } from '../demand.ts';
import { hostPorts } from './host-ports.ts';
import { nodeName } from './node-name.ts';
import { nodeSelector } from './node-selector.ts';
import { resources } from './resources.ts';
import { schedulable } from './schedulable.ts';

/** Why a node will not do. */
export interface Objection {
  /** The phrase of Kubernetes' "0/3 nodes are available: …". */
  readonly reason: string;
  /** The same of one node, behind its name: `lacks memory`. */
  readonly brief: string;
  /** By how much, as the node is now; made only for who asks. */
  detail(): string;
}

/** Empty: this node will do. */
export type Filter = (demand: PodDemand, candidate: Candidate) => readonly Objection[];

const FILTERS: readonly Filter[] = [schedulable, nodeName, nodeSelector, hostPorts, resources];

/** Every filter's, for people: whoever mends the first thing should know of the next. */
export const allObjections: Filter = (demand, candidate) => FILTERS.flatMap((filter) => filter(demand, candidate));

/** The first filter's objections; the rest are not asked, as in Kubernetes. */
export const objections: Filter = (demand, candidate) => {
  for (const filter of FILTERS) {
    const found = filter(demand, candidate);
    if (found.length > 0) return found;
  }
  return [];
};
