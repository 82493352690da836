/** Why pods find no node, as the scheduler would say it now. */
import type { PodRecord, View } from '../../../machines/index.ts';
import { Cluster } from '../../scheduler/cluster.ts';
import { demandOf, signatureOf } from '../../scheduler/demand.ts';
import { TemplatePlan, type NoPlacement } from '../../scheduler/plan.ts';

export type PendingReason = Pick<NoPlacement, 'message' | 'ruledOut'>;

export class PendingReasons {
  readonly #view: View;
  #cluster: Cluster | undefined;
  /** Pods of one template share one answer. */
  readonly #known = new Map<string, PendingReason>();

  constructor(view: View) {
    this.#view = view;
  }

  of(pod: PodRecord): PendingReason {
    const demand = demandOf(pod.context);
    const signature = signatureOf(demand);
    let reason = this.#known.get(signature);
    if (reason === undefined) this.#known.set(signature, (reason = this.#ask(demand)));
    return reason;
  }

  /** A pod that would find a node after all has not been looked at in the time that was played. */
  #ask(demand: ReturnType<typeof demandOf>): PendingReason {
    this.#cluster ??= new Cluster(this.#view);
    const { candidates } = this.#cluster;
    const answer = new TemplatePlan(demand, candidates).place();
    if (answer.candidate === undefined) return { message: answer.message, ruledOut: answer.ruledOut };
    answer.candidate.release(demand);
    return { message: 'it was not scheduled within the time that was played', ruledOut: {} };
  }
}
