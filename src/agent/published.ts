/** Remembers what was told of a pod, so that only what changed is told again. */
import type { ContainerLevel } from './container-level.ts';
import { levelOf, signatureOf } from './container-level.ts';
import type { WorkPod } from './control-plane-link.ts';
import type { PodState } from './pod-state.ts';
import type { SandboxLevel } from './report-merge.ts';

export class Published {
  readonly #levels = new Map<string, string>();
  #sandboxId = '';

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
      changed.push(level);
    }
    return changed;
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
