/** What the runner of the mutation run and the mutable `evolve` share, which Vitest loads apart from each other. */

/** One per process. */
export interface MutationState {
  /** The edge that is not there, as `edgeText` names it. */
  removed: string | undefined;
  /** Edges the test that runs has come to. */
  taken: Set<string>;
  /** Edges without which some test failed, so that no other test needs to try. */
  readonly missed: Set<string>;
}

const KEY = Symbol.for('periplus.mutation');

export function mutationState(): MutationState {
  const holder = globalThis as { [KEY]?: MutationState };
  holder[KEY] ??= { removed: undefined, taken: new Set(), missed: new Set() };
  return holder[KEY];
}

/** What a test says of itself in the mutation run; travels as the test's meta. */
export interface MutationMeta {
  readonly taken: readonly string[];
  /** Edges without which this test failed. */
  readonly missed: readonly string[];
}

/** Where the mutation run leaves what its tests said. */
export const REPORT_VARIABLE = 'PERIPLUS_MUTATION_REPORT';

/** What the mutation run leaves. */
export interface MutationReport {
  readonly tests: readonly MutationMeta[];
  /** Tests that failed though no edge was missing, with the reason. */
  readonly failures: readonly string[];
}
