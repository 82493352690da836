/** Signs checkpoints while this process writes the log: one every so many entries, and one whenever somebody asks. */
import type { KeyObject } from 'node:crypto';
import { settingsOf } from '../../machines/index.ts';
import type { Clock } from '../foundation/clock.ts';
import type { Logger } from '../foundation/logger.ts';
import { publicKeyOf, signCheckpoint, type Checkpoint, type CheckpointStore } from '../log/checkpoint.ts';
import { FOLD_VERSION } from '../state/cell-state.ts';
import type { Fold } from '../state/fold.ts';

/** Of those that are asked for, no more are kept than one in so long: anybody who may read may ask. */
export const REQUESTED_KEPT_EVERY_MS = 1_000;
/** A store that refused one is not asked again for every entry. */
export const RETRY_AFTER_ENTRIES = 100;

export interface CheckpointSignerOptions {
  readonly cell: string;
  /** What is folded is acknowledged: nothing else is signed. */
  readonly fold: Fold;
  readonly store: CheckpointStore;
  readonly key: KeyObject;
  readonly clock: Clock;
  readonly logger: Logger;
}

export class CheckpointSigner {
  readonly publicKey: string;
  readonly #options: CheckpointSignerOptions;
  #latest: Checkpoint | undefined;
  /** Entry after which the next so many are counted; undefined until the store has said which is its last. */
  #countedFrom: number | undefined;
  #busy = false;
  #keptAt = -Infinity;

  constructor(options: CheckpointSignerOptions) {
    this.#options = options;
    this.publicKey = publicKeyOf(options.key);
  }

  /** The newest one this process knows of. */
  get latest(): Checkpoint | undefined {
    return this.#latest;
  }

  /** Signs as entries come, until the signal is aborted. */
  run(signal: AbortSignal): void {
    const { fold } = this.#options;
    const unsubscribe = fold.subscribe(() => this.#observe());
    signal.addEventListener('abort', unsubscribe, { once: true });
    this.#observe();
  }

  /** One of the state as it is now; the last one where nothing was written since. Rejects with LogUnavailableError. */
  async now(): Promise<Checkpoint> {
    const { clock, store } = this.#options;
    const signed = this.#sign();
    if (signed !== this.#latest && clock.monotonic() - this.#keptAt >= REQUESTED_KEPT_EVERY_MS) {
      await store.add(signed);
      this.#kept(signed);
    }
    return signed;
  }

  #observe(): void {
    if (this.#busy || !this.#isDue()) return;
    this.#busy = true;
    void this.#keepOne().finally(() => {
      this.#busy = false;
    });
  }

  #isDue(): boolean {
    const { state } = this.#options.fold;
    const counted = state.position.entry - (this.#countedFrom ?? -Infinity);
    return counted >= settingsOf(state).checkpointEntries;
  }

  /** The first time it only finds out which is the last there is: a term begins more often than one is due. */
  async #keepOne(): Promise<void> {
    const { store, logger, fold } = this.#options;
    try {
      if (this.#countedFrom === undefined) {
        this.#latest = (await store.list()).at(-1);
        this.#countedFrom = Math.min(this.#latest?.entry ?? 0, fold.state.position.entry);
        if (!this.#isDue()) return;
      }
      const signed = this.#sign();
      await store.add(signed);
      this.#kept(signed);
    } catch (error) {
      const { checkpointEntries } = settingsOf(fold.state);
      this.#countedFrom = fold.state.position.entry - checkpointEntries + RETRY_AFTER_ENTRIES;
      logger.warn('a checkpoint cannot be kept, trying again later', { error });
    }
  }

  #sign(): Checkpoint {
    const { cell, fold, key, clock } = this.#options;
    const { lineage, entry, revision, hash } = fold.state.position;
    if (this.#latest?.entry === entry && this.#latest.hash === hash) return this.#latest;
    const state = fold.state.stateHash();
    return signCheckpoint({ cell, lineage, entry, revision, hash, state, fold: FOLD_VERSION, time: clock.now() }, key);
  }

  #kept(signed: Checkpoint): void {
    this.#latest = signed;
    this.#countedFrom = signed.entry;
    this.#keptAt = this.#options.clock.monotonic();
  }
}
