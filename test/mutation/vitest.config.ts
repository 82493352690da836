// The mutation run: the tests of kinds in one process, with a runner that repeats them without the edges they came to.
import { join } from 'node:path';
import { defineConfig } from 'vitest/config';

const here = import.meta.dirname;
const replacement = join(here, 'mutable-evolve.ts');

export default defineConfig({
  plugins: [
    {
      name: 'mutable-evolve',
      enforce: 'pre',
      // As machines write it, and nobody else: what is resolved already is resolved again, and must stay the real one.
      resolveId: (source) => (source === './evolve.ts' || source === '../evolve.ts' ? replacement : undefined),
    },
  ],
  test: {
    root: join(here, '..', '..'),
    include: ['test/kinds/**/*.test.ts'],
    // The first two compare machines with themselves; property tests search for a smaller failure, which takes long and adds none.
    exclude: ['test/kinds/machines.test.ts', 'test/kinds/machine-steps.test.ts', 'test/kinds/*-properties.test.ts'],
    runner: join(here, 'runner.ts'),
    reporters: [join(here, 'reporter.ts')],
    // One process and one set of modules, so that what one test has noticed need not be tried by another.
    isolate: false,
    maxWorkers: 1,
    env: { TZ: 'UTC' },
  },
});
