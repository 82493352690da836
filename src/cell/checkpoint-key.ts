/** The key that a cell's checkpoints are signed with: made once, kept in the data directory, the same for all control planes there. */
import { linkSync, readFileSync, writeFileSync } from 'node:fs';
import type { KeyObject } from 'node:crypto';
import { newSigningKey } from '../foundation/signing-key.ts';
import { publicKeyOf, signingKeyOf } from '../log/checkpoint.ts';
import { DataDirectoryError, removeFile, type DataDirectory } from './data-directory.ts';

/** Reads the key, making one where there is none. Raises DataDirectoryError. */
export function checkpointKey({ checkpointKey: file }: DataDirectory): KeyObject {
  const pem = read(file) ?? make(file);
  try {
    return signingKeyOf(pem);
  } catch (cause) {
    const message = `${file} holds no Ed25519 key: restore it from a copy, or remove it so that a new one is made`;
    throw new DataDirectoryError(message, { cause });
  }
}

/** The public half of the key; undefined where there is none that can be read. */
export function publicCheckpointKey({ checkpointKey: file }: DataDirectory): string | undefined {
  try {
    return publicKeyOf(signingKeyOf(readFileSync(file, 'utf8')));
  } catch {
    return undefined;
  }
}

function read(file: string): string | undefined {
  try {
    return readFileSync(file, 'utf8');
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw new DataDirectoryError(`${file} cannot be read: ${(cause as Error).message}`, { cause });
  }
}

/** Two processes may start at once: the first one's stands. */
function make(file: string): string {
  const partial = `${file}.${process.pid}.partial`;
  const pem = newSigningKey();
  try {
    writeFileSync(partial, pem, { mode: 0o600 });
    linkSync(partial, file);
    return pem;
  } catch (cause) {
    const other = (cause as NodeJS.ErrnoException).code === 'EEXIST' ? read(file) : undefined;
    if (other !== undefined) return other;
    throw new DataDirectoryError(`${file} cannot be written: ${(cause as Error).message}`, { cause });
  } finally {
    removeFile(partial);
  }
}
