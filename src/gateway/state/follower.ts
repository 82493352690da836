/** The gateway's own fold of the log: what gets, lists and watches are answered from, and how far behind the writer it may be. */
import type { Clock } from '../../foundation/clock.ts';
import type { EventLog } from '../../log/event-log.ts';
import type { CellState } from '../../state/cell-state.ts';
import { Fold } from '../../state/fold.ts';
import { RecentChanges, type RevisionChange } from './recent-changes.ts';

/** Told of every entry's changes, and of the revision after it. */
export type ChangeListener = (changes: readonly RevisionChange[], revision: number) => void;

/** The fold did not reach a revision in time. Retryable. */
export class BehindError extends Error {
  override readonly name = 'BehindError';
}

/** How long a request waits for the fold: it lags by a millisecond unless something is wrong. */
export const REACH_MAX_MS = 5_000;

export interface FollowerOptions {
  readonly state: CellState;
  readonly log: EventLog;
  readonly clock: Clock;
  /** The writer's revision now; rejects where nobody can say. */
  latestRevision(): Promise<number>;
}

interface Waiter {
  readonly revision: number;
  resolve(): void;
}

export class Follower {
  readonly recent: RecentChanges;
  readonly #options: FollowerOptions;
  readonly #fold: Fold;
  readonly #listeners = new Set<ChangeListener>();
  readonly #waiters = new Set<Waiter>();
  /** Asked after the last request came: whoever comes meanwhile shares the next question. */
  #asking: Promise<number> | undefined;
  #askingNext: Promise<number> | undefined;

  constructor(options: FollowerOptions) {
    this.#options = options;
    this.#fold = new Fold(options.state);
    this.recent = new RecentChanges(options.state.revision);
    this.#fold.subscribe((applied) => {
      const changes = this.recent.take(applied);
      const { revision } = applied.position;
      for (const waiter of this.#waiters) if (waiter.revision <= revision) waiter.resolve();
      for (const listener of this.#listeners) listener(changes, revision);
    });
  }

  get state(): CellState {
    return this.#fold.state;
  }

  get revision(): number {
    return this.state.revision;
  }

  /** Folds what the log has and what comes, until the signal is aborted. Rejects with LogDamageError or LogUnavailableError. */
  async run(signal: AbortSignal): Promise<void> {
    for await (const batch of this.#options.log.read(this.state.position.entry + 1, signal)) {
      for (const stored of batch) this.#fold.apply(stored);
    }
  }

  /** Calls back after each entry from now on; returns how to stop. */
  subscribe(listener: ChangeListener): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** Resolves once the fold has reached a revision; rejects with BehindError after the limit. */
  reached(revision: number, limitMs = REACH_MAX_MS): Promise<void> {
    if (this.revision >= revision) return Promise.resolve();
    return new Promise((resolve, reject) => {
      const waiter: Waiter = {
        revision,
        resolve: () => {
          this.#waiters.delete(waiter);
          timer.cancel();
          resolve();
        },
      };
      const timer = this.#options.clock.after(limitMs, () => {
        this.#waiters.delete(waiter);
        reject(new BehindError(`the gateway is at revision ${this.revision}, not yet at ${revision}`));
      });
      this.#waiters.add(waiter);
    });
  }

  /** Resolves once all that the writer has answered anybody is folded here. Rejects with BehindError or where nobody can say. */
  async upToDate(): Promise<void> {
    await this.reached(await this.#latest());
  }

  /** One question is under way at a time: an answer to one that was asked before a request came says nothing about it. */
  #latest(): Promise<number> {
    if (this.#asking === undefined) return this.#ask();
    this.#askingNext ??= this.#asking.then(
      () => this.#ask(),
      () => this.#ask(),
    );
    return this.#askingNext;
  }

  #ask(): Promise<number> {
    this.#askingNext = undefined;
    const asking = this.#options.latestRevision().finally(() => {
      if (this.#asking === asking) this.#asking = undefined;
    });
    this.#asking = asking;
    return asking;
  }
}
