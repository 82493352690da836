/** A deleted pod is asked to end, given its time, and leaves nothing behind. */
import { mkdtemp, readdir, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { container, eventually, program, startAgent, workPod } from '../support/agent-harness.ts';

describe('deleting a pod', () => {
  it('stops its containers together with the grace, and then tells that nothing is left', async () => {
    const { plane, clock, engine, runtime } = await startAgent();
    const slow = { STOP_MS: 8_000, EXIT_CODE: 0, OUTPUT: 'bye' };
    const pod = workPod({ containers: [program(slow), program(slow, { name: 'side' })] });
    plane.put(pod);
    await eventually(() => expect(plane.level(pod.uid, 'side')?.ready).toBe(true));
    plane.put({ ...pod, deletion: { gracePeriodSeconds: 10 } });
    await clock.advance(7_999);
    expect(plane.of(pod.uid).cleanedUp).toBe(false);
    await clock.advance(1);
    await eventually(() => expect(plane.of(pod.uid).cleanedUp).toBe(true));
    expect(await engine.inventory()).toEqual({ sandboxes: [], containers: [] });
    const stops = runtime.calls.filter(({ method }) => method === 'stopContainer');
    expect(stops.map(({ args }) => args[1])).toEqual([{ graceSeconds: 10 }, { graceSeconds: 10 }]);
    expect(plane.level(pod.uid)?.state).toMatchObject({ terminated: { exitCode: 0, lastLines: 'bye' } });
    expect(plane.of(pod.uid).notices.map(({ message }) => message)).toContain('Stopping container side');
  });

  it('kills at once where the object went without waiting, whatever grace the pod asks for', async () => {
    const { plane, engine, runtime } = await startAgent();
    const pod = workPod({ containers: [program({ STOP_MS: 60_000 })], terminationGracePeriodSeconds: 300 });
    plane.put(pod);
    await eventually(() => expect(plane.level(pod.uid)?.ready).toBe(true));
    plane.remove(pod.uid);
    await eventually(async () => expect(await engine.inventory()).toEqual({ sandboxes: [], containers: [] }));
    const stops = runtime.calls.filter(({ method }) => method === 'stopContainer');
    expect(stops.map(({ args }) => args[1])).toEqual([{ graceSeconds: 0 }]);
  });

  it('kills what has not ended when the grace is over', async () => {
    const { plane, clock } = await startAgent();
    const pod = workPod({ containers: [program({ STOP_MS: 60_000 })] });
    plane.put(pod);
    await eventually(() => expect(plane.level(pod.uid)?.ready).toBe(true));
    plane.put({ ...pod, deletion: { gracePeriodSeconds: 10 } });
    await clock.advance(10_000);
    await eventually(() => expect(plane.of(pod.uid).cleanedUp).toBe(true));
    expect(plane.level(pod.uid)?.state).toMatchObject({ terminated: { exitCode: 137, signal: 9 } });
  });

  it('with a grace that is shortened meanwhile ends sooner', async () => {
    const { plane, engine } = await startAgent();
    const pod = workPod({ containers: [program({ STOP_MS: 600_000 })] });
    plane.put(pod);
    await eventually(() => expect(plane.level(pod.uid)?.ready).toBe(true));
    plane.put({ ...pod, deletion: { gracePeriodSeconds: 300 } });
    plane.put({ ...pod, deletion: { gracePeriodSeconds: 0 } });
    await eventually(() => expect(plane.of(pod.uid).cleanedUp).toBe(true));
    expect(await engine.inventory()).toEqual({ sandboxes: [], containers: [] });
  });

  it('that is held back by its crashes does not wait for that', async () => {
    const { plane } = await startAgent();
    const pod = workPod({ containers: [program({ RUN_MS: 0, EXIT_CODE: 1 })] });
    plane.put(pod);
    await eventually(() =>
      expect(plane.level(pod.uid)?.state).toMatchObject({ waiting: { reason: 'CrashLoopBackOff' } }),
    );
    plane.put({ ...pod, deletion: { gracePeriodSeconds: 30 } });
    await eventually(() => expect(plane.of(pod.uid).cleanedUp).toBe(true));
  });

  it('that the agent never ran is told to be gone at once', async () => {
    const { plane, runtime } = await startAgent();
    const pod = workPod({}, { deletion: { gracePeriodSeconds: 30 } });
    plane.put(pod);
    await eventually(() => expect(plane.of(pod.uid).cleanedUp).toBe(true));
    expect(runtime.calls.map(({ method }) => method)).not.toContain('createSandbox');
  });

  it('is told again on a full work list, should the first telling have been lost', async () => {
    const { plane } = await startAgent();
    const pod = workPod({}, { deletion: { gracePeriodSeconds: 0 } });
    plane.answer = async (commands) =>
      commands.map(() => ({ outcome: 'accepted' as const, revision: 1, uid: '', name: '' }));
    plane.put(pod);
    await eventually(() => expect(plane.messages.flat().some(({ verb }) => verb === 'report')).toBe(true));
    expect(plane.of(pod.uid).cleanedUp).toBe(false);
    plane.answer = undefined;
    plane.sendFull();
    await eventually(() => expect(plane.of(pod.uid).cleanedUp).toBe(true));
  });
});

describe('a pod that has ended', () => {
  it('is stopped; its dead containers stay for their logs until it is deleted', async () => {
    const { plane, engine, running } = await startAgent();
    const pod = workPod({ restartPolicy: 'Never', containers: [program({ RUN_MS: 0 }), container({ name: 'side' })] });
    plane.put(pod);
    await eventually(() => expect(plane.level(pod.uid, 'side')?.ready).toBe(true));
    plane.put({ ...pod, ended: true });
    await eventually(async () => expect((await engine.inventory()).sandboxes).toEqual([]));
    expect(await running(pod.uid)).toEqual([]);
    expect((await engine.inventory()).containers).toHaveLength(2);
    plane.put({ ...pod, ended: true, deletion: { gracePeriodSeconds: 0 } });
    await eventually(async () => expect((await engine.inventory()).containers).toEqual([]));
  });
});

async function temporaryDirectory(): Promise<string> {
  const directory = await mkdtemp(join(tmpdir(), 'periplus-host-path-'));
  onTestFinished(() => rm(directory, { recursive: true, maxRetries: 5 }));
  return directory;
}

describe('volumes', () => {
  it('an emptyDir is a directory everybody may write, shared by mounts, kept over restarts and removed with its pod', async () => {
    const { plane, runtime, dataDirectory, engine } = await startAgent();
    const mount = { name: 'shared', mountPath: '/data' };
    const pod = workPod({
      volumes: [{ name: 'shared', emptyDir: {} }],
      containers: [
        container({ volumeMounts: [mount] }),
        container({ name: 'side', volumeMounts: [{ ...mount, readOnly: true }] }),
      ],
    });
    plane.put(pod);
    await eventually(() => expect(plane.level(pod.uid, 'side')?.ready).toBe(true));
    const directory = join(dataDirectory, 'agent-n1', 'pods', pod.uid, 'volumes', 'shared');
    expect((await stat(directory)).mode & 0o777).toBe(0o777);
    const mounts = runtime.calls
      .filter(({ method }) => method === 'createContainer')
      .map(({ args }) => (args[0] as { readonly mounts: unknown }).mounts);
    expect(mounts).toEqual([
      [{ hostPath: directory, containerPath: '/data', readOnly: false }],
      [{ hostPath: directory, containerPath: '/data', readOnly: true }],
    ]);
    await writeFile(join(directory, 'note'), 'kept');
    await engine.removeContainer(`${pod.uid}/app/0`);
    await eventually(() => expect(plane.level(pod.uid)).toMatchObject({ attempt: 1, ready: true }));
    expect(await readdir(directory)).toEqual(['note']);
    plane.put({ ...pod, deletion: { gracePeriodSeconds: 0 } });
    await eventually(() => expect(plane.of(pod.uid).cleanedUp).toBe(true));
    await expect(stat(join(dataDirectory, 'agent-n1', 'pods', pod.uid))).rejects.toMatchObject({ code: 'ENOENT' });
  });

  it.each([
    ['Directory', 'a directory'],
    ['File', 'a file'],
    ['Socket', 'a socket file'],
    ['CharDevice', 'a character device'],
    ['BlockDevice', 'a block device'],
  ] as const)(
    'a hostPath that is not the %s it must be keeps the pod waiting, says so, and is tried again',
    async (type, words) => {
      const { plane, clock } = await startAgent();
      const path = join(await temporaryDirectory(), 'nothing');
      const pod = workPod({ volumes: [{ name: 'host', hostPath: { path, type } }] });
      plane.put(pod);
      await eventually(() =>
        expect(plane.of(pod.uid).notices).toContainEqual({
          type: 'Warning',
          reason: 'FailedMount',
          message: `MountVolume.SetUp failed for volume "host" : hostPath type check failed: ${path} is not ${words}`,
        }),
      );
      expect(plane.level(pod.uid)?.state).toEqual({ waiting: { reason: 'ContainerCreating' } });
      if (type !== 'File') return;
      await writeFile(path, '');
      await clock.advance(60_000);
      await eventually(() => expect(plane.level(pod.uid)?.ready).toBe(true));
    },
  );

  it.each(['DirectoryOrCreate', 'FileOrCreate'] as const)(
    'a hostPath of type %s is made where there is none',
    async (type) => {
      const { plane } = await startAgent();
      const path = join(await temporaryDirectory(), 'made');
      const pod = workPod({ volumes: [{ name: 'host', hostPath: { path, type } }] });
      plane.put(pod);
      await eventually(() => expect(plane.level(pod.uid)?.ready).toBe(true));
      expect((await stat(path)).isDirectory()).toBe(type === 'DirectoryOrCreate');
    },
  );
});
