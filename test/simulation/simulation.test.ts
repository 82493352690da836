/** Whole cells on virtual time: fresh seeds with every run, all that ever failed, and the same run from the same seed. */
import { expect, test } from 'vitest';
import { systemClock } from '../../src/foundation/clock.ts';
import { systemIdentifiers } from '../../src/foundation/identifiers.ts';
import { DEFAULT_CONDITIONS, runSeed, type Conditions } from '../../src/simulator/runs.ts';
import { FAILED_SEEDS } from './failed-seeds.ts';

const FRESH_SEEDS = 240;
const FRESH_MAX_MS = 60_000;
/** Shorter than the command line's, so that more seeds fit. */
const FRESH_CONDITIONS: Conditions = { ...DEFAULT_CONDITIONS, nodes: 3, podsPerNode: 3, durationMs: 90_000 };
const TIME_OUT_MS = 240_000;

const again = (seed: number, { nodes, podsPerNode, durationMs }: Conditions) =>
  `scripts/periplus simulate --seed ${seed} --nodes ${nodes} --pods-per-node ${podsPerNode} --hours ${durationMs / 3_600_000}`;

test('fresh seeds find nothing', { timeout: TIME_OUT_MS }, async () => {
  const first = Math.floor(systemIdentifiers.random() * 1e9);
  const until = systemClock.monotonic() + FRESH_MAX_MS;
  let count = 0;
  for (; count < FRESH_SEEDS && systemClock.monotonic() < until; count++) {
    const { violation } = await runSeed(first + count, FRESH_CONDITIONS);
    expect(violation, again(first + count, FRESH_CONDITIONS)).toBeUndefined();
  }
  // Printed, so that a run can be told from another.
  process.stdout.write(`simulated seeds ${first}..${first + count - 1}\n`);
  expect(count).toBeGreaterThan(0);
});

test.each(FAILED_SEEDS)('seed $seed finds nothing any more: $found', async ({ seed }) => {
  expect((await runSeed(seed, DEFAULT_CONDITIONS)).violation).toBeUndefined();
});

test('the same seed is the same run, to the last byte of the log', async () => {
  const [first, second] = [await runSeed(7, DEFAULT_CONDITIONS), await runSeed(7, DEFAULT_CONDITIONS)];
  expect(first.hash).not.toBe('');
  expect(second).toEqual(first);
});
