/** The data directory of a large cell, made once and kept for all benchmarks: 150,000 objects, 1,000,000 commits. */
import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { generateCell, GENERATOR_VERSION } from './large-cell.ts';

const OBJECTS = { pods: 50_000, configMaps: 100_000 };
const COMMITS = 1_000_000;

/** Its path. */
export async function keptLargeCell(note: (text: string) => void): Promise<string> {
  const root = join(tmpdir(), `periplus-bench-large-cell-${GENERATOR_VERSION}`);
  const mark = join(root, 'complete');
  if (existsSync(mark)) return root;
  note(`making the cell once, in ${root}: some minutes`);
  rmSync(root, { recursive: true, force: true });
  mkdirSync(root, { recursive: true });
  await generateCell(root, { ...OBJECTS, commits: COMMITS, note });
  // What generating left to be written would otherwise be on the first start's bill.
  execFileSync('sync');
  writeFileSync(mark, '');
  return root;
}
