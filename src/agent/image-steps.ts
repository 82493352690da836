/** The steps of a pod's plan that are about images: look, fetch beside everything else, hold back after a failure. */
import type { Container } from '../../machines/pod/index.ts';
import { dueAt, raise } from './back-off.ts';
import { lookForImage, pullImage } from './image-check.ts';
import type { ImageVerdict, WantedImage } from './image-check.ts';
import type { ContainerMemory } from './pod-state.ts';
import { memoryOf } from './pod-state.ts';
import type { StepContext } from './step-context.ts';
import { workOf } from './step-context.ts';

/** How long a failed pull is shown as such before it is shown as held back; long enough to be seen, short against the 10 s of the wait. */
export const IMAGE_FAILURE_SHOWN_MS = 2_000;

export class ImageSteps {
  readonly #context: StepContext;

  constructor(context: StepContext) {
    this.#context = context;
  }

  /** @throws RuntimeError */
  async check(container: Container): Promise<void> {
    const { services, pod, tell, inBackground } = this.#context;
    const { name, image, imagePullPolicy: policy, command = [] } = container;
    const memory = memoryOf(pod, name);
    const wanted = { container: name, image, policy, hasCommand: command.length > 0 };
    const verdict = await lookForImage(services.runtime, wanted, tell);
    if (verdict.verdict !== 'pull') return this.#judge(memory, verdict);
    memory.image = { is: 'pulling' };
    tell({ type: 'Normal', reason: 'Pulling', message: `Pulling image "${image}"`, container: name });
    inBackground(() => services.pulls.run(() => this.#pull(memory, wanted)));
  }

  /** The failure was shown long enough; from here on the wait is. */
  tellBackOff({ name, image }: Container): void {
    const { pod, tell } = this.#context;
    const memory = memoryOf(pod, name);
    if (memory.image.is !== 'failed') return;
    const { retryAt, reason, message: cause } = memory.image;
    const message = `Back-off pulling image "${image}"`;
    tell({ type: 'Normal', reason: 'BackOff', message, container: name });
    tell({ type: 'Warning', reason: 'Failed', message: 'Error: ImagePullBackOff', container: name });
    const shown = `${message}: ${reason}: ${cause}`;
    memory.image = { is: 'failed', reason: 'ImagePullBackOff', message: shown, shownUntil: retryAt, retryAt };
  }

  async #pull(memory: ContainerMemory, wanted: WantedImage): Promise<void> {
    const { services, tell } = this.#context;
    const { namespace, spec } = workOf(this.#context);
    const names = (spec.imagePullSecrets ?? []).map(({ name }) => name);
    try {
      const secrets = await services.pullSecrets({ namespace, names, image: wanted.image });
      this.#judge(memory, await pullImage({ runtime: services.runtime, secrets }, wanted, tell));
    } catch (error) {
      memory.image = { is: 'unchecked' };
      throw error;
    }
  }

  #judge(memory: ContainerMemory, verdict: Exclude<ImageVerdict, { readonly verdict: 'pull' }>): void {
    if (verdict.verdict === 'present') {
      memory.image = { is: 'present' };
      memory.pull = undefined;
      return;
    }
    const now = this.#context.services.clock.now();
    const { reason, message } = verdict;
    memory.pull = raise(memory.pull, { failedAt: now, now });
    const retryAt = dueAt(memory.pull, now);
    const shownUntil = reason === 'ErrImagePull' ? now + IMAGE_FAILURE_SHOWN_MS : retryAt;
    memory.image = { is: 'failed', reason, message, shownUntil, retryAt };
  }
}
