/** The agent runs what its work list says, keeps it running, and tells. */
import { describe, expect, it } from 'vitest';
import { container, eventually, program, startAgent, workPod } from '../support/agent-harness.ts';

describe("a pod that is this node's work", () => {
  it("runs, and its containers are reported running and ready with the pod's address", async () => {
    const { plane, running, clock } = await startAgent();
    const pod = workPod({ containers: [container(), container({ name: 'side' })] });
    plane.put(pod);
    await eventually(() => expect(plane.level(pod.uid, 'side')?.ready).toBe(true));
    expect(await running(pod.uid)).toEqual(['app/0', 'side/0']);
    expect(plane.level(pod.uid)).toMatchObject({
      attempt: 0,
      state: { running: { startedAt: clock.now() } },
      ready: true,
    });
    expect(plane.of(pod.uid).sandbox).toMatchObject({ attempt: 0, hostIP: '192.0.2.1' });
    expect(plane.of(pod.uid).sandbox?.podIP).toMatch(/^10\./);
  });

  it('of one container is running with one report, not several', async () => {
    const { plane } = await startAgent();
    const pod = workPod();
    plane.put(pod);
    await eventually(() => expect(plane.level(pod.uid)?.ready).toBe(true));
    const reports = plane.sent.filter(({ verb }) => verb === 'report');
    expect(reports).toHaveLength(1);
    expect(reports[0]).toMatchObject({
      kind: 'Pod',
      name: pod.name,
      cause: 7,
      correlation: 3,
      preconditions: { uid: pod.uid },
    });
  });

  it("tells what it does in Kubernetes' words", async () => {
    const { plane } = await startAgent();
    const pod = workPod();
    plane.put(pod);
    await eventually(() => expect(plane.level(pod.uid)?.ready).toBe(true));
    expect(plane.of(pod.uid).notices.map(({ reason, message }) => `${reason}: ${message}`)).toEqual([
      'Pulled: Container image "demo:1" already present on machine',
      'Created: Created container: app',
      'Started: Started container app',
    ]);
  });

  it('has the command, arguments and environment of its manifest, with $(NAME) expanded', async () => {
    const { plane, runtime } = await startAgent();
    const env = [
      { name: 'WHO', value: 'you' },
      { name: 'GREETING', value: 'hello $(WHO)' },
    ];
    plane.put(
      workPod({ containers: [container({ command: ['echo'], args: ['$(GREETING)', '$$(WHO)', '$(NONE)'], env })] }),
    );
    await eventually(() => expect(runtime.calls.map(({ method }) => method)).toContain('createContainer'));
    const call = runtime.calls.find(({ method }) => method === 'createContainer');
    expect(call?.args[0]).toMatchObject({
      command: ['echo'],
      args: ['hello you', '$(WHO)', '$(NONE)'],
      env: { WHO: 'you', GREETING: 'hello you' },
    });
  });
});

