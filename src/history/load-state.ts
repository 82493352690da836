/** Loads the whole cell as it was at a moment, for whoever goes on from there in memory: by queries only. */
import { keyText, kinds, type ObjectRecord } from '../../machines/index.ts';
import type { CellClient } from '../bus/cell-client.ts';
import { formatTime } from '../foundation/clock.ts';
import type { Entry } from '../log/entry.ts';
import { evolveCommit } from '../state/evolve-commit.ts';
import { PastError, type Moment } from './past.ts';

export interface LoadedState {
  readonly records: readonly ObjectRecord[];
  readonly revision: number;
  /** Unix milliseconds of that revision. */
  readonly time: number;
}

export interface LoadOptions {
  readonly signal?: AbortSignal;
  /** Told how many revisions of how many are loaded. */
  onProgress?(revision: number, of: number): void;
}

/** All objects of all kinds at a moment; now where none is given. Rejects with PastError for a moment that there is not. */
export async function loadState(
  cell: Pick<CellClient, 'log' | 'status'>,
  at: Moment | undefined,
  { signal, onProgress }: LoadOptions = {},
): Promise<LoadedState> {
  const { revision: last } = await cell.status();
  const until = at ?? { revision: last };
  if ('revision' in until && until.revision > last)
    throw new PastError('BadRequest', `revision ${until.revision} is in the future: the last one is ${last}`);
  const loading = new Loading();
  for await (const entry of cell.log({}, signal)) {
    onProgress?.(loading.revision, 'revision' in until ? until.revision : last);
    if (!loading.take(entry, until)) break;
  }
  signal?.throwIfAborted();
  return loading.loaded(until);
}

class Loading {
  readonly #records = new Map<string, ObjectRecord>();
  #began: { readonly revision: number; readonly time: number } | undefined;
  revision = 0;
  #time = 0;

  /** False when the moment is reached: nothing after it counts. */
  take({ commits, time }: Entry, until: Moment): boolean {
    for (const commit of commits) {
      this.#began ??= { revision: commit.revision, time };
      if ('revision' in until ? commit.revision > until.revision : time > until.time) return false;
      const kind = kinds.get(commit.kind);
      if (kind === undefined)
        throw new PastError(
          'BadRequest',
          `revision ${commit.revision} is of a kind that this version does not know, ${commit.kind}`,
        );
      const key = keyText(commit);
      const after = evolveCommit(kind, this.#records.get(key), commit, time);
      if (after === undefined) this.#records.delete(key);
      else this.#records.set(key, after);
      this.revision = commit.revision;
      this.#time = time;
    }
    return true;
  }

  loaded(until: Moment): LoadedState {
    if (this.#began === undefined) throw new PastError('BadRequest', 'the log has no commits yet');
    if (this.revision === 0) {
      const moment = 'revision' in until ? `revision ${until.revision}` : formatTime(until.time);
      const began = `revision ${this.#began.revision} (${formatTime(this.#began.time)})`;
      throw new PastError('BadRequest', `${moment} is before the log began, at ${began}`);
    }
    return { records: [...this.#records.values()], revision: this.revision, time: this.#time };
  }
}
