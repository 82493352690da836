/** Makes sure that a container's image is on the node, as its pull policy says, and tells of it in Kubernetes' words. */
import type { Container, PodNotice } from '../../machines/pod/index.ts';
import type { FoundCredentials } from './image-credentials.ts';
import type { ContainerRuntime, ImageOutcome } from './runtimes/container-runtime.ts';
import { parseImageReference } from './runtimes/image-reference.ts';

export interface WantedImage {
  readonly container: string;
  readonly image: string;
  readonly policy: Container['imagePullPolicy'];
  /** The container brings its own command; where there are no images, that is all it needs. */
  readonly hasCommand: boolean;
}

/** `pull` means: not there, and may be fetched, which can take long. */
export type ImageVerdict =
  | { readonly verdict: 'present' }
  | { readonly verdict: 'pull' }
  | { readonly verdict: 'failed'; readonly reason: string; readonly message: string };

type Tell = (notice: PodNotice) => void;

/** Looks on the node only. @throws RuntimeError */
export async function lookForImage(runtime: ContainerRuntime, wanted: WantedImage, tell: Tell): Promise<ImageVerdict> {
  const { image, policy, container, hasCommand } = wanted;
  if (parseImageReference(image) === undefined) {
    return verdictOf({ outcome: 'invalid', message: 'invalid reference format' }, wanted, tell);
  }
  if (policy === 'Always') return { verdict: 'pull' };
  const outcome = await runtime.ensureImage({ image, hasCommand, pull: false, credentials: [] });
  if (outcome.outcome === 'present') {
    const message = `Container image "${image}" already present on machine`;
    tell({ type: 'Normal', reason: 'Pulled', message, container });
    return { verdict: 'present' };
  }
  if (outcome.outcome !== 'absent') return verdictOf(outcome, wanted, tell);
  return policy === 'Never' ? verdictOf(outcome, wanted, tell) : { verdict: 'pull' };
}

/** Fetches it. @throws RuntimeError */
export async function pullImage(
  engine: { readonly runtime: ContainerRuntime; readonly secrets: FoundCredentials },
  wanted: WantedImage,
  tell: Tell,
): Promise<Exclude<ImageVerdict, { readonly verdict: 'pull' }>> {
  const { image, container, hasCommand } = wanted;
  const { credentials, missing } = engine.secrets;
  if (missing.length > 0) {
    const message = `Unable to retrieve some image pull secrets (${missing.join(', ')}); attempting to pull the image may not succeed.`;
    tell({ type: 'Warning', reason: 'FailedToRetrieveImagePullSecret', message });
  }
  const outcome = await engine.runtime.ensureImage({ image, hasCommand, pull: true, credentials });
  if (outcome.outcome !== 'present') return verdictOf(outcome, wanted, tell);
  tell({ type: 'Normal', reason: 'Pulled', message: `Successfully pulled image "${image}"`, container });
  return { verdict: 'present' };
}

function verdictOf(
  outcome: Exclude<ImageOutcome, { readonly outcome: 'present' }>,
  wanted: WantedImage,
  tell: Tell,
): Extract<ImageVerdict, { readonly verdict: 'failed' }> {
  const { image, container } = wanted;
  switch (outcome.outcome) {
    case 'absent': {
      const message = `Container image "${image}" is not present with pull policy of Never`;
      tell({ type: 'Warning', reason: 'ErrImageNeverPull', message, container });
      tell({ type: 'Warning', reason: 'Failed', message: 'Error: ErrImageNeverPull', container });
      return { verdict: 'failed', reason: 'ErrImageNeverPull', message };
    }
    case 'invalid': {
      const why = `couldn't parse image name "${image}": ${outcome.message}`;
      const message = `Failed to apply default image tag "${image}": ${why}`;
      tell({ type: 'Warning', reason: 'InspectFailed', message, container });
      tell({ type: 'Warning', reason: 'Failed', message: 'Error: InvalidImageName', container });
      return { verdict: 'failed', reason: 'InvalidImageName', message };
    }
    case 'failed': {
      tell({
        type: 'Warning',
        reason: 'Failed',
        message: `Failed to pull image "${image}": ${outcome.message}`,
        container,
      });
      tell({ type: 'Warning', reason: 'Failed', message: 'Error: ErrImagePull', container });
      return { verdict: 'failed', reason: 'ErrImagePull', message: outcome.message };
    }
    default:
      return outcome satisfies never;
  }
}
