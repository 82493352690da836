/** Everything the process runtime leaves on a machine carries its cell's name, and goes with what it was made for. */
import { describe, expect, it } from 'vitest';
import { eventually } from '../contract/container-runtime/harness.ts';
import { containerOf, createPod, createStage, isolations, podIdentity, processesWith, run, tracesOf } from './stage.ts';

describe.each(isolations)('isolation %s', (isolation) => {
  const stage = createStage(isolation);
  const { cell } = stage.owner;

  it('nothing is left once pods are removed and the runtime is closed', async () => {
    const runtime = stage.runtime();
    const pods = await Promise.all([1, 2, 3].map(() => createPod(runtime)));
    for (const pod of pods) {
      await run(runtime, containerOf(pod, 'sleep 1000 & sleep 1000', { memoryLimitBytes: 2 ** 28 }));
      await run(runtime, containerOf(pod, 'exit 3'));
      await runtime.createContainer(containerOf(pod, 'true'));
    }
    expect((await tracesOf(cell, stage.dataDirectory)).length).toBeGreaterThan(12);
    await stage.clearAll();
    expect(await tracesOf(cell, stage.dataDirectory)).toEqual([]);
  });

  it('a pod that could not be made leaves nothing', async () => {
    const runtime = stage.runtime();
    const spec = { pod: podIdentity(), attempt: 0, hostname: 'web' };
    const hostPorts = [{ hostPort: 53, containerPort: 53, protocol: 'UDP' }] as const;
    await expect(runtime.createSandbox({ ...spec, hostPorts })).rejects.toMatchObject({
      code: 'refused',
      message: 'host port 53/UDP: the process runtime forwards TCP only; use Docker',
    });
    await stage.clearAll();
    expect(await tracesOf(cell, stage.dataDirectory)).toEqual([]);
  });

  it('whoever forked away from its container ends with it', async () => {
    const runtime = stage.runtime();
    const pod = await createPod(runtime);
    const marker = `away-${pod.pod.uid}`;
    const id = await run(
      runtime,
      containerOf(pod, '(setsid sleep 1000 &) & while :; do sleep 0.1; done', { env: { MARKER: marker } }),
    );
    await eventually(async () => expect((await processesWith(marker)).join()).toContain('1000'));
    await runtime.stopContainer(id, { graceSeconds: 1 });
    expect(await processesWith(marker)).toEqual([]);
  });
});
