// How the tests run: all that can share the machine side by side, then the end-to-end tests one after the other.
import { defineConfig } from 'vitest/config';

/** Two: a test starts real servers of its own, and the smallest machine we support has two processors. */
const maxWorkers = 2;

/** Starting nats-server, a container or a worker takes seconds on a loaded machine; a hang is worth no more than this. */
const testTimeoutMs = 30_000;

/** A whole cell that is broken on purpose waits for back-offs, node time-outs and restarts. */
const endToEndTimeoutMs = 300_000;

/** Long enough to stop a cell with its containers' grace periods. */
const endToEndHookTimeoutMs = 120_000;

export default defineConfig({
  test: {
    maxWorkers,
    // The machines and the log must not depend on the zone of whoever runs them.
    env: { TZ: 'UTC' },
    setupFiles: ['./test/support/temporary-files.ts'],
    reporters: [process.env['CI'] ? 'verbose' : 'default', './test/support/summary-reporter.ts'],
    projects: [
      {
        extends: true,
        test: {
          name: 'parts',
          include: ['test/**/*.test.ts'],
          exclude: ['test/end-to-end/**'],
          testTimeout: testTimeoutMs,
          hookTimeout: testTimeoutMs,
          sequence: { groupOrder: 0 },
        },
      },
      {
        extends: true,
        test: {
          name: 'end-to-end',
          include: ['test/end-to-end/**/*.test.ts'],
          testTimeout: endToEndTimeoutMs,
          hookTimeout: endToEndHookTimeoutMs,
          fileParallelism: false,
          sequence: { groupOrder: 1 },
        },
      },
    ],
  },
});
