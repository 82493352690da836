/** Behind scripts/draw-machines: writes the pictures of the machines into ARCHITECTURE.md, or checks that they are current. */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { withMachines } from './section.ts';

const USAGE = 'usage: scripts/draw-machines [--check] [FILE]';
const { argv } = process;
const check = argv.includes('--check');
const rest = argv.slice(2).filter((argument) => argument !== '--check');
const path = rest[0] ?? join(import.meta.dirname, '..', '..', 'ARCHITECTURE.md');

if (rest.length > 1 || path.startsWith('-')) {
  console.error(USAGE);
  process.exitCode = 2;
} else draw();

function draw(): void {
  const page = readFileSync(path, 'utf8');
  const current = withMachines(page);
  if (current === page) return;
  if (check) {
    console.error(`the machines in ${path} are not those of machines/: run scripts/draw-machines`);
    process.exitCode = 1;
  } else writeFileSync(path, current);
}
