/** Hunts one planted bug: seed by seed, until the simulator has found it or the seeds are used up. */
import type { Violation } from '../../src/simulator/violation.ts';
import { DEFAULT_SEEDS_MAX, plant, type PlantedBug } from './planted-bug.ts';
import { runSimulate } from './run-simulate.ts';

export interface Finding {
  readonly seed: number;
  readonly violation: Violation;
}

/** What became of a hunt. */
export interface Hunt {
  readonly bug: PlantedBug;
  /** The first seeds that found something: further ones may be other checkers'. */
  readonly found: readonly Finding[];
  /** How the simulator itself ended before that, if it did. */
  readonly broken?: string;
}

/** Goes on until so many seeds have found something. */
export function hunt(root: string, bug: PlantedBug, failures: number): Hunt {
  const last = bug.seedsMax ?? DEFAULT_SEEDS_MAX;
  const takeOut = plant(bug, root);
  try {
    const found: Finding[] = [];
    for (let first = 1; found.length < failures && first <= last;) {
      const result = runSimulate(root, { first, last }, bug.simulate);
      if (result.outcome === 'broken') return { bug, found, broken: result.why };
      if (result.outcome === 'nothing') break;
      found.push({ seed: result.seed, violation: result.violation });
      first = result.seed + 1;
    }
    return { bug, found };
  } finally {
    takeOut();
  }
}

/** Runs all seeds that are hunted with and no bug is planted; what was found then, if anything. */
export function unplanted(root: string, bugs: readonly PlantedBug[]): string | undefined {
  const lasts = new Map<string, { readonly options: readonly string[]; readonly last: number }>();
  for (const { simulate: options = [], seedsMax = DEFAULT_SEEDS_MAX } of bugs) {
    const key = options.join(' ');
    lasts.set(key, { options, last: Math.max(seedsMax, lasts.get(key)?.last ?? 0) });
  }
  for (const { options, last } of lasts.values()) {
    const result = runSimulate(root, { first: 1, last }, options);
    if (result.outcome === 'broken') return result.why;
    if (result.outcome === 'found')
      return `seed ${result.seed} (${options.join(' ')}): "${result.violation.checker}": ${result.violation.what}`;
  }
  return undefined;
}
