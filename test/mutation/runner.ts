/** Runs each test once as it is, and again without each edge it came to, until some test has failed without that edge. */
import { TestRunner, type RunnerTestCase } from 'vitest';
import { mutationState, type MutationMeta } from './mutation-state.ts';

export default class MutationRunner extends TestRunner {
  async runTask(test: RunnerTestCase): Promise<void> {
    const run = TestRunner.getTestFn(test);
    const state = mutationState();
    state.taken = new Set();
    await run();
    const taken = [...state.taken];
    const untried = taken.filter((edge) => !state.missed.has(edge));
    // A test that does not survive being repeated would seem to notice every mutation.
    if (untried.length > 0) await run();
    const missed: string[] = [];
    for (const edge of untried) {
      state.removed = edge;
      if (await fails(run)) missed.push(edge);
    }
    state.removed = undefined;
    for (const edge of missed) state.missed.add(edge);
    Object.assign(test.meta, { mutation: { taken, missed } satisfies MutationMeta });
  }
}

async function fails(run: () => unknown): Promise<boolean> {
  try {
    await run();
    return false;
  } catch {
    return true;
  }
}
