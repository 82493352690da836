/** Runs `simulate` of a copy of the sources as a person would, and gives back what it said. */
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import type { Violation } from '../../src/simulator/violation.ts';

/** A bug may keep a run busy for ever; seeds that are tried take a quarter of a second each. */
const RUN_MAX_MS = 180_000;
const OUTPUT_MAX_BYTES = 16 * 1024 * 1024;

/** What a run of some seeds came to. */
export type SimulateResult =
  | { readonly outcome: 'nothing' }
  | { readonly outcome: 'found'; readonly seed: number; readonly violation: Violation }
  /** It ended without saying what it found: the simulator itself broke. */
  | { readonly outcome: 'broken'; readonly why: string };

interface Failure {
  readonly seed: number;
  readonly result: { readonly violation: Violation };
}

/** Tries seeds from the first to the last, and stops at the first that fails. */
export function runSimulate(
  root: string,
  seeds: { readonly first: number; readonly last: number },
  options: readonly string[] = [],
): SimulateResult {
  const args = [join(root, 'src/main.ts'), 'simulate', '--seeds', `${seeds.first}..${seeds.last}`];
  const { status, signal, stdout, stderr } = spawnSync(
    process.execPath,
    [...args, '--no-minimise', '-o', 'json', ...options],
    { encoding: 'utf8', timeout: RUN_MAX_MS, maxBuffer: OUTPUT_MAX_BYTES },
  );
  if (status === 0) return { outcome: 'nothing' };
  if (signal !== null) return { outcome: 'broken', why: `ended by ${signal} after at most ${RUN_MAX_MS} ms` };
  if (!stdout.startsWith('{')) return { outcome: 'broken', why: stderr.trim().split('\n').slice(0, 6).join(' | ') };
  const { seed, result } = JSON.parse(stdout) as Failure;
  return { outcome: 'found', seed, violation: result.violation };
}
