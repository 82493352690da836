/** Why pods stopped counting while a scenario was played, as the commands that did it say. */
import { isLive, isNodeLost, type PodRecord } from '../../../machines/index.ts';
import type { AppliedEntry } from '../../state/applied-entry.ts';

/** Why a pod left, and during which step, counted from 1. */
export interface Departure {
  readonly why: string;
  readonly step: number;
}

export class Departures {
  readonly #byUid = new Map<string, Departure>();
  /** The step that is played now. */
  step = 0;

  /** Subscribe this to the fork. The first reason stands: a node's silence leads to the deletion, not the other way round. */
  readonly observe = ({ changes }: AppliedEntry): void => {
    for (const { commit, before, after } of changes) {
      if (commit.kind !== 'Pod' || before === undefined || this.#byUid.has(commit.uid)) continue;
      if (!leaves(before as PodRecord, after as PodRecord | undefined)) continue;
      this.#byUid.set(commit.uid, { why: commit.reason ?? 'deleted', step: this.step });
    }
  };

  of(uid: string): Departure | undefined {
    return this.#byUid.get(uid);
  }
}

function leaves(before: PodRecord, after: PodRecord | undefined): boolean {
  if (after === undefined) return isLive(before);
  return (isLive(before) && !isLive(after)) || (isNodeLost(after) && !isNodeLost(before));
}
