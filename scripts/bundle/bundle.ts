/** Bundles the programs of Periplus: `bundle.ts ROOT DIRECTORY`. Called by scripts/build. */
import { join } from 'node:path';
import { rolldown } from 'rolldown';

const [root = '', directory = ''] = process.argv.slice(2);

/** What is started as a file of its own; `process` and `projection-worker` are looked for beside the file that starts them. */
const PROGRAMS = {
  main: 'src/main.ts',
  process: 'src/cell/process.ts',
  'projection-worker': 'src/read-model/projection-worker.ts',
};

/** Libraries that stay as they are: with native parts, or loaded only by who needs all of them. */
const LEFT_ALONE = ['better-sqlite3', 'dockerode'];

const bundle = await rolldown({
  cwd: root,
  input: Object.fromEntries(Object.entries(PROGRAMS).map(([name, path]) => [name, join(root, path)])),
  platform: 'node',
  external: (specifier) => LEFT_ALONE.some((name) => specifier === name || specifier.startsWith(`${name}/`)),
  logLevel: 'silent',
});
await bundle.write({ dir: directory, format: 'esm' });
