/** Images are looked for and fetched as the pull policy says, and held back after a failure as Kubernetes does. */
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { PULLS_IN_FLIGHT_MAX } from '../../src/agent/agent.ts';
import { credentialsFor } from '../../src/agent/image-credentials.ts';
import { IMAGE_FAILURE_SHOWN_MS } from '../../src/agent/image-steps.ts';
import type { ImageOutcome, ImageRequest } from '../../src/agent/runtimes/container-runtime.ts';
import type { AgentHarness } from '../support/agent-harness.ts';
import { container, eventually, startAgent, workPod } from '../support/agent-harness.ts';
import { settle } from '../support/manual-clock.ts';

/** Answers every request for an image. */
function answerImages({ runtime }: AgentHarness, answer: (request: ImageRequest) => ImageOutcome) {
  const requests: ImageRequest[] = [];
  runtime.before = async (method, args) => {
    if (method !== 'ensureImage') return undefined;
    const request = args[0] as ImageRequest;
    requests.push(request);
    return { answer: answer(request) };
  };
  return requests;
}

const present: ImageOutcome = { outcome: 'present', imageId: 'sha256:1', pulled: true };
const failed: ImageOutcome = { outcome: 'failed', message: 'manifest unknown' };

describe('pull policy', () => {
  it.each([
    { policy: 'Always', there: true, pulls: [true] },
    { policy: 'IfNotPresent', there: true, pulls: [false] },
    { policy: 'IfNotPresent', there: false, pulls: [false, true] },
    { policy: 'Never', there: true, pulls: [false] },
  ] as const)('$policy, image there: $there, asks the engine to pull: $pulls', async ({ policy, there, pulls }) => {
    const harness = await startAgent();
    const requests = answerImages(harness, ({ pull }) => (there || pull ? present : { outcome: 'absent' }));
    const pod = workPod({ containers: [container({ imagePullPolicy: policy })] });
    harness.plane.put(pod);
    await eventually(() => expect(harness.plane.level(pod.uid)?.ready).toBe(true));
    expect(requests.map(({ pull }) => pull)).toEqual(pulls);
  });

  it('Never with an image that is not there shows ErrImageNeverPull', async () => {
    const harness = await startAgent();
    answerImages(harness, () => ({ outcome: 'absent' }));
    const pod = workPod({ containers: [container({ imagePullPolicy: 'Never' })] });
    harness.plane.put(pod);
    const message = 'Container image "demo:1" is not present with pull policy of Never';
    await eventually(() =>
      expect(harness.plane.level(pod.uid)?.state).toEqual({ waiting: { reason: 'ErrImageNeverPull', message } }),
    );
  });

  it('a malformed reference shows InvalidImageName', async () => {
    const { plane } = await startAgent();
    const pod = workPod({ containers: [container({ image: 'Not:A:Name' })] });
    plane.put(pod);
    await eventually(() =>
      expect(plane.level(pod.uid)?.state).toMatchObject({ waiting: { reason: 'InvalidImageName' } }),
    );
  });
});

describe('a pull that fails', () => {
  it('shows ErrImagePull, then ImagePullBackOff, and is tried again after 10 s doubling to 5 minutes', async () => {
    const harness = await startAgent();
    const { plane, clock } = harness;
    const requests = answerImages(harness, () => failed);
    const pod = workPod({ containers: [container({ imagePullPolicy: 'Always' })] });
    plane.put(pod);
    for (const [index, seconds] of [10, 20, 40, 80, 160, 300, 300].entries()) {
      await eventually(() =>
        expect(plane.level(pod.uid)?.state).toEqual({
          waiting: { reason: 'ErrImagePull', message: 'manifest unknown' },
        }),
      );
      await clock.advance(IMAGE_FAILURE_SHOWN_MS);
      await eventually(() =>
        expect(plane.level(pod.uid)?.state).toMatchObject({
          waiting: {
            reason: 'ImagePullBackOff',
            message: 'Back-off pulling image "demo:1": ErrImagePull: manifest unknown',
          },
        }),
      );
      await clock.advance(seconds * 1000 - IMAGE_FAILURE_SHOWN_MS - 1);
      expect(requests).toHaveLength(index + 1);
      await clock.advance(1);
      await eventually(() => expect(requests).toHaveLength(index + 2));
    }
  });

  it('does not stop the other containers of the pod', async () => {
    const harness = await startAgent();
    const { plane, running } = harness;
    answerImages(harness, ({ image }) => (image === 'broken:1' ? failed : present));
    const pod = workPod({
      containers: [container({ name: 'broken', image: 'broken:1', imagePullPolicy: 'Always' }), container()],
    });
    plane.put(pod);
    await eventually(async () => expect(await running(pod.uid)).toEqual(['app/0']));
    await eventually(() =>
      expect(plane.level(pod.uid, 'broken')?.state).toMatchObject({ waiting: { reason: 'ErrImagePull' } }),
    );
  });

  it('that hangs lets its pod be deleted', async () => {
    const { plane, runtime, engine } = await startAgent();
    runtime.before = (method) => (method === 'ensureImage' ? new Promise(() => {}) : undefined);
    const pod = workPod({ containers: [container({ imagePullPolicy: 'Always' })] });
    plane.put(pod);
    await eventually(async () => expect((await engine.inventory()).sandboxes).toHaveLength(1));
    plane.put({ ...pod, deletion: { gracePeriodSeconds: 30 } });
    await eventually(() => expect(plane.of(pod.uid).cleanedUp).toBe(true));
    expect(await engine.inventory()).toEqual({ sandboxes: [], containers: [] });
  });

  it(`waits its turn when ${PULLS_IN_FLIGHT_MAX} are under way`, async () => {
    const { plane, runtime } = await startAgent();
    runtime.before = (method) => (method === 'ensureImage' ? new Promise(() => {}) : undefined);
    plane.put(
      ...Array.from({ length: PULLS_IN_FLIGHT_MAX + 3 }, () =>
        workPod({ containers: [container({ imagePullPolicy: 'Always' })] }),
      ),
    );
    await eventually(() => expect(plane.folded.size).toBe(PULLS_IN_FLIGHT_MAX + 3));
    await settle(10);
    expect(runtime.calls.filter(({ method }) => method === 'ensureImage')).toHaveLength(PULLS_IN_FLIGHT_MAX);
  });
});

