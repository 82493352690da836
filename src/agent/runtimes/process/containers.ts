/** Containers of plain processes: each has a shim that starts and stops it, keeps its log and records its end. */
import { mkdir, rm, rmdir } from 'node:fs/promises';
import { uptime } from 'node:os';
import { join } from 'node:path';
import type { Clock } from '../../../foundation/clock.ts';
import type { ContainerExit, ContainerSpec, RuntimeContainer } from '../container-runtime.ts';
import { RuntimeError } from '../container-runtime.ts';
import type { ControlGroups } from './control-groups.ts';
import type { Feed } from './feed.ts';
import { imageIdOf } from './images.ts';
import { killLeftovers } from './leftovers.ts';
import type { Isolation } from './machine.ts';
import { containerIdOf } from './places.ts';
import type { Owner, Places } from './places.ts';
import type { ContainerDescription, ProcessMark, Records } from './records.ts';
import type { SandboxFacts, Sandboxes } from './sandboxes.ts';
import { isAlive, order, startShim } from './shim.ts';
import { checkSpecification, directoryOf, specificationOf } from './specification.ts';
import { createTurns } from './turns.ts';

/** Starting takes milliseconds; longer means a file system or kernel that hangs. */
const START_TIMEOUT_MS = 30_000;
/** Beyond the grace: killing, sweeping what is left and writing the last of the log are bounded by seconds in the shim. */
const END_TIMEOUT_MS = 15_000;
const SIGKILL = 9;
const KILLED_EXIT_CODE = 137;
/** As Docker says of what ended with its machine: nobody knows. */
const UNKNOWN_EXIT_CODE = 255;
/** 10 MB, as Kubernetes keeps of a log before it is turned over. */
const LOG_SIZE_BYTES = 10 * 1024 * 1024;
/** What the shim needs to show a container a path that the node does not have. */
const WORK_DIRECTORIES = ['stash', 'root'];

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

export class Containers {
  readonly #deps: ContainerDependencies;
  readonly #turns = createTurns();

  constructor(dependencies: ContainerDependencies) {
    this.#deps = dependencies;
  }

  create(spec: ContainerSpec): Promise<RuntimeContainer> {
    const id = containerIdOf(spec.pod, spec.name, spec.attempt);
    return this.#turns(id, () => this.#create(id, spec));
  }

  start(id: string): Promise<void> {
    return this.#turns(id, () => this.#start(id));
  }

  /** Not in turn: who asks with less patience must be heard while another waits. */
  async stop(id: string, graceSeconds: number): Promise<void> {
    const { records, feed } = this.#deps;
    const { state } = await this.get(id);
    if (state !== 'running') return;
    await order(records.pathOf(id), `stop ${graceSeconds}`);
    const ended = async () => (await this.observe(id))?.state !== 'running';
    if (await feed.until(ended, graceSeconds * 1000 + END_TIMEOUT_MS)) return;
    throw new RuntimeError('unavailable', `the container ${id} does not end, even though it was killed`);
  }

  remove(id: string): Promise<void> {
    return this.#turns(id, () => this.#remove(id));
  }

  /** Undefined when it is gone. */
  async observe(id: string): Promise<RuntimeContainer | undefined> {
    const { records } = this.#deps;
    const description = await records.description(id);
    if (description?.kind !== 'container') return undefined;
    const living = await isAlive(records.pathOf(id));
    const mark = await records.running(id);
    // Asked after life: whoever was dead then has written all it ever will.
    const exit =
      (await records.exit(id)) ?? (living || mark === undefined ? undefined : await this.#noteLostExit(id, mark));
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

  /** Rejects with RuntimeError `gone`. */
  async get(id: string): Promise<RuntimeContainer> {
    const container = await this.observe(id);
    if (container === undefined) throw new RuntimeError('gone', `this node has no container ${id}`);
    return container;
  }

  logPathOf(id: string): string {
    return join(this.#deps.places.logs, `${id}.log`);
  }

  async #create(id: string, spec: ContainerSpec): Promise<RuntimeContainer> {
    const { sandboxes, isolation } = this.#deps;
    const sandbox = await sandboxes.facts(spec.sandboxId);
    if (sandbox === undefined) throw new RuntimeError('gone', `this node has no sandbox ${spec.sandboxId}`);
    const found = await this.observe(id);
    if (found !== undefined) return found;
    if (!sandbox.running) throw new RuntimeError('refused', `the sandbox ${spec.sandboxId} does not run`);
    checkSpecification(spec, { isolated: (await isolation()) === 'namespaces' });
    try {
      await this.#make(id, spec, sandbox);
    } catch (error) {
      await this.#remove(id);
      throw error;
    }
    return this.get(id);
  }

  async #make(id: string, spec: ContainerSpec, sandbox: SandboxFacts): Promise<void> {
    const { owner, records, groups, feed } = this.#deps;
    const { pod, sandboxId, name, attempt, image } = spec;
    const description = { pod, sandboxId, name, attempt, image, workingDirectory: directoryOf(spec) };
    await records.describe(id, { kind: 'container', ...description } satisfies ContainerDescription);
    const work = this.#workPathOf(id);
    if (spec.mounts.length > 0) for (const part of WORK_DIRECTORIES) await mkdir(join(work, part), { recursive: true });
    const specification = specificationOf(spec, sandbox, {
      state: records.pathOf(id),
      log: this.logPathOf(id),
      logSizeBytes: this.#deps.logSizeBytes ?? LOG_SIZE_BYTES,
      work,
      groups: await groups.make(id, spec),
    });
    const label = `cell=${owner.cell} node=${owner.node} pod=${pod.uid} container=${name} attempt=${attempt}`;
    await startShim('supervise', label, specification, () => feed.shimEnded(id));
  }

  async #start(id: string): Promise<void> {
    const { records, feed } = this.#deps;
    const { state } = await this.get(id);
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
    // A shim that was killed before it could start anything leaves nothing that could be started.
    await this.get(id);
  }

  async #remove(id: string): Promise<void> {
    const { records, feed, groups } = this.#deps;
    if ((await records.description(id))?.kind !== 'container') return;
    const path = records.pathOf(id);
    // The one ends a container that runs, the other a shim whose container never did.
    await order(path, 'stop 0\nquit');
    if (!(await feed.until(async () => !(await isAlive(path)), END_TIMEOUT_MS))) {
      throw new RuntimeError('unavailable', `the container ${id} does not end`);
    }
    const mark = await records.running(id);
    if (mark !== undefined && (await records.exit(id)) === undefined) await this.#noteLostExit(id, mark);
    await groups.remove(id);
    for (const log of [this.logPathOf(id), `${this.logPathOf(id)}.1`]) await rm(log, { force: true });
    // Never recursively: were something of the node mounted there after all, it must not be emptied.
    const work = this.#workPathOf(id);
    for (const directory of [...WORK_DIRECTORIES.map((part) => join(work, part)), work]) {
      await rmdir(directory).catch(() => {});
    }
    await records.remove(id);
  }

  /** The kernel killed the program when its shim was killed; what the program had started is ended here. */
  async #noteLostExit(id: string, mark: ProcessMark): Promise<ContainerExit> {
    const { clock, records, groups } = this.#deps;
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

  #workPathOf(id: string): string {
    return join(this.#deps.places.work, id);
  }
}
