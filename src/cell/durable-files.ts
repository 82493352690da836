/** Files that are there only once they are whole and on disk: exports, restored cells, snapshots. */
import { open, readdir, rename, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';

/** Takes bytes; resolves once there is room for more. */
export type TakeBytes = (bytes: Uint8Array) => Promise<void>;

/** Writes a file under another name, which becomes its own once all of it is on disk; nothing is left of one that failed. Readable by its owner only. */
export async function writeWhole<Result>(path: string, write: (take: TakeBytes) => Promise<Result>): Promise<Result> {
  const partial = `${path}.${process.pid}.partial`;
  const file = await open(partial, 'w', 0o600);
  try {
    const result = await write((bytes) => file.appendFile(bytes));
    await file.sync();
    await file.close();
    await rename(partial, path);
    await syncPath(dirname(path));
    return result;
  } catch (error) {
    await file.close().catch(() => undefined);
    await rm(partial, { force: true });
    throw error;
  }
}

/** Makes sure that a file's bytes, or a directory's names, are on disk, whoever wrote them. */
export async function syncPath(path: string): Promise<void> {
  const file = await open(path, 'r');
  try {
    await file.sync();
  } finally {
    await file.close();
  }
}

/** Likewise everything below a directory, and itself. */
export async function syncTree(directory: string): Promise<void> {
  for (const entry of await readdir(directory, { withFileTypes: true })) {
    const path = join(directory, entry.name);
    if (entry.isDirectory()) await syncTree(path);
    else if (entry.isFile()) await syncPath(path);
  }
  await syncPath(directory);
}
