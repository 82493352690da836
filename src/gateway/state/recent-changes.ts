/** The last changes of the cell, by revision: what a write answers with, and where a watch of a moment ago begins without reading the log. */
import type { ObjectRecord } from '../../../machines/index.ts';
import type { AppliedEntry } from '../../state/applied-entry.ts';

/** What one commit did to its object. */
export interface RevisionChange {
  readonly revision: number;
  readonly kind: string;
  readonly before: ObjectRecord | undefined;
  readonly after: ObjectRecord | undefined;
}

/** A minute of a busy cell; they share most of their bytes with what is there now, and take some 10 MB. */
export const RECENT_MAX = 4_096;

export class RecentChanges {
  readonly #max: number;
  /** Of consecutive revisions, oldest first from `#begin`. */
  #changes: RevisionChange[] = [];
  #begin = 0;
  #last: number;

  /** `revision`: the last one there is. */
  constructor(revision: number, max = RECENT_MAX) {
    this.#last = revision;
    this.#max = max;
  }

  /** Changes after this revision are all known. */
  get from(): number {
    return this.#last - (this.#changes.length - this.#begin);
  }

  take(applied: AppliedEntry): readonly RevisionChange[] {
    const taken = applied.changes.map(({ commit, before, after }) => {
      const { revision, kind } = commit;
      return { revision, kind, before, after };
    });
    const { revision } = applied.position;
    // Revisions jump where a lineage begins; what was before is then looked up in the log.
    if (revision - taken.length !== this.#last) this.#changes = [];
    this.#changes.push(...taken);
    this.#last = revision;
    const surplus = this.#changes.length - this.#begin - this.#max;
    if (surplus > 0) this.#begin += surplus;
    if (this.#begin > this.#max) {
      this.#changes = this.#changes.slice(this.#begin);
      this.#begin = 0;
    }
    return taken;
  }

  /** The change of a revision; undefined where it is not known any more. */
  at(revision: number): RevisionChange | undefined {
    return revision > this.from && revision <= this.#last
      ? this.#changes[this.#begin + revision - this.from - 1]
      : undefined;
  }

  /** All changes after a revision, oldest first; undefined where some are not known any more. */
  after(revision: number): readonly RevisionChange[] | undefined {
    if (revision < this.from) return undefined;
    return this.#changes.slice(this.#begin + revision - this.from);
  }
}
