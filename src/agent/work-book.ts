/** Which pods are this node's work, from the lists that arrive: only ever forward, and only without gaps. Pure. */
import type { WorkList, WorkPod } from './control-plane-link.ts';
import type { SavedState, WorkMark } from './local-state.ts';

/** What became of a list. */
export type WorkVerdict =
  /** Taken; with a new lineage when the log behind it is another one than before. */
  | { readonly verdict: 'taken'; readonly newLineage: boolean }
  /** Older than what was seen already. */
  | { readonly verdict: 'stale' }
  /** A change to a list that was never seen: a full one has to be asked for. */
  | { readonly verdict: 'gap' };

/** A restore of the log is rare; whoever does it more often has a list from the stone age under way, or a script gone wild. */
const FORMER_LINEAGES_MAX = 32;

export class WorkBook {
  readonly #pods = new Map<string, WorkPod>();
  #mark: WorkMark | undefined;
  #formerLineages: readonly string[] = [];

  /** Begins with what an earlier process had seen. */
  restore({ mark, formerLineages, pods }: Pick<SavedState, 'mark' | 'formerLineages' | 'pods'>): void {
    this.#mark = mark;
    this.#formerLineages = formerLineages;
    for (const pod of pods) this.#pods.set(pod.uid, pod);
  }

  get pods(): ReadonlyMap<string, WorkPod> {
    return this.#pods;
  }

  get mark(): WorkMark | undefined {
    return this.#mark;
  }

  get formerLineages(): readonly string[] {
    return this.#formerLineages;
  }

  take(list: WorkList): WorkVerdict {
    const mark = this.#mark;
    const newLineage = mark !== undefined && mark.position.lineage !== list.position.lineage;
    if (this.#formerLineages.includes(list.position.lineage)) return { verdict: 'stale' };
    if (mark !== undefined && !newLineage && isOlder(list, mark)) return { verdict: 'stale' };
    if (!list.full && !follows(list, mark)) return { verdict: 'gap' };
    if (newLineage) this.#formerLineages = [...this.#formerLineages, mark.position.lineage].slice(-FORMER_LINEAGES_MAX);
    if (list.full) this.#pods.clear();
    for (const pod of list.pods) this.#pods.set(pod.uid, pod);
    for (const uid of list.removed) this.#pods.delete(uid);
    this.#mark = { position: list.position, term: list.term, sequence: list.sequence };
    return { verdict: 'taken', newLineage };
  }
}

/** A full list may repeat the newest one, a change may not. */
function isOlder(list: WorkList, mark: WorkMark): boolean {
  if (list.position.entry < mark.position.entry) return true;
  if (list.term !== mark.term) return list.term < mark.term;
  return list.full ? list.sequence < mark.sequence : list.sequence <= mark.sequence;
}

function follows(list: WorkList, mark: WorkMark | undefined): boolean {
  return (
    mark !== undefined &&
    list.position.lineage === mark.position.lineage &&
    list.term === mark.term &&
    list.sequence === mark.sequence + 1
  );
}
