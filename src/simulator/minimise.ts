/** Makes a failing run small: leaves out faults and actions, as long as the same checker still finds something. */
import type { PlannedItem } from './plan.ts';
import { simulate, type SimulationOptions, type SimulationResult } from './simulation.ts';

/** Runs tried at most: a run takes a part of a second, and somebody waits. */
export const MINIMISE_TRIES_MAX = 60;

export interface Minimised {
  /** The items that are left, by their number in the plan. */
  readonly kept: readonly number[];
  readonly result: SimulationResult;
  readonly tries: number;
}

/** `options` are those of a run that failed. */
export async function minimise(options: SimulationOptions, failed: SimulationResult): Promise<Minimised> {
  const shrinking = new Shrinking(options, failed);
  await shrinking.leaveOutLater(failed.violation?.atMs ?? Infinity);
  await shrinking.leaveOutKinds();
  await shrinking.leaveOutRuns();
  return shrinking.outcome;
}

class Shrinking {
  readonly #options: SimulationOptions;
  readonly #checker: string | undefined;
  #kept: readonly number[];
  #result: SimulationResult;
  #tries = 0;

  constructor(options: SimulationOptions, failed: SimulationResult) {
    this.#options = options;
    this.#checker = failed.violation?.checker;
    this.#kept = options.items.map((_, index) => index);
    this.#result = failed;
  }

  get outcome(): Minimised {
    return { kept: this.#kept, result: this.#result, tries: this.#tries };
  }

  async leaveOutLater(atMs: number): Promise<void> {
    await this.#try(this.#kept.filter((index) => this.#item(index).atMs <= atMs));
  }

  async leaveOutKinds(): Promise<void> {
    for (const kind of new Set(this.#options.items.map((item) => item.kind))) {
      await this.#try(this.#kept.filter((index) => this.#item(index).kind !== kind));
    }
  }

  /** Half of what is left, then quarters, down to single ones. */
  async leaveOutRuns(): Promise<void> {
    for (let size = Math.ceil(this.#kept.length / 2); size >= 1; size = Math.floor(size / 2)) {
      for (let from = 0; from < this.#kept.length;) {
        if (this.#tries >= MINIMISE_TRIES_MAX) return;
        if (!(await this.#try(this.#kept.toSpliced(from, size)))) from += size;
      }
    }
  }

  /** Keeps to these items where the same is still found. */
  async #try(candidate: readonly number[]): Promise<boolean> {
    if (candidate.length === this.#kept.length || this.#tries >= MINIMISE_TRIES_MAX) return false;
    this.#tries++;
    const result = await simulate({ ...this.#options, items: candidate.map((index) => this.#item(index)) });
    if (result.violation?.checker !== this.#checker) return false;
    this.#kept = candidate;
    this.#result = result;
    return true;
  }

  #item(index: number): PlannedItem {
    return this.#options.items[index] as PlannedItem;
  }
}
