// Gives every test file a directory for temporary files of its own, and fails the file that leaves something there.
import { chmodSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect } from 'vitest';

/** Where Node keeps what npm and vitest have it compile; it is theirs to keep. */
const COMPILE_CACHE = 'node-compile-cache';

const VARIABLE = 'TMPDIR';

const outer = process.env[VARIABLE];
const directory = mkdtempSync(join(tmpdir(), 'periplus-test-'));
// As the directory around it is: for programs that tests run as another user, too.
chmodSync(directory, 0o1777);
process.env[VARIABLE] = directory;
const remove = (): void => rmSync(directory, { recursive: true, force: true });
// Of a file that cannot be loaded no hook runs.
process.once('exit', remove);

// The first hook to be set up is the last to run: after the file's own.
afterAll(() => {
  if (outer === undefined) delete process.env[VARIABLE];
  else process.env[VARIABLE] = outer;
  const left = readdirSync(directory).filter((name) => name !== COMPILE_CACHE);
  remove();
  expect(left, 'what the tests left behind in the directory for temporary files').toEqual([]);
});
