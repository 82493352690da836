/** Makes sure that an image is on the engine, pulling it where asked. */
import type { Readable } from 'node:stream';
import type { Clock } from '../../../foundation/clock.ts';
import type { ImageOutcome, ImageRequest, RegistryCredentials } from '../container-runtime.ts';
import { parseImageReference } from '../image-reference.ts';
import { EngineError, toEngineError } from './engine-error.ts';
import type { Engine } from './engine.ts';
import { readJsonLines } from './lines.ts';

export interface ImageDependencies {
  readonly engine: Engine;
  readonly clock: Clock;
}

/** Rejects only when the engine does not answer; what a registry says is an outcome. */
export async function ensureImage(deps: ImageDependencies, request: ImageRequest): Promise<ImageOutcome> {
  const { image, pull, credentials } = request;
  if (parseImageReference(image) === undefined) {
    return { outcome: 'invalid', message: 'invalid reference format' };
  }
  if (!pull) {
    const imageId = await findImage(deps.engine, image);
    return imageId === undefined ? { outcome: 'absent' } : { outcome: 'present', imageId, pulled: false };
  }
  const failure = await pullWithAny(deps, image, credentials);
  if (failure !== undefined) return { outcome: 'failed', message: failure };
  const imageId = await findImage(deps.engine, image);
  if (imageId === undefined) return { outcome: 'failed', message: `image ${image} was removed right after its pull` };
  return { outcome: 'present', imageId, pulled: true };
}

async function findImage(engine: Engine, image: string): Promise<string | undefined> {
  try {
    return await engine.imageId(image);
  } catch (error) {
    if (error instanceof EngineError && error.code === 'gone') return undefined;
    throw error;
  }
}

/** Without credentials as nobody; otherwise with each in turn until one is let in. Returns why not. */
async function pullWithAny(
  deps: ImageDependencies,
  image: string,
  credentials: readonly RegistryCredentials[],
): Promise<string | undefined> {
  let failure: string | undefined;
  for (const candidate of credentials.length > 0 ? credentials : [undefined]) {
    failure = await pullOnce(deps, image, candidate);
    if (failure === undefined) return undefined;
  }
  return failure;
}

async function pullOnce(
  { engine, clock }: ImageDependencies,
  image: string,
  credentials: RegistryCredentials | undefined,
): Promise<string | undefined> {
  try {
    const progress = await engine.pull(image, credentials);
    return await drain(clock, engine.timeouts.pullSilenceMs, progress, image);
  } catch (error) {
    if (error instanceof EngineError && error.code !== 'unavailable') return error.message;
    throw error;
  }
}

/** A line of a pull's progress; after the answer has begun, a failure comes as a line too. */
interface PullProgress {
  readonly error?: string;
}

/** Reads a pull to its end, which is when it is done. Returns why it failed, if it did. */
async function drain(clock: Clock, silenceMs: number, progress: Readable, image: string): Promise<string | undefined> {
  const silent = () =>
    progress.destroy(new EngineError('unavailable', `pulling image ${image}: nothing happened in ${silenceMs} ms`));
  let timer = clock.after(silenceMs, silent);
  try {
    for await (const line of readJsonLines(progress)) {
      timer.cancel();
      timer = clock.after(silenceMs, silent);
      const { error } = line as PullProgress;
      if (error !== undefined) return `pulling image ${image}: ${error}`;
    }
    return undefined;
  } catch (error) {
    throw toEngineError(error, `pulling image ${image}`);
  } finally {
    timer.cancel();
    progress.destroy();
  }
}
