/** Where the process runtime keeps things of one cell's one node on disk, and what they are called. */
import { mkdir, rmdir } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { PodIdentity } from '../container-runtime.ts';
import { RuntimeError } from '../container-runtime.ts';

/** Whose processes a runtime may see and touch. */
export interface Owner {
  readonly cell: string;
  readonly node: string;
}

export interface Places {
  /** Records of the shims and of what they look after; watched for changes, so nothing big is kept here. */
  readonly state: string;
  readonly logs: string;
  /** Empty directories that containers mount things on, each in a mount namespace of its own. */
  readonly work: string;
}

/** Secrets of a pod may be in what its containers print. */
const PRIVATE_MODE = 0o700;

const NAME_PART = /^[a-zA-Z0-9][a-zA-Z0-9_-]*$/;

export function placesOf(dataDirectory: string, owner: Owner): Places {
  const root = join(dataDirectory, 'processes', encodeURIComponent(owner.cell), encodeURIComponent(owner.node));
  return { state: join(root, 'state'), logs: join(root, 'logs'), work: join(root, 'work') };
}

export async function makePlaces(places: Places): Promise<void> {
  for (const directory of Object.values(places)) await mkdir(directory, { recursive: true, mode: PRIVATE_MODE });
}

/** Removes what is empty, up to the data directory; what still holds something stays. */
export async function removeEmptyPlaces(places: Places): Promise<void> {
  const node = dirname(places.state);
  for (const directory of [...Object.values(places), node, dirname(node), dirname(dirname(node))]) {
    await rmdir(directory).catch(() => {});
  }
}

export function sandboxIdOf(pod: PodIdentity, attempt: number): string {
  return `${partOf(pod.uid)}.${attempt}`;
}

export function containerIdOf(pod: PodIdentity, name: string, attempt: number): string {
  return `${partOf(pod.uid)}.${partOf(name)}.${attempt}`;
}

/** An id that could not have been made here must not become a path. */
export function isId(id: string): boolean {
  const parts = id.split('.');
  return (parts.length === 2 || parts.length === 3) && parts.every((part) => NAME_PART.test(part));
}

function partOf(text: string): string {
  if (NAME_PART.test(text)) return text;
  throw new RuntimeError('refused', `${JSON.stringify(text)} cannot be part of a name`);
}