describe('a container that ends', () => {
  it('is started again at once after its first end, with the end as its last state', async () => {
    const { plane, clock } = await startAgent();
    const pod = workPod({ containers: [program({ RUN_MS: 60_000, EXIT_CODE: 3, OUTPUT: 'last words' })] });
    plane.put(pod);
    await eventually(() => expect(plane.level(pod.uid)?.ready).toBe(true));
    await clock.advance(60_000);
    await eventually(() => expect(plane.level(pod.uid)?.attempt).toBe(1));
    expect(plane.level(pod.uid)).toMatchObject({
      ready: true,
      lastTerminated: { exitCode: 3, reason: 'Error', finishedAt: clock.now(), lastLines: 'last words' },
    });
  });

  it('keeps at most the last 4096 bytes it printed', async () => {
    const { plane } = await startAgent();
    const pod = workPod({
      restartPolicy: 'Never',
      containers: [program({ RUN_MS: 0, OUTPUT: `${'é'.repeat(5000)}!` })],
    });
    plane.put(pod);
    const level = await eventually(() => {
      const found = plane.level(pod.uid);
      if (found === undefined || !('terminated' in found.state)) throw new Error('not ended yet');
      return found.state.terminated;
    });
    expect(Buffer.byteLength(level.lastLines ?? '')).toBe(4095);
    expect(level.lastLines).toMatch(/^é+!$/);
  });

  it.each([
    { restartPolicy: 'Never', code: 1, again: false },
    { restartPolicy: 'OnFailure', code: 0, again: false },
    { restartPolicy: 'OnFailure', code: 1, again: true },
    { restartPolicy: 'Always', code: 0, again: true },
  ] as const)('with code $code under $restartPolicy runs again: $again', async ({ restartPolicy, code, again }) => {
    const { plane, running, clock } = await startAgent();
    const pod = workPod({ restartPolicy, containers: [program({ RUN_MS: 1_000, EXIT_CODE: code })] });
    plane.put(pod);
    await eventually(() => expect(plane.level(pod.uid)?.ready).toBe(true));
    await clock.advance(1_000);
    if (again) await eventually(async () => expect(await running(pod.uid)).toEqual(['app/1']));
    else {
      await eventually(() => expect(plane.level(pod.uid)?.state).toMatchObject({ terminated: { exitCode: code } }));
      expect(await running(pod.uid)).toEqual([]);
    }
  });

  it('is held back 10 s, 20 s, 40 s, 80 s, 160 s and then always 5 minutes', async () => {
    const { plane, clock } = await startAgent();
    const pod = workPod({ containers: [program({ RUN_MS: 0, EXIT_CODE: 1 })] });
    plane.put(pod);
    const waits = [10, 20, 40, 80, 160, 300, 300];
    for (const [index, seconds] of waits.entries()) {
      await eventually(() =>
        expect(plane.level(pod.uid)).toMatchObject({ attempt: index + 1, state: { waiting: {} } }),
      );
      await clock.advance(seconds * 1000 - 1);
      expect(plane.level(pod.uid)?.attempt).toBe(index + 1);
      await clock.advance(1);
    }
  });

  it("shows CrashLoopBackOff with Kubernetes' message while it is held back", async () => {
    const { plane } = await startAgent();
    const pod = workPod({ containers: [program({ RUN_MS: 0, EXIT_CODE: 1 })] });
    plane.put(pod);
    const message = `back-off 10s restarting failed container=app pod=${pod.name}_default(${pod.uid})`;
    await eventually(() =>
      expect(plane.level(pod.uid)?.state).toEqual({ waiting: { reason: 'CrashLoopBackOff', message } }),
    );
    expect(plane.level(pod.uid)?.lastTerminated).toMatchObject({ exitCode: 1 });
    expect(plane.of(pod.uid).notices.map(({ reason }) => reason)).toContain('BackOff');
  });

  it('is forgiven after 10 quiet minutes', async () => {
    const { plane, clock } = await startAgent();
    const pod = workPod({ containers: [program({ RUN_MS: 700_000, EXIT_CODE: 1 })] });
    plane.put(pod);
    for (let attempt = 1; attempt <= 4; attempt++) {
      await eventually(() => expect(plane.level(pod.uid)).toMatchObject({ attempt: attempt - 1, ready: true }));
      await clock.advance(700_000);
      await eventually(() => expect(plane.level(pod.uid)).toMatchObject({ attempt, ready: true }));
    }
  });

  it('keeps its one dead run for logs of the previous one, and no older', async () => {
    const { plane, clock, engine } = await startAgent();
    const pod = workPod({ containers: [program({ RUN_MS: 0, EXIT_CODE: 1 })] });
    plane.put(pod);
    await clock.advance(120_000);
    const attempt = plane.level(pod.uid)?.attempt ?? 0;
    expect(attempt).toBeGreaterThan(2);
    const { containers } = await engine.inventory();
    expect(containers.map((found) => found.attempt).toSorted()).toEqual([attempt - 1, attempt]);
  });

  it('that cannot be started at all counts as ended with ContainerCannotRun', async () => {
    const { plane } = await startAgent();
    const pod = workPod({ restartPolicy: 'Never', containers: [program({ START_ERROR: 'exec: "nope": not found' })] });
    plane.put(pod);
    await eventually(() =>
      expect(plane.level(pod.uid)?.state).toMatchObject({
        terminated: { reason: 'ContainerCannotRun', exitCode: 128, message: 'exec: "nope": not found' },
      }),
    );
  });

  it('for want of memory is OOMKilled', async () => {
    const { plane } = await startAgent();
    const pod = workPod({
      restartPolicy: 'Never',
      containers: [program({ RUN_MS: 0, EXIT_CODE: 137, OOM_KILLED: 'true' })],
    });
    plane.put(pod);
    await eventually(() => expect(plane.level(pod.uid)?.state).toMatchObject({ terminated: { reason: 'OOMKilled' } }));
  });
});

describe('a container whose image is changed', () => {
  it('is stopped and runs the new image, without being held back', async () => {
    const { plane, engine } = await startAgent();
    const pod = workPod();
    plane.put(pod);
    await eventually(() => expect(plane.level(pod.uid)?.ready).toBe(true));
    for (const [index, image] of ['demo:2', 'demo:3', 'demo:4'].entries()) {
      plane.put({ ...pod, spec: { ...pod.spec, containers: [container({ image })] } });
      await eventually(() => expect(plane.level(pod.uid)).toMatchObject({ image, ready: true, attempt: index + 1 }));
    }
    const { containers } = await engine.inventory();
    expect(containers.filter(({ state }) => state === 'running').map(({ image }) => image)).toEqual(['demo:4']);
    expect(plane.of(pod.uid).notices.map(({ message }) => message)).toContain(
      'Container app definition changed, will be restarted',
    );
  });
});
