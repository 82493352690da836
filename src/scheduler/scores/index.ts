/** The scores: each gives a node 0 to 100 and has a name, so that a commit can say why this node. */
import type { Candidate } from '../candidate.ts';
import type { PodDemand } from '../demand.ts';
import { leastAllocated } from './least-allocated.ts';
import { ownerSpread } from './owner-spread.ts';

export interface Score {
  readonly name: string;
  /** Share of the total; Kubernetes weighs topology spreading twice as much as allocation. */
  readonly weight: number;
  of(demand: PodDemand, candidate: Candidate): number;
}

const SCORES: readonly Score[] = [leastAllocated, ownerSpread];
const TOTAL_WEIGHT = SCORES.reduce((sum, { weight }) => sum + weight, 0);

/** Weighted total, 0 to 100. */
export function totalScore(demand: PodDemand, candidate: Candidate): number {
  let total = 0;
  for (const score of SCORES) total += score.of(demand, candidate) * score.weight;
  return total / TOTAL_WEIGHT;
}

/** Each score by name, for the record. */
export function scoresByName(demand: PodDemand, candidate: Candidate): Record<string, number> {
  return Object.fromEntries(SCORES.map((score) => [score.name, Math.round(score.of(demand, candidate))]));
}
