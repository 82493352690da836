/** The volumes of this node's pods: made before their containers, removed after them. */
import { chmod, mkdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { PodSpec } from '../../../machines/pod/index.ts';
import { prepareHostPath } from './host-path.ts';
import { VolumeError } from './volume-error.ts';

/** Whoever a container runs as may write, as in Kubernetes. */
const EMPTY_DIRECTORY_MODE = 0o777;

export interface Volumes {
  /** Directories and files of the node by volume name; what is there already is kept. @throws VolumeError */
  prepare(uid: string, spec: PodSpec): Promise<ReadonlyMap<string, string>>;
  /** Removes what `prepare` made; hostPaths stay. @throws VolumeError */
  remove(uid: string): Promise<void>;
}

/** @param directory the agent's own, `DATA/agent-<node>` */
export function createVolumes(directory: string): Volumes {
  const podDirectory = (uid: string) => join(directory, 'pods', uid);

  return {
    async prepare(uid, spec) {
      const directories = new Map<string, string>();
      for (const { name, emptyDir, hostPath } of spec.volumes ?? []) {
        if (hostPath !== undefined) directories.set(name, await prepareHostPath(name, hostPath));
        else if (emptyDir !== undefined) directories.set(name, await makeEmptyDirectory(podDirectory(uid), name));
        else throw new VolumeError(name, 'this node knows emptyDir and hostPath volumes only');
      }
      return directories;
    },

    async remove(uid) {
      try {
        await rm(podDirectory(uid), { recursive: true, force: true });
      } catch (error) {
        throw new VolumeError('*', `the directory of pod ${uid} cannot be removed`, { cause: error });
      }
    },
  };
}

async function makeEmptyDirectory(podDirectory: string, name: string): Promise<string> {
  const directory = join(podDirectory, 'volumes', name);
  try {
    await mkdir(directory, { recursive: true });
    await chmod(directory, EMPTY_DIRECTORY_MODE);
  } catch (error) {
    throw new VolumeError(name, 'its directory cannot be made', { cause: error });
  }
  return directory;
}
