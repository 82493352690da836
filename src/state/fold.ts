/** Folds stored entries into a cell's state, stopping at the first thing that is wrong, and tells subscribers what each did. */
import { kinds } from '../../machines/index.ts';
import { decodeEntry, hashOf, LogDamageError, type Entry, type Position } from '../log/entry.ts';
import type { StoredEntry } from '../log/event-log.ts';
import type { AppliedEntry, Change, EntrySubscriber } from './applied-entry.ts';
import { CellState, FOLD_VERSION } from './cell-state.ts';
import type { EntryFolding } from './entry-folding.ts';
import { refusedOutcome, unchangedOutcome, type RememberedOutcome } from './outcomes.ts';
import type { Overlay } from './overlay.ts';
import { stateHashText } from './state-hash.ts';

/** An entry whose overlay is known already. */
export interface FoldableEntry {
  readonly entry: Entry;
  readonly overlay: Overlay;
  /** The entry as it is stored. */
  readonly payload: Uint8Array;
  /** hashOf the payload. */
  readonly hash: string;
}

/** One place through which every entry, own or foreign, reaches the state and then the subscribers, in log order. */
export class Fold {
  readonly state: CellState;
  readonly #subscribers = new Set<EntrySubscriber>();

  constructor(state: CellState = new CellState()) {
    this.state = state;
  }

  /** Calls back after each entry from now on; returns how to stop. A subscriber that raises is our own bug and stops the process. */
  subscribe(subscriber: EntrySubscriber): () => void {
    this.#subscribers.add(subscriber);
    return () => this.#subscribers.delete(subscriber);
  }

  /** Folds the next entry of the log. Raises LogDamageError, and then nothing of it is folded. */
  apply(stored: StoredEntry): AppliedEntry {
    const { position } = this.state;
    const at = { entry: position.entry + 1, revision: position.revision + 1 };
    if (stored.number <= position.entry) {
      throw new LogDamageError({
        entry: stored.number,
        revision: position.revision,
        what: 'another entry stands there than was folded',
      });
    }
    if (stored.number !== at.entry) {
      throw new LogDamageError({
        ...at,
        what: `entry ${at.entry} cannot be read: the log continues with ${stored.number}`,
      });
    }
    const entry = decodeEntry(stored.payload, at);
    checkChain(entry, this.state);
    const { changes, outcomes } = this.#fold(entry, stored.payload);
    return this.#tell(entry, stored.payload, changes, outcomes);
  }

  /** Takes over an entry that the log has acknowledged and whose overlay is already known. */
  adopt({ entry, overlay, payload, hash }: FoldableEntry): AppliedEntry {
    this.state.adopt(overlay, positionOf(entry, hash), entry.time);
    return this.#tell(entry, payload, overlay.changes, [...overlay.outcomes.values()]);
  }

  /** Folds an entry in place; where anything is wrong with it all is put back. */
  #fold(entry: Entry, payload: Uint8Array): Pick<AppliedEntry, 'changes' | 'outcomes'> {
    const folding = this.state.begin();
    try {
      foldCommits(entry, folding);
      const revision = entry.firstRevision + entry.commits.length - 1;
      for (const refused of entry.refused) folding.remember(refusedOutcome(refused, revision));
      for (const unchanged of entry.unchanged) folding.remember(unchangedOutcome(unchanged, revision));
      const forgotten = this.state.forgettableAfter(folding, revision);
      folding.total.subtract(forgotten.hash);
      requireState(entry, stateHashText(folding.total, revision, forgotten.forgottenThrough));
      const { changes, outcomes } = folding;
      this.state.finish(folding, forgotten, positionOf(entry, hashOf(payload)), entry.time);
      return { changes, outcomes };
    } catch (error) {
      folding.undo();
      throw error;
    }
  }

  #tell(
    entry: Entry,
    payload: Uint8Array,
    changes: readonly Change[],
    outcomes: readonly RememberedOutcome[],
  ): AppliedEntry {
    const { position, outcomeCount, forgottenThrough } = this.state;
    const applied: AppliedEntry = { entry, payload, position, changes, outcomes, outcomeCount, forgottenThrough };
    for (const subscriber of this.#subscribers) subscriber(applied);
    return applied;
  }
}

/** A state hashed by another version of the fold says nothing about ours; the chain still protects the bytes. */
function requireState(entry: Entry, state: string): void {
  if (entry.fold !== FOLD_VERSION || state === entry.state) return;
  throw new LogDamageError({
    entry: entry.number,
    revision: entry.firstRevision,
    what: `the state after it is ${state}, but it says ${entry.state}`,
  });
}

function positionOf({ lineage, number, firstRevision, commits }: Entry, hash: string): Position {
  return { lineage, entry: number, revision: firstRevision + commits.length - 1, hash };
}

/** Number, lineage, previous hash, first revision and time must continue what was folded. */
function checkChain(entry: Entry, state: CellState): void {
  const { position } = state;
  const at = { entry: position.entry + 1, revision: position.revision + 1 };
  const wrong = (what: string) => new LogDamageError({ ...at, what });
  if (entry.number !== at.entry) throw wrong(`it says it is entry ${entry.number}`);
  if (entry.previous !== position.hash) throw wrong('it does not continue the entry before it (previous hash differs)');
  if (entry.time < state.time) throw wrong(`its time ${entry.time} is before that of the entry before it`);
  const start = entry.lineageStart;
  if (start !== undefined) {
    const fits =
      start.continues === position.lineage &&
      start.lastGoodEntry === position.entry &&
      start.lastGoodHash === position.hash;
    if (!fits) throw wrong('it begins a lineage that does not continue this log');
    if (entry.firstRevision < at.revision)
      throw wrong(`its first revision ${entry.firstRevision} is not above ${position.revision}`);
    return;
  }
  if (position.entry > 0 && entry.lineage !== position.lineage)
    throw wrong(`it is of lineage ${entry.lineage}, not ${position.lineage}`);
  if (entry.firstRevision !== at.revision)
    throw wrong(`its first revision is ${entry.firstRevision}, not ${at.revision}`);
}

/** Raises LogDamageError that names the first wrong commit. */
function foldCommits(entry: Entry, folding: EntryFolding): void {
  let revision = entry.firstRevision;
  for (const commit of entry.commits) {
    const at = { entry: entry.number, revision };
    if (commit.revision !== revision)
      throw new LogDamageError({ ...at, what: `revision ${commit.revision} stands where ${revision} must` });
    if (!kinds.has(commit.kind)) throw new LogDamageError({ ...at, what: `unknown kind ${commit.kind}` });
    try {
      folding.fold(commit, entry.time);
    } catch (cause) {
      throw new LogDamageError({ ...at, what: cause instanceof Error ? cause.message : String(cause), cause });
    }
    revision++;
  }
}
