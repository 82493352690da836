/** The filters in Kubernetes' order: each rules a node out with a phrase that people can read, or lets it pass. */
import type { Candidate } from '../candidate.ts';
import type { PodDemand } from '../demand.ts';
import { hostPorts } from './host-ports.ts';
import { nodeName } from './node-name.ts';
import { nodeSelector } from './node-selector.ts';
import { resources } from './resources.ts';
import { schedulable } from './schedulable.ts';

/** Why not, as phrases of Kubernetes' "0/3 nodes are available: …"; empty: this node will do. */
export type Filter = (demand: PodDemand, candidate: Candidate) => readonly string[];

const FILTERS: readonly Filter[] = [schedulable, nodeName, nodeSelector, hostPorts, resources];

/** The first filter's objections; the rest are not asked, as in Kubernetes. */
export const objections: Filter = (demand, candidate) => {
  for (const filter of FILTERS) {
    const reasons = filter(demand, candidate);
    if (reasons.length > 0) return reasons;
  }
  return [];
};
