// Damages a stopped nats-server's store the way disks and people do.
import { cp, readdir, readFile, rm, truncate, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

/** JetStream's shortcut over its message blocks: rebuilt from them when it is missing. */
const INDEX = 'index.db';

/** Message blocks of a stream, oldest first. */
async function blocks(messagesDirectory: string): Promise<string[]> {
  const names = (await readdir(messagesDirectory)).filter((name) => name.endsWith('.blk'));
  return names
    .toSorted((one, other) => Number.parseInt(one) - Number.parseInt(other))
    .map((name) => join(messagesDirectory, name));
}

export async function removeIndex(messagesDirectory: string): Promise<void> {
  await rm(join(messagesDirectory, INDEX), { force: true });
}

/** Keeps a copy of a whole store directory; returns how to put it back. */
export async function keepCopy(directory: string): Promise<() => Promise<void>> {
  const copy = `${directory}-copy`;
  await cp(directory, copy, { recursive: true });
  return async () => {
    await rm(directory, { recursive: true });
    await cp(copy, directory, { recursive: true });
  };
}

/** Cuts the last block in half. */
export async function cutLastBlock(messagesDirectory: string): Promise<void> {
  const block = (await blocks(messagesDirectory)).at(-1);
  if (block === undefined) throw new Error(`no message block in ${messagesDirectory}`);
  await truncate(block, Math.floor((await readFile(block)).length / 2));
}

/** Flips one bit of the entry's payload where it says its number. */
export async function flipByteOfEntry(messagesDirectory: string, number: number): Promise<void> {
  const mark = `"number":${number},`;
  for (const block of await blocks(messagesDirectory)) {
    const bytes = await readFile(block);
    const at = bytes.indexOf(mark);
    if (at < 0) continue;
    bytes.writeUInt8(bytes.readUInt8(at + 2) ^ 1, at + 2);
    await writeFile(block, bytes);
    return;
  }
  throw new Error(`no entry ${number} in ${messagesDirectory}`);
}
