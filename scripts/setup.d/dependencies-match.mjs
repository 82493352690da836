// Exits 0 when node_modules holds what package-lock.json lists. Plain JavaScript, for it may meet any Node.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';

const root = process.argv[2];
const packagesOf = (path) => JSON.parse(readFileSync(join(root, path), 'utf8')).packages;

function matches() {
  const wanted = packagesOf('package-lock.json');
  const installed = packagesOf('node_modules/.package-lock.json');
  return Object.entries(wanted).every(([path, entry]) => {
    const found = installed[path];
    // The root entry is no package, and npm leaves out optional ones that are for other systems.
    if (path === '' || (found === undefined && (entry.optional || entry.devOptional || entry.peer))) return true;
    return found?.version === entry.version && found?.integrity === entry.integrity;
  });
}

try {
  process.exitCode = matches() ? 0 : 1;
} catch {
  process.exitCode = 1;
}
