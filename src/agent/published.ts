/** Remembers what was told of a pod, so that only what changed is told again. */
import type { TerminatedReport } from '../../machines/pod/index.ts';
import type { ContainerLevel } from './container-level.ts';
import { levelOf, signatureOf } from './container-level.ts';
import type { WorkPod } from './control-plane-link.ts';
import type { PodState } from './pod-state.ts';
import type { SandboxLevel } from './report-merge.ts';

export class Published {
  readonly #runtime: string;
  readonly #levels = new Map<string, string>();
  #sandboxId = '';

  /** @param runtime the runtime's kind, which Kubernetes writes before its ids (`docker://4711`) */
  constructor(runtime: string) {
    this.#runtime = runtime;
  }

  /** Everything counts as never told. */
  forget(): void {
    this.#levels.clear();
    this.#sandboxId = '';
  }

  /** The levels that are not what was told last; they count as told from now on. */
  changedLevels(pod: PodState, work: WorkPod, now: number): ContainerLevel[] {
    const changed: ContainerLevel[] = [];
    for (const { name, image } of work.spec.containers) {
      const level = levelOf(pod, name, image, now);
      if (level === undefined) continue;
      const signature = signatureOf(level);
      if (this.#levels.get(name) === signature) continue;
      this.#levels.set(name, signature);
      changed.push(this.#withRuntime(level));
    }
    return changed;
  }

  #withRuntime(level: ContainerLevel): ContainerLevel {
    const { containerId, state, lastTerminated } = level;
    return {
      ...level,
      ...(containerId !== undefined && { containerId: this.#idOf(containerId) }),
      ...('terminated' in state && { state: { terminated: this.#exitWithRuntime(state.terminated) } }),
      ...(lastTerminated !== undefined && { lastTerminated: this.#exitWithRuntime(lastTerminated) }),
    };
  }

  #exitWithRuntime(exit: TerminatedReport): TerminatedReport {
    return exit.containerId === undefined ? exit : { ...exit, containerId: this.#idOf(exit.containerId) };
  }

  #idOf(containerId: string): string {
    return `${this.#runtime}://${containerId}`;
  }

  /** The sandbox, if it is another one than was told last. */
  changedSandbox({ sandbox }: PodState, hostIP: string): SandboxLevel | undefined {
    if (sandbox === undefined || this.#sandboxId === sandbox.id) return undefined;
    this.#sandboxId = sandbox.id;
    const { attempt, ip, assignedPort } = sandbox;
    return {
      attempt,
      ...(ip !== undefined && { podIP: ip }),
      hostIP,
      ...(assignedPort !== undefined && { assignedPort }),
    };
  }
}
