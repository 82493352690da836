/** The second, pure follower: folds each entry the moment it is stored, so that everybody else has something to be compared with. */
import type { StoredEntry } from '../log/event-log.ts';
import type { AppliedEntry } from '../state/applied-entry.ts';
import { CellState } from '../state/cell-state.ts';
import { Fold } from '../state/fold.ts';
import { keptState } from './kept-state.ts';
import type { StoredState } from '../cell/start-state.ts';

/** Whoever draws conclusions from what is stored. */
export interface TruthObserver {
  applied?(applied: AppliedEntry): void;
  /** Entries after this position are gone, by a fault or because their loss was accepted. */
  rewound?(state: CellState): void;
}

/** What stood at one entry. */
export interface EntryRecord {
  readonly number: number;
  readonly hash: string;
  readonly previous: string;
  readonly stateHash: string;
}

/** A state is kept this often, so that going back need not begin at the first entry. */
const KEEP_EVERY = 400;
const KEPT_MAX = 4;

export class Truth {
  /** Every entry that ever stood anywhere, by hash. */
  readonly entries = new Map<string, EntryRecord>();
  #fold = new Fold();
  #lineage: string;
  #kept: StoredState[] = [];
  /** By number, so that a store with holes can be gone back in too. */
  #payloads: Uint8Array[] = [];
  readonly #observers: TruthObserver[] = [];
  readonly #onWrong: (what: string) => void;
  #commits = 0;
  #numbers = 0;
  #isBroken = false;

  /** `onWrong` is told of an entry that does not fold. */
  constructor(lineage: string, onWrong: (what: string) => void) {
    this.#lineage = lineage;
    this.#onWrong = onWrong;
    this.#fold.subscribe((applied) => this.#tell(applied));
  }

  get state(): CellState {
    return this.#fold.state;
  }

  get lineage(): string {
    return this.#lineage;
  }

  /**
   * The log holds an entry that cannot be folded, until somebody goes back behind it: a store that lost its end and was written
   * again takes the entry of a writer which slept through that, since all it compares is the number.
   */
  get isBroken(): boolean {
    return this.#isBroken;
  }

  /** Entries and commits stored so far, those lost later included. */
  get counts(): { readonly entries: number; readonly commits: number } {
    return { entries: this.#numbers, commits: this.#commits };
  }

  observe(observer: TruthObserver): void {
    this.#observers.push(observer);
  }

  /** Takes an entry of the lineage that counts; others are copies of what it has. */
  stored(lineage: string, entry: StoredEntry): void {
    if (lineage !== this.#lineage || this.#isBroken) return;
    this.#payloads[entry.number] = entry.payload;
    try {
      this.#fold.apply(entry);
    } catch (error) {
      this.#isBroken = true;
      this.#onWrong(error instanceof Error ? error.message : String(error));
    }
  }

  /** Goes back to an entry. */
  rewind(lastNumber: number): void {
    this.#kept = this.#kept.filter(({ position }) => position.entry <= lastNumber);
    const kept = this.#kept.at(-1);
    const fold = new Fold(kept && CellState.from(kept));
    for (let number = fold.state.position.entry + 1; number <= lastNumber; number++) {
      const payload = this.#payloads[number];
      if (payload !== undefined) fold.apply({ number, payload });
    }
    this.#fold = fold;
    this.#isBroken = false;
    fold.subscribe((applied) => this.#tell(applied));
    for (const { rewound } of this.#observers) rewound?.(fold.state);
  }

  /** From now on this lineage counts. */
  continueIn(lineage: string): void {
    this.#lineage = lineage;
  }

  #tell(applied: AppliedEntry): void {
    const { entry, position } = applied;
    const { number, previous, state: stateHash } = entry;
    this.entries.set(position.hash, { number, hash: position.hash, previous, stateHash });
    this.#numbers++;
    this.#commits += entry.commits.length;
    if (number % KEEP_EVERY === 0) this.#kept = [...this.#kept, keptState(this.#fold.state)].slice(-KEPT_MAX);
    for (const { applied: observe } of this.#observers) observe?.(applied);
  }
}
