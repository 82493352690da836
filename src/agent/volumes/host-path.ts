/** hostPath volumes: a path of the node, checked and where asked for made, as Kubernetes does. */
import { mkdir, open, stat } from 'node:fs/promises';
import type { Stats } from 'node:fs';
import { VolumeError } from './volume-error.ts';

/** Modes of what is made where nothing was. */
const DIRECTORY_MODE = 0o755;
const FILE_MODE = 0o644;

export interface HostPathSource {
  readonly path: string;
  readonly type?: string | undefined;
}

const CHECKS: Readonly<Record<string, { readonly is: (stats: Stats) => boolean; readonly words: string }>> = {
  Directory: { is: (stats) => stats.isDirectory(), words: 'a directory' },
  DirectoryOrCreate: { is: (stats) => stats.isDirectory(), words: 'a directory' },
  File: { is: (stats) => stats.isFile(), words: 'a file' },
  FileOrCreate: { is: (stats) => stats.isFile(), words: 'a file' },
  Socket: { is: (stats) => stats.isSocket(), words: 'a socket file' },
  CharDevice: { is: (stats) => stats.isCharacterDevice(), words: 'a character device' },
  BlockDevice: { is: (stats) => stats.isBlockDevice(), words: 'a block device' },
};

/** The path to mount. @throws VolumeError when it is not what its type says, or cannot be made. */
export async function prepareHostPath(volume: string, { path, type = '' }: HostPathSource): Promise<string> {
  if (type === '') return path;
  const check = CHECKS[type];
  if (check === undefined) throw new VolumeError(volume, `hostPath type check failed: unknown type ${type}`);
  try {
    if (type === 'DirectoryOrCreate') await mkdir(path, { recursive: true, mode: DIRECTORY_MODE });
    if (type === 'FileOrCreate') await (await open(path, 'a', FILE_MODE)).close();
    if (check.is(await stat(path))) return path;
  } catch (error) {
    throw new VolumeError(volume, `hostPath type check failed: ${path} is not ${check.words}`, { cause: error });
  }
  throw new VolumeError(volume, `hostPath type check failed: ${path} is not ${check.words}`);
}
