/** Limits of memory and CPU through the kernel's control groups, version 1 or 2, where this process may write them. */
import { constants } from 'node:fs';
import { access, mkdir, readFile, rmdir, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { ContainerSpec } from '../container-runtime.ts';
import type { Owner } from './places.ts';
import { isMissing, readIfThere } from './records.ts';

export type Limits = Pick<ContainerSpec, 'cpuLimitMillis' | 'cpuRequestMillis' | 'memoryLimitBytes'>;

export interface ControlGroups {
  unenforceable(): Promise<readonly ('cpu' | 'memory')[]>;
  /** Makes the container's groups and sets their limits; gives the directories its processes have to join. */
  make(id: string, limits: Limits): Promise<readonly string[]>;
  directoriesOf(id: string): Promise<readonly string[]>;
  remove(id: string): Promise<void>;
}

/** One place where groups are made, and what it can limit. */
interface Hierarchy {
  readonly root: string;
  readonly version: 1 | 2;
  readonly controls: readonly ('cpu' | 'memory')[];
}

const MOUNTS = '/proc/self/mountinfo';
const PERIOD_MICROS = 100_000;
const SHARES_PER_CPU = 1024;
/** The kernel's smallest and largest weight in version 1, and what version 2 maps them to. */
const SHARES_MIN = 2;
const SHARES_MAX = 262_144;
const WEIGHT_MAX = 10_000;
/** Another agent of the cell may remove the cell's empty group between the making of it and of what goes in. */
const MAKE_ATTEMPTS_MAX = 5;
/** A group cannot be removed before the kernel has buried its last process, which takes milliseconds. */
const REMOVE_ATTEMPTS_MAX = 50;
const REMOVE_RETRY_MS = 10;

/** Nothing can be enforced where pods are not isolated: then there are no groups. */
export function createControlGroups(options: {
  readonly owner: Owner;
  readonly enabled: () => Promise<boolean>;
  readonly sleep: (delayMs: number) => Promise<void>;
}): ControlGroups {
  const { owner, sleep } = options;
  let found: Promise<readonly Hierarchy[]> | undefined;
  const hierarchies = () =>
    (found ??= options.enabled().then((enabled) => (enabled ? findHierarchies() : Promise.resolve([]))));
  const pathIn = ({ root }: Hierarchy, id: string) =>
    join(root, `periplus-${encodeURIComponent(owner.cell)}`, encodeURIComponent(owner.node), id);

  return {
    async unenforceable() {
      const controls = (await hierarchies()).flatMap((hierarchy) => hierarchy.controls);
      return (['cpu', 'memory'] as const).filter((control) => !controls.includes(control));
    },
    directoriesOf: async (id) => (await hierarchies()).map((hierarchy) => pathIn(hierarchy, id)),
    async make(id, limits) {
      for (const hierarchy of await hierarchies()) {
        const directory = pathIn(hierarchy, id);
        await makeGroup(hierarchy, directory);
        for (const [file, value] of settings(hierarchy, limits)) await set(directory, file, value);
      }
      return this.directoriesOf(id);
    },
    async remove(id) {
      for (const directory of await this.directoriesOf(id)) {
        for (let attempt = 0; attempt < REMOVE_ATTEMPTS_MAX; attempt++) {
          if (await removeIfEmpty(directory)) break;
          await sleep(REMOVE_RETRY_MS);
        }
        // The node's and the cell's go with their last container.
        await removeIfEmpty(dirname(directory));
        await removeIfEmpty(dirname(dirname(directory)));
      }
    },
  };
}

async function findHierarchies(): Promise<readonly Hierarchy[]> {
  const hierarchies: Hierarchy[] = [];
  for (const line of (await readFile(MOUNTS, 'utf8')).split('\n')) {
    const [before = '', after = ''] = line.split(' - ');
    const root = before.split(' ')[4] ?? '';
    const [type, , options = ''] = after.split(' ');
    const available =
      type === 'cgroup2'
        ? ((await readIfThere(join(root, 'cgroup.controllers'))) ?? '').split(/\s/)
        : options.split(',');
    const controls = (['cpu', 'memory'] as const).filter((control) => available.includes(control));
    if ((type !== 'cgroup' && type !== 'cgroup2') || controls.length === 0) continue;
    const writable = await access(root, constants.W_OK).then(
      () => true,
      () => false,
    );
    if (writable) hierarchies.push({ root, version: type === 'cgroup' ? 1 : 2, controls });
  }
  return hierarchies;
}

async function makeGroup(hierarchy: Hierarchy, directory: string): Promise<void> {
  for (let attempt = 1; ; attempt++) {
    try {
      await mkdir(directory, { recursive: true });
      if (hierarchy.version === 2) await handDown(hierarchy, directory);
      return;
    } catch (error) {
      if (!isMissing(error) || attempt === MAKE_ATTEMPTS_MAX) throw error;
    }
  }
}

/** In version 2 each level has to hand its controllers down to the next. */
async function handDown({ root, controls }: Hierarchy, directory: string): Promise<void> {
  const node = dirname(directory);
  for (const level of [root, dirname(node), node]) {
    await writeFile(join(level, 'cgroup.subtree_control'), controls.map((control) => `+${control}`).join(' '));
  }
}

function settings({ version, controls }: Hierarchy, limits: Limits): [file: string, value: number | string][] {
  const { cpuLimitMillis, cpuRequestMillis = 0, memoryLimitBytes } = limits;
  const shares = Math.min(Math.max(Math.floor((cpuRequestMillis * SHARES_PER_CPU) / 1000), SHARES_MIN), SHARES_MAX);
  const weight = 1 + Math.floor(((shares - SHARES_MIN) * (WEIGHT_MAX - 1)) / (SHARES_MAX - SHARES_MIN));
  const quota = cpuLimitMillis === undefined ? undefined : (cpuLimitMillis * PERIOD_MICROS) / 1000;
  const cpu: [string, number | string | undefined][] =
    version === 1
      ? [
          ['cpu.shares', shares],
          ['cpu.cfs_quota_us', quota],
        ]
      : [
          ['cpu.weight', weight],
          ['cpu.max', quota && `${quota} ${PERIOD_MICROS}`],
        ];
  // Swap beside the limit would only make a program that is too large slow instead.
  const memory: [string, number | string | undefined][] =
    version === 1
      ? [
          ['memory.limit_in_bytes', memoryLimitBytes],
          ['memory.memsw.limit_in_bytes', memoryLimitBytes],
        ]
      : [
          ['memory.max', memoryLimitBytes],
          ['memory.swap.max', memoryLimitBytes && 0],
        ];
  return [...(controls.includes('cpu') ? cpu : []), ...(controls.includes('memory') ? memory : [])].flatMap(
    ([file, value]) => (value === undefined ? [] : [[file, value]]),
  );
}

/** Kernels are built with and without swap accounting and CPU quotas; what one does not have is not there as a file. */
async function set(directory: string, file: string, value: number | string): Promise<void> {
  try {
    await writeFile(join(directory, file), String(value), { flag: 'r+' });
  } catch (error) {
    if (!isMissing(error)) throw error;
  }
}

/** False when something is still in it. */
async function removeIfEmpty(directory: string): Promise<boolean> {
  try {
    await rmdir(directory);
    return true;
  } catch (error) {
    return isMissing(error);
  }
}
