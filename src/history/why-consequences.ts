/** Walks from commits to what they led to: a tree of bounded depth and width. */
import type { Consequence, Consequences } from '../bus/history-messages/why.ts';
import type { RecordedCommit } from '../bus/history-messages/recorded.ts';
import type { Past } from './past.ts';
import { isOfNote, told } from './sentences.ts';

/** Steps forward: a lost node leads to a lost pod, its eviction, another pod, its binding, its start, and what that is told of. */
export const DEPTH_MAX = 6;
/** Consequences shown of one commit; the rest is counted. */
export const WIDTH_MAX = 5;
/** Commits read for one tree: some milliseconds. */
export const READS_MAX = 100;

/** What the walk leaves out: what is told elsewhere. */
export type IsTold = (commit: RecordedCommit) => boolean;

const NONE: Consequences = { shown: [], more: 0 };

/** What came of commits, oldest first, without what `isTold`. */
export function consequencesOf(past: Past, revisions: readonly number[], isTold: IsTold): Consequences {
  return new Tree(past, isTold).of(revisions, DEPTH_MAX);
}

class Tree {
  readonly #past: Past;
  readonly #isTold: IsTold;
  #reads = 0;

  constructor(past: Past, isTold: IsTold) {
    this.#past = past;
    this.#isTold = isTold;
  }

  of(revisions: readonly number[], depth: number): Consequences {
    const found: RecordedCommit[] = [];
    for (const revision of revisions) found.push(...this.#causedBy(revision));
    const ordered = found.toSorted((one, other) => one.commit.revision - other.commit.revision);
    const shown = depth === 0 ? [] : ordered.slice(0, WIDTH_MAX).map((commit) => this.#consequence(commit, depth));
    const more = ordered.length - shown.length;
    return { shown, more, ...(this.#isOut ? { uncounted: true as const } : {}) };
  }

  #consequence(commit: RecordedCommit, depth: number): Consequence {
    const consequences = this.#isOut ? NONE : this.of([commit.commit.revision], depth - 1);
    return { commit: told(commit), consequences };
  }

  get #isOut(): boolean {
    return this.#reads >= READS_MAX;
  }

  /** A commit of no note, such as a controller's count, is passed over, and what came of it stands in its place. */
  *#causedBy(revision: number): Generator<RecordedCommit, void, undefined> {
    for (const commit of this.#past.causedBy(revision)) {
      if (this.#isOut) return;
      this.#reads++;
      if (!isOfNote(commit.commit)) yield* this.#causedBy(commit.commit.revision);
      else if (!this.#isTold(commit)) yield commit;
    }
  }
}
