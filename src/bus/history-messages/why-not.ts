/** `why-not`: why a pod is on no node, node by node. */
import { strictObject, Type, type ObjectKey } from '../../../machines/index.ts';
import { MOMENT, type PointAnswer } from './moment.ts';
import type { ToldCommit } from './told-commit.ts';

const Name = Type.String({ maxLength: 253 });

export const WHY_NOT_QUERY = strictObject({
  namespace: Name,
  name: Name,
  /** As things were then; now where absent. */
  at: Type.Optional(MOMENT),
});

/** What one node has against a pod; nothing: it would do. */
export interface NodeJudgement {
  readonly node: string;
  readonly objections: readonly {
    /** Kubernetes' phrase. */
    readonly reason: string;
    /** By how much: `cpu: 500m asked, 200m of 2 free`. */
    readonly detail: string;
  }[];
}

export interface WhyNotAnswer {
  readonly pod: ObjectKey & { readonly uid: string };
  readonly at: PointAnswer;
  /** `Waiting` for a node; `Bound` to one; `Ended` or `Leaving`: no node is sought any more. */
  readonly standing: 'Waiting' | 'Bound' | 'Ended' | 'Leaving';
  /** The commit that says so: the scheduler's last word on a waiting pod, the binding, the end; null where it has not looked yet. */
  readonly said: ToldCommit | null;
  /** Since when no node was found for it, Unix milliseconds; null where one was, or none was sought yet. */
  readonly unschedulableSince: number | null;
  /** The scheduler's last sentence in the log about a waiting pod. */
  readonly message: string | null;
  /** By name; empty unless it waits. */
  readonly nodes: readonly NodeJudgement[];
}
