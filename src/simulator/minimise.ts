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
  const checker = failed.violation?.checker;
  let kept = options.items.map((_, index) => index);
  let result = failed;
  let tries = 0;
  const stillFails = async (candidate: readonly number[]): Promise<boolean> => {
    if (candidate.length === kept.length || tries >= MINIMISE_TRIES_MAX) return false;
    tries++;
    const items = candidate.map((index) => options.items[index] as PlannedItem);
    const found = await simulate({ ...options, items });
    if (found.violation?.checker !== checker) return false;
    kept = [...candidate];
    result = found;
    return true;
  };
  const atMs = failed.violation?.atMs ?? Infinity;
  await stillFails(kept.filter((index) => (options.items[index]?.atMs ?? 0) <= atMs));
  for (const kind of new Set(options.items.map((item) => item.kind))) {
    await stillFails(kept.filter((index) => options.items[index]?.kind !== kind));
  }
  for (let size = Math.ceil(kept.length / 2); size >= 1 && tries < MINIMISE_TRIES_MAX; size = Math.floor(size / 2)) {
    for (let from = 0; from < kept.length && tries < MINIMISE_TRIES_MAX;) {
      if (!(await stillFails(kept.toSpliced(from, size)))) from += size;
    }
  }
  return { kept, result, tries };
}
