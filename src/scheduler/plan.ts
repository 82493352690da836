/** Plans where the pods of one template go: pure. They share one filter pass, and each placement counts for the next. */
import type { Candidate } from './candidate.ts';
import type { PodDemand } from './demand.ts';
import { objections, type Objection } from './filters/index.ts';
import { scoresByName, totalScore } from './scores/index.ts';

/** Where a pod goes and why there. */
export interface Placement {
  readonly candidate: Candidate;
  readonly score: number;
  readonly scores: Readonly<Record<string, number>>;
  readonly feasibleNodes: number;
  readonly totalNodes: number;
  /** How many nodes were ruled out, by reason. */
  readonly ruledOut: Readonly<Record<string, number>>;
  /** The first nodes that were ruled out, each with why: `n3 lacks memory`. */
  readonly without: readonly string[];
}

/** Nodes named in a reason: more than these are counted. */
export const NAMED_NODES_MAX = 3;

/** Why a pod goes nowhere. */
export interface NoPlacement {
  readonly candidate: undefined;
  /** Kubernetes' sentence. */
  readonly message: string;
  readonly ruledOut: Readonly<Record<string, number>>;
}

interface Choice {
  readonly candidate: Candidate;
  score: number;
  /** The candidate's changes when it was weighed: at another count it is weighed again. */
  weighedAt: number;
}

/** The candidates left for one template in one pass, during which nothing is released. */
export class TemplatePlan {
  readonly #demand: PodDemand;
  readonly #totalNodes: number;
  /** In the candidates' order. */
  readonly #feasible = new Set<Choice>();
  #ruledOut: Readonly<Record<string, number>> = {};
  #without: readonly string[] = [];

  constructor(demand: PodDemand, candidates: readonly Candidate[]) {
    this.#demand = demand;
    this.#totalNodes = candidates.length;
    for (const candidate of candidates) this.#weigh({ candidate, score: 0, weighedAt: 0 });
  }

  /** Places one pod of the template, counting it in; or says why none will do. */
  place(): Placement | NoPlacement {
    const best = this.#best();
    if (best === undefined) return { candidate: undefined, message: this.#sentence(), ruledOut: this.#ruledOut };
    const { candidate, score } = best;
    const placement: Placement = {
      candidate,
      score: Math.round(score),
      scores: scoresByName(this.#demand, candidate),
      feasibleNodes: this.#feasible.size,
      totalNodes: this.#totalNodes,
      ruledOut: this.#ruledOut,
      without: this.#without,
    };
    candidate.take(this.#demand);
    return placement;
  }

  /** Highest score; among equals the first by name, so that the same view always gives the same plan. */
  #best(): Choice | undefined {
    let best: Choice | undefined;
    for (const choice of this.#feasible) {
      // This template's last pod, or another's, was placed there meanwhile.
      if (choice.weighedAt !== choice.candidate.changes && !this.#weigh(choice)) continue;
      if (best === undefined || choice.score > best.score) best = choice;
    }
    return best;
  }

  /** False when the candidate is ruled out. */
  #weigh(choice: Choice): boolean {
    const { candidate } = choice;
    const found = objections(this.#demand, candidate);
    if (found.length > 0) {
      this.#feasible.delete(choice);
      this.#ruleOut(candidate, found);
      return false;
    }
    choice.score = totalScore(this.#demand, candidate);
    choice.weighedAt = candidate.changes;
    this.#feasible.add(choice);
    return true;
  }

  /** New objects each time, since placements keep those before. */
  #ruleOut({ name }: Candidate, found: readonly Objection[]): void {
    const counts = { ...this.#ruledOut };
    for (const { reason } of found) counts[reason] = (counts[reason] ?? 0) + 1;
    this.#ruledOut = counts;
    if (this.#without.length < NAMED_NODES_MAX)
      this.#without = [...this.#without, `${name} ${found.map(({ brief }) => brief).join(' and ')}`];
  }

  /** As Kubernetes writes it, its order included. */
  #sentence(): string {
    if (this.#totalNodes === 0) return 'no nodes available to schedule pods';
    const reasons = Object.entries(this.#ruledOut).map(([reason, count]) => `${count} ${reason}`);
    return `0/${this.#totalNodes} nodes are available: ${reasons.toSorted().join(', ')}.`;
  }
}
