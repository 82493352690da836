/** Plans where pending pods go: pure. Pods of one template share one filter pass, and each placement counts for the next. */
import type { Candidate, PodDemand } from './candidate.ts';
import { objections } from './filters/index.ts';
import { scoresByName, totalScore } from './scores/index.ts';

/** Where a pod goes and why there. */
export interface Placement {
  readonly node: string;
  readonly score: number;
  readonly scores: Readonly<Record<string, number>>;
  readonly feasibleNodes: number;
  readonly totalNodes: number;
  /** How many nodes were ruled out, by reason. */
  readonly ruledOut: Readonly<Record<string, number>>;
}

/** Why a pod goes nowhere. */
export interface NoPlacement {
  /** Kubernetes' sentence. */
  readonly message: string;
  readonly ruledOut: Readonly<Record<string, number>>;
}

/** The candidates left for one template, with their scores kept until a placement changes them. */
export class TemplatePlan {
  readonly #demand: PodDemand;
  readonly #total: number;
  readonly #ruledOut = new Map<string, number>();
  readonly #feasible: { readonly candidate: Candidate; score: number }[] = [];

  constructor(demand: PodDemand, candidates: readonly Candidate[]) {
    this.#demand = demand;
    this.#total = candidates.length;
    for (const candidate of candidates) {
      const reasons = objections(demand, candidate);
      if (reasons.length === 0) this.#feasible.push({ candidate, score: totalScore(demand, candidate) });
      else this.#ruleOut(reasons);
    }
  }

  /** Places one pod of the template, counting it in; or says why none will do. */
  place(): Placement | NoPlacement {
    const best = this.#best();
    if (best === undefined) return { message: this.#sentence(), ruledOut: this.#counts() };
    const { candidate, score } = best;
    const placement: Placement = {
      node: candidate.name,
      score: Math.round(score),
      scores: scoresByName(this.#demand, candidate),
      feasibleNodes: this.#feasible.length,
      totalNodes: this.#total,
      ruledOut: this.#counts(),
    };
    candidate.take(this.#demand);
    const reasons = objections(this.#demand, candidate);
    if (reasons.length === 0) best.score = totalScore(this.#demand, candidate);
    else {
      this.#feasible.splice(this.#feasible.indexOf(best), 1);
      this.#ruleOut(reasons);
    }
    return placement;
  }

  /**
   * Highest score; among equals the first by name, so that the same view always gives the same plan. Asked again, since
   * other templates of the same pass may have taken the room meanwhile.
   */
  #best() {
    for (;;) {
      let best = this.#feasible[0];
      for (const next of this.#feasible) if (best && next.score > best.score) best = next;
      const reasons = best ? objections(this.#demand, best.candidate) : [];
      if (best === undefined || reasons.length === 0) return best;
      this.#feasible.splice(this.#feasible.indexOf(best), 1);
      this.#ruleOut(reasons);
    }
  }

  #ruleOut(reasons: readonly string[]): void {
    for (const reason of reasons) this.#ruledOut.set(reason, (this.#ruledOut.get(reason) ?? 0) + 1);
  }

  #counts(): Record<string, number> {
    return Object.fromEntries(this.#ruledOut);
  }

  #sentence(): string {
    if (this.#total === 0) return 'no nodes available to schedule pods';
    const reasons = [...this.#ruledOut].map(([reason, count]) => `${count} ${reason}`).toSorted();
    return `0/${this.#total} nodes are available: ${reasons.join(', ')}.`;
  }
}
