/** Where the files of this package are that are no code: scripts, its package.json. The same from the sources and from a bundle. */
import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';

/** The nearest directory above that has a package.json: bundles lie in directories that have none. */
function packageRoot(): string {
  let directory = import.meta.dirname;
  while (!existsSync(join(directory, 'package.json'))) {
    const above = dirname(directory);
    if (above === directory) throw new Error(`there is no package.json above ${import.meta.dirname}`);
    directory = above;
  }
  return directory;
}

const root = packageRoot();

/** The path of a file of the package: `packagePath('scripts/setup')`. */
export function packagePath(path: string): string {
  return join(root, path);
}
