/** A copy of what the command line needs of the sources, in which bugs are planted: the sources themselves are never touched. */
import { cpSync, mkdtempSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const COPIED = ['src', 'machines', 'migrations', 'package.json', 'tsconfig.json'];
/** Nothing is planted in them. */
const LINKED = ['node_modules', 'scripts'];

export interface SourceCopy extends Disposable {
  readonly root: string;
}

export function copySources(root: string): SourceCopy {
  const copy = mkdtempSync(join(tmpdir(), 'periplus-planted-'));
  for (const name of COPIED) cpSync(join(root, name), join(copy, name), { recursive: true });
  for (const name of LINKED) symlinkSync(join(root, name), join(copy, name));
  return { root: copy, [Symbol.dispose]: () => rmSync(copy, { recursive: true, force: true }) };
}
