/** The images a cell needs that no registry has: the sandbox and the demo, made locally by scripts/images. */
import { execFile } from 'node:child_process';
import { packagePath } from '../foundation/package-path.ts';
import { CellStartError } from './up-options.ts';

const SCRIPT = packagePath('scripts/images');

/** Makes what is missing; quick when all is there. Raises CellStartError. */
export function makeImages(): Promise<void> {
  return new Promise((resolve, reject) => {
    execFile(SCRIPT, (error, _output, errors) => {
      if (error) reject(new CellStartError(`cannot make the local images: ${errors.trim() || error.message}`));
      else resolve();
    });
  });
}