const document = (auths: Record<string, unknown>) => JSON.stringify({ auths });

describe('pull secrets', () => {
  const basic = Buffer.from('ann:p:w').toString('base64');

  it.each([
    [
      'registry.example:5000/team/app:1',
      { 'registry.example:5000': { auth: basic } },
      [{ username: 'ann', password: 'p:w' }],
    ],
    ['registry.example:5000/app:1', { 'registry.example': { auth: basic } }, []],
    [
      'registry.example/app',
      { 'https://registry.example/v2/': { username: 'u', password: 'p' } },
      [{ username: 'u', password: 'p' }],
    ],
    ['busybox', { 'https://index.docker.io/v1/': { auth: basic } }, [{ username: 'ann', password: 'p:w' }]],
    ['localhost/app@sha256:00', { localhost: { auth: basic } }, [{ username: 'ann', password: 'p:w' }]],
    ['a.example.com/x', { '*.example.com': { auth: basic } }, [{ username: 'ann', password: 'p:w' }]],
    ['a.b.example.com/x', { '*.example.com': { auth: basic } }, []],
    ['r.example/team/app', { 'r.example/other': { auth: basic } }, []],
    ['r.example/app', { 'r.example': { auth: 'not base64 of a pair' } }, []],
  ])('for %s', (image, auths, expected) => {
    expect(credentialsFor(image, document(auths))).toEqual(expected);
  });

  it('the more specific path comes first', () => {
    const auths = {
      'r.example': { username: 'all', password: '1' },
      'r.example/team': { username: 'team', password: '2' },
    };
    expect(credentialsFor('r.example/team/app', document(auths))?.map(({ username }) => username)).toEqual([
      'team',
      'all',
    ]);
  });

  it('a document that is none counts as missing', () => {
    expect(credentialsFor('r.example/app', '{"auths": 7}')).toBeUndefined();
    expect(credentialsFor('r.example/app', 'no json')).toBeUndefined();
  });

  it('on the node are handed to the engine; a missing one is told of, and the pull is tried', async () => {
    const harness = await startAgent();
    const { plane, dataDirectory } = harness;
    await mkdir(join(dataDirectory, 'image-pull-secrets'));
    const auths = document({ 'r.example': { auth: basic } });
    await writeFile(join(dataDirectory, 'image-pull-secrets', 'default.regcred.json'), auths);
    const requests = answerImages(harness, () => present);
    const pod = workPod({
      containers: [container({ image: 'r.example/app:1', imagePullPolicy: 'Always' })],
      imagePullSecrets: [{ name: 'regcred' }, { name: 'none' }],
    });
    plane.put(pod);
    await eventually(() => expect(plane.level(pod.uid)?.ready).toBe(true));
    expect(requests[0]?.credentials).toEqual([{ username: 'ann', password: 'p:w' }]);
    expect(plane.of(pod.uid).notices).toContainEqual({
      type: 'Warning',
      reason: 'FailedToRetrieveImagePullSecret',
      message: 'Unable to retrieve some image pull secrets (none); attempting to pull the image may not succeed.',
    });
  });
});
