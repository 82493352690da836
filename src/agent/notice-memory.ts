/** Holds back a pod's notice that says what was said already: a pod that waits for ever must not fill the log. */
import type { PodNotice } from '../../machines/pod/index.ts';

/** A pod in trouble has a handful of things to say; messages that differ each time are forgotten with all others. */
export const REMEMBERED_NOTICES_MAX = 32;

/** A container began: what is told from here on is news. */
const STARTED = 'Started';

export class NoticeMemory {
  readonly #told = new Set<string>();

  /** Whether this is news; from now on it is none. */
  isNews(notice: PodNotice): boolean {
    if (notice.reason === STARTED) this.#told.clear();
    const said = JSON.stringify(notice);
    if (this.#told.has(said)) return false;
    if (this.#told.size >= REMEMBERED_NOTICES_MAX) this.#told.clear();
    this.#told.add(said);
    return true;
  }
}
