/** Images on a whole cell: fetched with a pod's pull secrets from a real registry, and what is said when that fails. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { docker, hasEngine } from '../support/docker.ts';
import { RealCell } from '../support/real-cell.ts';
import { RealCommandLine, shellPod, type ContainerStatus } from '../support/real-command-line.ts';
import { findRegistryProgram, REGISTRY_CREDENTIALS, startRegistry, type Registry } from '../support/registry.ts';

const program = findRegistryProgram();
const LOCAL_IMAGE = 'busybox:local';

const waitingOf = ({ state }: ContainerStatus) => ('waiting' in state ? state.waiting : undefined);

const withSecrets = (...names: string[]) => ({ imagePullSecrets: names.map((name) => ({ name })) });

describe.skipIf(!hasEngine)('images', () => {
  let cell: RealCell;
  let line: RealCommandLine;

  beforeAll(async () => {
    cell = await RealCell.start();
    line = new RealCommandLine(cell);
  });

  afterAll(() => cell?.dispose());

  const podOf = (name: string, image: string, spec: object = {}, container: object = {}) =>
    line.apply(shellPod(name, 'echo it runs', { restartPolicy: 'Never', ...spec, container: { image, ...container } }));

  test('one that cannot be fetched is an ErrImagePull, then held back', async () => {
    const image = '127.0.0.1:1/coast/none:1';
    await podOf('unreachable', image);
    await line.untilStatus('unreachable', 'ErrImagePull');
    expect(waitingOf(await line.container('unreachable'))?.message).toMatch(/^pulling image 127\.0\.0\.1:1.*refused/);
    const { status } = await line.untilStatus('unreachable', 'ImagePullBackOff');
    expect(status.phase).toBe('Pending');
    expect(waitingOf(await line.container('unreachable'))?.message).toMatch(
      /^Back-off pulling image "127\.0\.0\.1:1\/coast\/none:1": ErrImagePull: pulling image/,
    );
    expect((await line.run('logs unreachable')).errors).toBe(
      'Error from server (BadRequest): container "main" in pod "unreachable" is waiting to start: trying and failing to pull image\n',
    );
    const history = await line.output('history pod/unreachable');
    expect(history).toContain(`container main: Failed: Failed to pull image "${image}"`);
    expect(history).toContain('container main: Failed: Error: ImagePullBackOff');
  });

  test('one that may not be fetched and is not there is an ErrImageNeverPull', async () => {
    await podOf('never', 'coast/none:1', {}, { imagePullPolicy: 'Never' });
    await line.untilStatus('never', 'ErrImageNeverPull');
    expect(waitingOf(await line.container('never'))?.message).toBe(
      'Container image "coast/none:1" is not present with pull policy of Never',
    );
  });

  test('one with a name that is none is an InvalidImageName, and never said to be fetched', async () => {
    await podOf('misnamed', 'Not/An Image'.replace(' ', '_'));
    await line.untilStatus('misnamed', 'InvalidImageName');
    expect(waitingOf(await line.container('misnamed'))?.message).toBe(
      'Failed to apply default image tag "Not/An_Image": couldn\'t parse image name "Not/An_Image": invalid reference format',
    );
    expect(await line.output('history pod/misnamed')).not.toContain('Pulling');
  });

  describe.skipIf(program === undefined)('of a registry that asks for credentials', () => {
    let registry: Registry;
    let image: string;

    beforeAll(async () => {
      registry = await startRegistry(program ?? '');
      const repo = `${registry.host}/coast/busybox`;
      image = `${repo}:1`;
      await docker.getImage(LOCAL_IMAGE).tag({ repo, tag: '1' });
      const push = await docker.getImage(image).push({ authconfig: { ...REGISTRY_CREDENTIALS, serveraddress: '' } });
      await new Promise((resolve, reject) =>
        docker.modem.followProgress(push, (error, lines) => (error ? reject(error) : resolve(lines))),
      );
      await docker.getImage(image).remove();
      const { username, password } = REGISTRY_CREDENTIALS;
      secret('right', { username, password });
      secret('encoded', { auth: Buffer.from(`${username}:${password}`).toString('base64') });
      secret('wrong', { username, password: 'against the rocks' });
    });

    afterAll(async () => {
      await docker
        .getImage(image)
        .remove({ force: true })
        .catch(() => undefined);
      await registry?.stop();
    });

    /** As `docker login` writes it. */
    function secret(name: string, credentials: object): void {
      const directory = join(cell.directory, 'image-pull-secrets');
      mkdirSync(directory, { recursive: true });
      const document = JSON.stringify({ auths: { [registry.host]: credentials } });
      writeFileSync(join(directory, `default.${name}.json`), document);
    }

    test.each(['right', 'encoded'])('is fetched with the %s credentials', async (name) => {
      await podOf(`with-${name}`, image, withSecrets(name), { imagePullPolicy: 'Always' });
      await line.untilStatus(`with-${name}`, 'Completed');
      expect(await line.output(`logs with-${name}`)).toBe('it runs\n');
      const lines = await line.output(`history pod/with-${name} -o json`);
      expect(lines).toContain(`Successfully pulled image \\"${image}\\"`);
    });

    test('credentials are tried one after the other', async () => {
      await podOf('with-both', image, withSecrets('wrong', 'right'), { imagePullPolicy: 'Always' });
      await line.untilStatus('with-both', 'Completed');
    });

    test('is refused with wrong credentials, and without any, in the registry’s words', async () => {
      await podOf('with-wrong', image, withSecrets('wrong'), { imagePullPolicy: 'Always' });
      await podOf('with-none', image, {}, { imagePullPolicy: 'Always' });
      for (const name of ['with-wrong', 'with-none']) {
        await line.untilStatus(name, /^(ErrImagePull|ImagePullBackOff)$/);
        expect(waitingOf(await line.container(name))?.message).toMatch(/auth|denied/);
      }
    });

    test('a secret that is not there is noticed, and the pull tried without', async () => {
      await podOf('with-missing', image, withSecrets('missing'), { imagePullPolicy: 'Always' });
      await line.untilStatus('with-missing', /^(ErrImagePull|ImagePullBackOff)$/);
      expect(await line.output('history pod/with-missing')).toContain(
        'FailedToRetrieveImagePullSecret: Unable to retrieve some image pull secrets (missing); attempting to pull the image may not succeed.',
      );
    });

    test('a tag that is not there is named', async () => {
      const missing = image.replace(/1$/, '2');
      await podOf('with-tag', missing, withSecrets('right'));
      await line.untilStatus('with-tag', /^(ErrImagePull|ImagePullBackOff)$/);
      expect(waitingOf(await line.container('with-tag'))?.message).toMatch(
        new RegExp(`${missing}.*(unknown|not found)`),
      );
    });
  });
});
