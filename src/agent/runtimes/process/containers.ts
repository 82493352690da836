/** Containers of plain processes: each has a shim that starts and stops it, keeps its log and records its end. */
import { mkdir, rm, rmdir } from 'node:fs/promises';
import { uptime } from 'node:os';
import { join } from 'node:path';
import type { Clock } from '../../../foundation/clock.ts';
import type { ContainerExit, ContainerSpec, RuntimeContainer } from '../container-runtime.ts';
import { RuntimeError } from '../container-runtime.ts';
import type { ControlGroups } from './control-groups.ts';
import type { Feed } from './feed.ts';
import { commandOfImage, imageIdOf, meaningless } from './images.ts';
import { killLeftovers } from './leftovers.ts';
import type { Isolation } from './machine.ts';
import { containerIdOf } from './places.ts';
import type { Owner, Places } from './places.ts';
import type { ContainerDescription, ProcessMark, Records } from './records.ts';
import type { SandboxFacts, Sandboxes } from './sandboxes.ts';
import { isAlive, order, startShim } from './shim.ts';
import type { ShimSpecification } from './shim.ts';
import { createTurns } from './turns.ts';

/** Starting takes milliseconds; longer means a file system or kernel that hangs. */
const START_TIMEOUT_MS = 30_000;
/** Beyond the grace: killing, sweeping what is left and writing the last of the log are bounded by seconds in the shim. */
const END_TIMEOUT_MS = 15_000;
const DEFAULT_PATH = '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin';
const SIGKILL = 9;
const KILLED_EXIT_CODE = 137;
/** As Docker says of what ended with its machine: nobody knows. */
const UNKNOWN_EXIT_CODE = 255;

export interface ContainerDependencies {
  readonly owner: Owner;
  readonly places: Places;
  readonly clock: Clock;
  readonly records: Records;
  readonly feed: Feed;
  readonly groups: ControlGroups;
  readonly sandboxes: Sandboxes;
  readonly isolation: () => Promise<Isolation>;
  /** The log is turned over at this size. */
  readonly logSizeBytes?: number;
}

export interface Containers {
  create(spec: ContainerSpec): Promise<RuntimeContainer>;
  start(id: string): Promise<void>;
  stop(id: string, graceSeconds: number): Promise<void>;
  remove(id: string): Promise<void>;
  /** Undefined when it is gone. */
  observe(id: string): Promise<RuntimeContainer | undefined>;
  /** Rejects with RuntimeError `gone`. */
  get(id: string): Promise<RuntimeContainer>;
  logPathOf(id: string): string;
}

