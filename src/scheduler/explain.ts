/** Asks the filters about one pod and every node: for people, never for a binding. */
import type { View } from '../../machines/index.ts';
import type { PodRecord } from '../../machines/pod/index.ts';
import { Cluster } from './cluster.ts';
import { demandOf } from './demand.ts';
import { allObjections, type Objection } from './filters/index.ts';

/** What one node has against a pod; nothing: it would do. */
export interface Explanation {
  readonly node: string;
  readonly objections: readonly Objection[];
}

/** What every node has against a pod, by the nodes' names. Walks all pods of the view. */
export function explain(view: Pick<View, 'list'>, pod: PodRecord): readonly Explanation[] {
  const demand = demandOf(pod.context);
  return new Cluster(view).candidates.map((candidate) => ({
    node: candidate.name,
    objections: allObjections(demand, candidate),
  }));
}
