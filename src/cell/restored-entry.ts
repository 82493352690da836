/** The first entry that a restored cell writes itself: it names the log it continues, and carries out again what was wanted of an entry that is not wanted whole. */
import type { Commit } from '../../machines/index.ts';
import { encodeEntry, ENTRY_VERSION, type Entry, type EntryHead } from '../log/entry.ts';
import { FOLD_VERSION, type CellState } from '../state/cell-state.ts';
import { Overlay } from '../state/overlay.ts';

/** Why a lineage begins, as its first entry says it. */
export const RESTORED = 'restored';

export interface RestoredEntryOptions {
  /** After the last entry taken over whole. */
  readonly state: CellState;
  readonly lineage: string;
  readonly writer: string;
  /** Above every revision anybody can have seen. */
  readonly firstRevision: number;
  /** Unix milliseconds. */
  readonly now: number;
  /** The entry of which only the commits up to a revision are wanted; absent where the cut is between two. */
  readonly divided?: { readonly entry: Entry; readonly until: number };
}

/**
 * Commits that are carried out again keep their events, actors, command ids and time, so that objects and answers are what they
 * were; they get revisions of the new lineage, since the old numbers belong to an entry that this log does not have.
 */
export function restoredEntry(options: RestoredEntryOptions): Uint8Array {
  const { state, lineage, writer, firstRevision, divided } = options;
  const { position } = state;
  const time = Math.max(divided?.entry.time ?? options.now, state.time);
  const overlay = new Overlay(state, firstRevision);
  const commits = divided === undefined ? [] : renumbered(divided, firstRevision);
  for (const commit of commits) overlay.stage(commit, time);
  const head: EntryHead = {
    version: ENTRY_VERSION,
    number: position.entry + 1,
    lineage,
    firstRevision,
    writer,
    time,
    previous: position.hash,
    state: overlay.seal(),
    fold: FOLD_VERSION,
    lineageStart: {
      continues: position.lineage,
      lastGoodEntry: position.entry,
      lastGoodHash: position.hash,
      why: RESTORED,
    },
  };
  return encodeEntry(head, { commits: commits.map((commit) => JSON.stringify(commit)), refused: [], unchanged: [] });
}

/** The wanted commits with new revisions; where one names another as its cause, it names that one's new revision. */
function renumbered({ entry, until }: { readonly entry: Entry; readonly until: number }, first: number): Commit[] {
  const shift = first - entry.firstRevision;
  const moved = (revision: number) => (revision >= entry.firstRevision ? revision + shift : revision);
  return entry.commits
    .filter(({ revision }) => revision <= until)
    .map((commit) => ({
      ...commit,
      revision: moved(commit.revision),
      correlation: moved(commit.correlation),
      ...(commit.cause === undefined ? {} : { cause: moved(commit.cause) }),
    }));
}
