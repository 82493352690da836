/** Holds checkpoints against a log while it is folded: each is in it, or there is a sentence saying why not. */
import { checkCheckpoint, type Checkpoint } from '../log/checkpoint.ts';
import type { LineageStart } from '../log/entry.ts';
import type { AppliedEntry } from '../state/applied-entry.ts';
import { FOLD_VERSION, type CellState } from '../state/cell-state.ts';

/** How a log can fail to contain a checkpoint. */
export type Contradiction =
  /** It says something its key did not sign. */
  | 'BadSignature'
  /** It was signed for another cell, whose log this one does not continue. */
  | 'NotOfThisCell'
  /** This log never was of the checkpoint's lineage. */
  | 'UnknownLineage'
  /** The lineage was left before the checkpoint's entry: an operator accepted the loss of it, or restored an older copy. */
  | 'LineageLeft'
  /** The log ends before the checkpoint's entry. */
  | 'BeyondEnd'
  /** The log is wrong before the checkpoint's entry, so that nothing can be said of it. */
  | 'NotReached'
  /** Another entry stands there. */
  | 'AnotherEntry'
  /** The entry is the same, but not what the checkpoint says of it. */
  | 'AnotherState';

/** What is known of one checkpoint once the log was folded. */
export type CheckpointVerdict =
  | { readonly outcome: 'contained'; readonly checkpoint: Checkpoint }
  | {
      readonly outcome: 'refuted';
      readonly checkpoint: Checkpoint;
      readonly reason: Contradiction;
      readonly message: string;
    };

/** A stretch of the log that was written in one lineage. */
interface Stretch {
  readonly lineage: string;
  lastEntry: number;
  /** Where and why the next one began. */
  left?: LineageStart;
}

export class CheckpointProof {
  readonly #cell: string;
  readonly #state: CellState;
  readonly #checkpoints: readonly Checkpoint[];
  readonly #byEntry = new Map<number, Checkpoint[]>();
  readonly #verdicts = new Map<Checkpoint, CheckpointVerdict>();
  readonly #stretches: Stretch[] = [];

  /** The state is the one that is folded. */
  constructor(checkpoints: readonly Checkpoint[], options: { readonly cell: string; readonly state: CellState }) {
    this.#cell = options.cell;
    this.#state = options.state;
    this.#checkpoints = checkpoints;
    for (const checkpoint of checkpoints) {
      const checked = checkCheckpoint(checkpoint);
      if (checked.outcome === 'invalid') this.#refute(checkpoint, 'BadSignature', checked.why);
      else this.#byEntry.set(checkpoint.entry, [...(this.#byEntry.get(checkpoint.entry) ?? []), checkpoint]);
    }
  }

  /** To be told of each entry right after it was folded. */
  observe({ entry, position }: AppliedEntry): void {
    const stretch = this.#stretches.at(-1);
    if (stretch?.lineage === entry.lineage) stretch.lastEntry = entry.number;
    else {
      if (stretch !== undefined && entry.lineageStart !== undefined) stretch.left = entry.lineageStart;
      this.#stretches.push({ lineage: entry.lineage, lastEntry: entry.number });
    }
    for (const checkpoint of this.#byEntry.get(entry.number) ?? []) {
      // Another entry may stand there for several reasons, which are known at the end.
      if (checkpoint.hash !== position.hash) continue;
      const said = this.#differences(checkpoint, { entry, position });
      if (said === undefined) this.#verdicts.set(checkpoint, { outcome: 'contained', checkpoint });
      else this.#refute(checkpoint, 'AnotherState', `entry ${entry.number} is in the log, but ${said}`);
    }
  }

  /** What is known of each once the log has been folded as far as it is good. */
  verdicts(isDamaged: boolean): readonly CheckpointVerdict[] {
    for (const checkpoint of this.#checkpoints) {
      if (!this.#verdicts.has(checkpoint)) this.#refuteMissing(checkpoint, isDamaged);
    }
    return this.#checkpoints.flatMap((checkpoint) => this.#verdicts.get(checkpoint) ?? []);
  }

  #differences(checkpoint: Checkpoint, { entry, position }: Pick<AppliedEntry, 'entry' | 'position'>) {
    const { lineage, revision, state, fold } = checkpoint;
    if (lineage !== entry.lineage) return `of lineage ${entry.lineage}, not ${lineage}`;
    if (revision !== position.revision) return `the revision after it is ${position.revision}, not ${revision}`;
    // A state hashed by another version of the fold can only be compared with what that version wrote down.
    const actual = fold === FOLD_VERSION ? this.#state.stateHash() : fold === entry.fold ? entry.state : state;
    return state === actual ? undefined : `the state after it is ${actual}, not ${state}`;
  }

  #refuteMissing(checkpoint: Checkpoint, isDamaged: boolean): void {
    const { cell, lineage, entry, hash } = checkpoint;
    const end = this.#stretches.at(-1)?.lastEntry ?? 0;
    const stretch = this.#stretches.find((known) => known.lineage === lineage);
    const isForeign = cell !== this.#cell;
    if (isDamaged && entry > end) {
      const message = `the log is wrong at entry ${end + 1}, so that nothing proves entry ${entry}`;
      this.#refute(checkpoint, 'NotReached', message);
    } else if (isForeign) {
      const message = `it is of cell ${cell}, and this is cell ${this.#cell}, whose log does not continue that one`;
      this.#refute(checkpoint, 'NotOfThisCell', message);
    } else if (stretch === undefined) {
      this.#refute(checkpoint, 'UnknownLineage', `this log never was of lineage ${lineage}`);
    } else if (stretch.left !== undefined && entry > stretch.lastEntry) {
      const message = `lineage ${lineage} was left after entry ${stretch.lastEntry} (${stretch.left.why}): entry ${entry} of it is not in today's log`;
      this.#refute(checkpoint, 'LineageLeft', message);
    } else if (entry > end) {
      const message = `the log ends at entry ${end}, before the checkpoint's entry ${entry}: its end is missing`;
      this.#refute(checkpoint, 'BeyondEnd', message);
    } else {
      const message = `another entry ${entry} stands in the log than the one with hash ${hash}: the log was rewritten`;
      this.#refute(checkpoint, 'AnotherEntry', message);
    }
  }

  #refute(checkpoint: Checkpoint, reason: Contradiction, message: string): void {
    this.#verdicts.set(checkpoint, { outcome: 'refuted', checkpoint, reason, message });
  }
}