export function createContainers(dependencies: ContainerDependencies): Containers {
  const { owner, places, clock, records, feed, groups, sandboxes, isolation } = dependencies;
  const turns = createTurns();
  const logPathOf = (id: string) => join(places.logs, `${id}.log`);
  const workPathOf = (id: string) => join(places.work, id);

  async function observe(id: string): Promise<RuntimeContainer | undefined> {
    const description = await records.description(id);
    if (description?.kind !== 'container') return undefined;
    const living = await isAlive(records.pathOf(id));
    const mark = await records.running(id);
    // Asked after life: whoever was dead then has written all it ever will.
    const exit = (await records.exit(id)) ?? (living || mark === undefined ? undefined : await noteLostExit(id, mark));
    // Described but without a shim: an agent died while it was made, or the machine was restarted before it ran.
    if (exit === undefined && mark === undefined && !living) return undefined;
    const { kind: _, workingDirectory: __, ...identity } = description;
    const unfinished = mark === undefined ? 'created' : 'running';
    return {
      id,
      ...identity,
      imageId: imageIdOf(description.image),
      state: exit === undefined ? unfinished : 'exited',
      ...(mark !== undefined && { startedAt: mark.startedAt }),
      ...(exit !== undefined && { exit }),
    };
  }

  /** The kernel killed the program when its shim was killed; what the program had started is ended here. */
  async function noteLostExit(id: string, mark: ProcessMark): Promise<ContainerExit> {
    const finishedAt = clock.now();
    const restarted = finishedAt - uptime() * 1000 > mark.startedAt;
    if (!restarted) await killLeftovers(mark, await groups.directoriesOf(id));
    const exit = restarted
      ? { exitCode: UNKNOWN_EXIT_CODE, oomKilled: false, finishedAt }
      : { exitCode: KILLED_EXIT_CODE, signal: SIGKILL, oomKilled: false, finishedAt };
    // Whoever noted it first is believed, so that everybody says the same.
    const noted = await records.exit(id);
    if (noted !== undefined) return noted;
    await records.noteExit(id, exit);
    return exit;
  }

  async function get(id: string): Promise<RuntimeContainer> {
    const container = await observe(id);
    if (container === undefined) throw new RuntimeError('gone', `this node has no container ${id}`);
    return container;
  }

  async function make(id: string, spec: ContainerSpec, sandbox: SandboxFacts): Promise<void> {
    const isolated = (await isolation()) === 'namespaces';
    if (!isolated && spec.mounts.length > 0) {
      const { containerPath } = spec.mounts[0] ?? { containerPath: '' };
      throw new RuntimeError(
        'refused',
        `nothing can be mounted at ${containerPath}: volumes of the process runtime need root; run the agent as root or use Docker`,
      );
    }
    const command = commandOf(spec);
    const { pod, sandboxId, name, attempt, image, workingDir: workingDirectory = '/' } = spec;
    const described = { kind: 'container', pod, sandboxId, name, attempt, image, workingDirectory } as const;
    await records.describe(id, described satisfies ContainerDescription);
    const work = workPathOf(id);
    if (spec.mounts.length > 0)
      for (const part of ['stash', 'root']) await mkdir(join(work, part), { recursive: true });
    const { mark, description } = sandbox;
    const specification: ShimSpecification = [
      ['state', records.pathOf(id)],
      ['log', logPathOf(id)],
      ['logsize', String(dependencies.logSizeBytes ?? 0)],
      ['work', work],
      ['directory', workingDirectory],
      ...(isolated && mark !== undefined ? ([['sandbox', `${mark.pid} ${mark.startTicks}`]] as const) : []),
      ...(await groups.make(id, spec)).map((directory) => ['cgroup', directory] as const),
      ...spec.mounts.flatMap(({ hostPath, containerPath, readOnly }) => [
        ['mode', readOnly ? 'ro' : 'rw'] as const,
        ['source', hostPath] as const,
        ['target', containerPath] as const,
      ]),
      ...Object.entries(environmentOf(spec, description.hostname, mark?.port ?? 0)).map(
        ([key, value]) => ['env', `${key}=${value}`] as const,
      ),
      ...command.map((part) => ['arg', part] as const),
    ];
    const label = `cell=${owner.cell} node=${owner.node} pod=${pod.uid} container=${name} attempt=${attempt}`;
    await startShim('supervise', label, specification, () => feed.shimEnded(id));
  }

  async function create(id: string, spec: ContainerSpec): Promise<RuntimeContainer> {
    const sandbox = await sandboxes.facts(spec.sandboxId);
    if (sandbox === undefined) throw new RuntimeError('gone', `this node has no sandbox ${spec.sandboxId}`);
    const found = await observe(id);
    if (found !== undefined) return found;
    if (!sandbox.running) throw new RuntimeError('refused', `the sandbox ${spec.sandboxId} does not run`);
    try {
      await make(id, spec, sandbox);
    } catch (error) {
      await remove(id);
      throw error;
    }
    return get(id);
  }

  async function start(id: string): Promise<void> {
    const { state } = await get(id);
    if (state === 'running') return;
    if (state === 'exited') throw new RuntimeError('refused', `the container ${id} has ended; create its next attempt`);
    const path = records.pathOf(id);
    await rm(`${path}.refused`, { force: true });
    await order(path, 'start');
    const answered = async () =>
      (await records.running(id)) !== undefined || (await records.refusal(id)) !== undefined || !(await isAlive(path));
    if (!(await feed.until(answered, START_TIMEOUT_MS))) {
      throw new RuntimeError('unavailable', `the container ${id} does not start`);
    }
    const refusal = await records.refusal(id);
    if (refusal !== undefined) throw new RuntimeError('refused', refusal.trim());
    // Whatever ended so soon did start; its exit tells the rest.
    await get(id);
  }

  async function stop(id: string, graceSeconds: number): Promise<void> {
    const { state } = await get(id);
    if (state !== 'running') return;
    await order(records.pathOf(id), `stop ${graceSeconds}`);
    const ended = async () => (await observe(id))?.state !== 'running';
    if (!(await feed.until(ended, graceSeconds * 1000 + END_TIMEOUT_MS))) {
      throw new RuntimeError('unavailable', `the container ${id} does not end, even though it was killed`);
    }
  }

  async function remove(id: string): Promise<void> {
    if ((await records.description(id))?.kind !== 'container') return;
    const path = records.pathOf(id);
    // The one ends a container that runs, the other a shim whose container never did.
    await order(path, 'stop 0\nquit');
    if (!(await feed.until(async () => !(await isAlive(path)), END_TIMEOUT_MS))) {
      throw new RuntimeError('unavailable', `the container ${id} does not end`);
    }
    const mark = await records.running(id);
    if (mark !== undefined && (await records.exit(id)) === undefined) await noteLostExit(id, mark);
    await groups.remove(id);
    for (const log of [logPathOf(id), `${logPathOf(id)}.1`]) await rm(log, { force: true });
    // Directory by directory: were something mounted there after all, it must not be emptied.
    for (const part of ['stash', 'root', '.']) await rmdir(join(workPathOf(id), part)).catch(() => {});
    await rmdir(workPathOf(id)).catch(() => {});
    await records.remove(id);
  }

  return {
    observe,
    get,
    logPathOf,
    create: (spec) => {
      const id = containerIdOf(spec.pod, spec.name, spec.attempt);
      return turns(id, () => create(id, spec));
    },
    start: (id) => turns(id, () => start(id)),
    stop,
    remove: (id) => turns(id, () => remove(id)),
  };
}

/** @throws RuntimeError `refused` when there is nothing to run */
function commandOf({ image, command = [], args = [] }: ContainerSpec): readonly string[] {
  const program = command.length > 0 ? command : commandOfImage(image);
  if (program === undefined) throw new RuntimeError('refused', meaningless(image));
  return [...program, ...args];
}

/** Nothing of the agent's own: its credentials are in there. */
function environmentOf({ env }: ContainerSpec, hostname: string, port: number): Readonly<Record<string, string>> {
  return { PATH: DEFAULT_PATH, HOME: '/', HOSTNAME: hostname, ...(port !== 0 && { PORT: String(port) }), ...env };
}
