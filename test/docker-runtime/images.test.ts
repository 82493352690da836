/** Images are pulled with the credentials given, and what a registry refuses is said in its own words. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { ContainerRuntime, RegistryCredentials } from '../../src/agent/runtimes/container-runtime.ts';
import { parseImageReference } from '../../src/agent/runtimes/image-reference.ts';
import { docker } from '../support/docker.ts';
import { REGISTRY_CREDENTIALS, findRegistryProgram, startRegistry } from '../support/registry.ts';
import type { Registry } from '../support/registry.ts';
import { IMAGE, createStage } from './stage.ts';

const program = findRegistryProgram();
const WRONG_CREDENTIALS = { username: 'captain', password: 'against the rocks' };

describe.skipIf(program === undefined)('pulling (needs the package docker-registry)', () => {
  const stage = createStage();
  let registry: Registry;
  let runtime: ContainerRuntime;
  let image: string;

  beforeAll(async () => {
    registry = await startRegistry(program ?? '');
    runtime = stage.runtime();
    image = `${registry.host}/coast/busybox:1`;
    await docker.getImage(IMAGE).tag({ repo: `${registry.host}/coast/busybox`, tag: '1' });
    const push = await docker.getImage(image).push({ authconfig: { ...REGISTRY_CREDENTIALS, serveraddress: '' } });
    await new Promise((resolve, reject) =>
      docker.modem.followProgress(push, (error, lines) => (error ? reject(error) : resolve(lines))),
    );
    await removeLocally();
  });

  afterAll(async () => {
    await removeLocally();
    await registry.stop();
  });

  const removeLocally = () =>
    docker
      .getImage(image)
      .remove()
      .catch(() => {});

  const pull = (reference: string, ...credentials: RegistryCredentials[]) =>
    runtime.ensureImage({ image: reference, pull: true, credentials });

  it('the right credentials bring the image, which is then present without a pull', async () => {
    const { Id: imageId } = await docker.getImage(IMAGE).inspect();
    expect(await pull(image, REGISTRY_CREDENTIALS)).toEqual({ outcome: 'present', imageId, pulled: true });
    const present = await runtime.ensureImage({ image, pull: false, credentials: [] });
    expect(present).toEqual({ outcome: 'present', imageId, pulled: false });
  });

  it('credentials are tried in turn until one is let in', async () => {
    expect(await pull(image, WRONG_CREDENTIALS, REGISTRY_CREDENTIALS)).toMatchObject({ outcome: 'present' });
  });

  it.each([
    ['wrong credentials', [WRONG_CREDENTIALS]],
    ['no credentials', []],
  ])('%s fail with the message of the registry', async (_which, credentials) => {
    const outcome = await pull(image, ...credentials);
    expect(outcome).toEqual({ outcome: 'failed', message: expect.stringContaining(image) });
    expect(outcome).toEqual({ outcome: 'failed', message: expect.stringMatching(/auth|denied/) });
  });

  it('a missing tag fails and names the image', async () => {
    const missing = `${registry.host}/coast/busybox:2`;
    const outcome = await pull(missing, REGISTRY_CREDENTIALS);
    expect(outcome).toEqual({ outcome: 'failed', message: expect.stringContaining(missing) });
  });

  it('a registry that is not there fails, for the engine itself answers', async () => {
    const outcome = await pull('127.0.0.1:1/coast/busybox:1');
    expect(outcome).toEqual({ outcome: 'failed', message: expect.stringContaining('127.0.0.1:1') });
  });
});

describe('image references', () => {
  const digest = `sha256:${'0'.repeat(64)}`;

  it.each([
    ['busybox', { repository: 'busybox' }],
    ['busybox:1.35_a', { repository: 'busybox', tag: '1.35_a' }],
    ['127.0.0.1:5000/coast/port', { repository: '127.0.0.1:5000/coast/port' }],
    ['[::1]:5000/coast/port:2', { repository: '[::1]:5000/coast/port', tag: '2' }],
    ['Registry.example/coast__a/port-b:1', { repository: 'Registry.example/coast__a/port-b', tag: '1' }],
    [`busybox@${digest}`, { repository: 'busybox', digest }],
    [`busybox:1@${digest}`, { repository: 'busybox', tag: '1', digest }],
  ])('%s is one', (text, reference) => {
    expect(parseImageReference(text)).toEqual(reference);
  });

  it.each([
    '',
    'Busybox',
    'busybox:',
    'busybox:-1',
    'busy box',
    'a/../b',
    '/busybox',
    'busybox@sha256:1',
    'a'.repeat(256),
  ])('%j is none', (text) => {
    expect(parseImageReference(text)).toBeUndefined();
  });
});
