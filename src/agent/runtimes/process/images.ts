/** What an image's name means where there are no images: our own demo, or nothing, so that the container must bring a command. */
import { packagePath } from '../../../foundation/package-path.ts';
import type { ImageOutcome, ImageRequest } from '../container-runtime.ts';
import { parseImageReference } from '../image-reference.ts';

const DEMO_IMAGE = 'periplus/demo:1';
const DEMO_COMMAND = [process.execPath, packagePath('src/agent/runtimes/process/demo-server.ts')];

/** What a container of the image runs when it brings no command; undefined when the image means nothing here. */
export function commandOfImage(image: string): readonly string[] | undefined {
  return image === DEMO_IMAGE ? DEMO_COMMAND : undefined;
}

export function meaningless(image: string): string {
  return `image ${image} has no meaning for the process runtime: give the container a command or use Docker`;
}

export function imageIdOf(image: string): string {
  return `process://${image}`;
}

export function lookAtImage({ image, pull, hasCommand }: ImageRequest): ImageOutcome {
  if (parseImageReference(image) === undefined) return { outcome: 'invalid', message: 'invalid reference format' };
  if (hasCommand || commandOfImage(image) !== undefined) {
    return { outcome: 'present', imageId: imageIdOf(image), pulled: false };
  }
  return pull ? { outcome: 'failed', message: meaningless(image) } : { outcome: 'absent' };
}
