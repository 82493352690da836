/** Whatever happens to the agent itself, its containers run on, once each. */
import { describe, expect, it } from 'vitest';
import type { ContainerRuntime } from '../../src/agent/runtimes/container-runtime.ts';
import { container, eventually, program, startAgent, workPod } from '../support/agent-harness.ts';
import { settle } from '../support/manual-clock.ts';

const WRITTEN_AFTER_MS = 1_000;

describe('an agent that is killed and started again', () => {
  it('takes over its containers: nothing is restarted, started twice or orphaned', async () => {
    const harness = await startAgent();
    const { plane, clock, engine, runtime } = harness;
    const pods = Array.from({ length: 5 }, () => workPod({ containers: [container(), container({ name: 'side' })] }));
    plane.put(...pods);
    await eventually(() => pods.forEach(({ uid }) => expect(plane.level(uid, 'side')?.ready).toBe(true)));
    await clock.advance(WRITTEN_AFTER_MS);
    const before = await engine.inventory();
    runtime.calls.splice(0);
    await harness.replaceAgent();
    plane.sendFull();
    await clock.advance(WRITTEN_AFTER_MS);
    expect(await engine.inventory()).toEqual(before);
    const changes = runtime.calls.filter(({ method }) => !['info', 'inventory', 'inspectContainer'].includes(method));
    expect(changes).toEqual([]);
  });

  it('goes on with report numbers above those the control plane has folded', async () => {
    const harness = await startAgent();
    const { plane, clock } = harness;
    const pod = workPod({ containers: [program({ RUN_MS: 50_000, EXIT_CODE: 1 })] });
    plane.put(pod);
    const first = await eventually(() => plane.level(pod.uid)?.number ?? expect.fail('nothing reported'));
    await harness.replaceAgent();
    plane.sendFull();
    await clock.advance(50_000);
    await eventually(() => expect(plane.level(pod.uid)).toMatchObject({ attempt: 1, ready: true }));
    expect(plane.level(pod.uid)?.number).toBeGreaterThan(first);
  });

  it('tells its levels again when the control plane has folded numbers above its own', async () => {
    const { plane } = await startAgent();
    const pod = workPod();
    plane.put(pod);
    await eventually(() => expect(plane.level(pod.uid)?.ready).toBe(true));
    const number = (plane.level(pod.uid)?.number ?? 0) + 1_000_000;
    plane.put({ ...pod, containers: { app: { number, restartCount: 0 } } });
    await eventually(() => expect(plane.level(pod.uid)?.number).toBeGreaterThan(number));
  });

  it('uses no report id again', async () => {
    const harness = await startAgent();
    const { plane } = harness;
    const pod = workPod();
    plane.put(pod);
    await eventually(() => expect(plane.level(pod.uid)?.ready).toBe(true));
    await harness.replaceAgent();
    plane.sendFull();
    await eventually(() => expect(plane.sent.filter(({ verb }) => verb === 'report').length).toBeGreaterThan(1));
    const ids = plane.sent.map(({ id }) => id);
    expect(new Set(ids).size).toBe(ids.length);
  });

  it('without a bus goes on from its disk and restarts what has ended meanwhile', async () => {
    const harness = await startAgent();
    const { plane, clock, engine } = harness;
    const pod = workPod();
    plane.put(pod);
    await eventually(() => expect(plane.level(pod.uid)?.ready).toBe(true));
    await clock.advance(WRITTEN_AFTER_MS);
    plane.disconnect();
    await harness.agent.stop();
    await engine.stopContainer(`${pod.uid}/app/0`, { graceSeconds: 0 });
    await harness.replaceAgent();
    await eventually(async () => expect(await harness.running(pod.uid)).toEqual(['app/1']));
    plane.connect();
    await eventually(() =>
      expect(plane.level(pod.uid)).toMatchObject({ attempt: 1, lastTerminated: { exitCode: 137 } }),
    );
  });

  it('with a damaged disk touches nothing until it has a full work list', async () => {
    const { writeFile } = await import('node:fs/promises');
    const harness = await startAgent();
    const { plane, clock } = harness;
    const pods = [workPod(), workPod()];
    plane.put(...pods);
    await eventually(() => pods.forEach(({ uid }) => expect(plane.level(uid)?.ready).toBe(true)));
    plane.disconnect();
    await harness.agent.stop();
    await writeFile(`${harness.dataDirectory}/agent-n1/work.json`, '{"half');
    await harness.replaceAgent();
    await clock.advance(120_000);
    for (const { uid } of pods) expect(await harness.running(uid)).toEqual(['app/0']);
    const [kept, gone] = pods;
    plane.pods.delete(gone?.uid ?? '');
    plane.connect();
    await eventually(async () => expect(await harness.running(gone?.uid ?? '')).toEqual([]));
    expect(await harness.running(kept?.uid ?? '')).toEqual(['app/0']);
  });

  it('after a drain runs the same pods again, with restartCount one higher and what came between told', async () => {
    const harness = await startAgent();
    const { plane, engine } = harness;
    const pod = workPod();
    plane.put(pod);
    await eventually(() => expect(plane.level(pod.uid)?.ready).toBe(true));
    await harness.agent.drain();
    expect(await engine.inventory()).toEqual({ sandboxes: [], containers: [] });
    expect(plane.of(pod.uid).cleanedUp).toBe(false);
    await harness.replaceAgent();
    plane.sendFull();
    await eventually(() => expect(plane.level(pod.uid)).toMatchObject({ attempt: 1, ready: true }));
    expect(plane.level(pod.uid)?.lastTerminated).toMatchObject({ reason: 'ContainerStatusUnknown', exitCode: 137 });
  });

  it('does not run a pod again that may run once only, when its container has vanished', async () => {
    const harness = await startAgent();
    const { plane } = harness;
    const pod = workPod({ restartPolicy: 'Never' });
    plane.put(pod);
    await eventually(() => expect(plane.level(pod.uid)?.ready).toBe(true));
    await harness.agent.drain();
    await harness.replaceAgent();
    plane.sendFull();
    await eventually(() =>
      expect(plane.level(pod.uid)?.state).toMatchObject({ terminated: { reason: 'ContainerStatusUnknown' } }),
    );
    expect(await harness.running(pod.uid)).toEqual([]);
  });
});

describe('a node that is cut off', () => {
  it('keeps restarting its containers and tells the end of it, merged, when it is back', async () => {
    const { plane, clock, running } = await startAgent();
    const pod = workPod({ containers: [program({ RUN_MS: 20_000, EXIT_CODE: 5 })] });
    plane.put(pod);
    await eventually(() => expect(plane.level(pod.uid)?.ready).toBe(true));
    const told = plane.of(pod.uid).history.length;
    plane.disconnect();
    await clock.advance(100_000);
    const attempt = Number((await running(pod.uid))[0]?.split('/')[1]);
    expect(attempt).toBeGreaterThan(1);
    expect(plane.of(pod.uid).history).toHaveLength(told);
    plane.connect();
    await eventually(() => expect(plane.level(pod.uid)).toMatchObject({ attempt, ready: true }));
    expect(plane.of(pod.uid).history).toHaveLength(told + 1);
    expect(plane.level(pod.uid)?.lastTerminated).toMatchObject({ exitCode: 5 });
  });

  it('stops nothing for want of a work list', async () => {
    const { plane, clock, running } = await startAgent();
    const pod = workPod();
    plane.put(pod);
    await eventually(() => expect(plane.level(pod.uid)?.ready).toBe(true));
    plane.disconnect();
    await clock.advance(3_600_000);
    expect(await running(pod.uid)).toEqual(['app/0']);
  });
});

describe("containers that are nobody's", () => {
  it('are stopped with their grace and removed once a full work list does not have their pod', async () => {
    const { plane, running, engine, runtime } = await startAgent();
    const pod = workPod({ terminationGracePeriodSeconds: 7 });
    plane.put(pod);
    await eventually(() => expect(plane.level(pod.uid)?.ready).toBe(true));
    plane.pods.delete(pod.uid);
    plane.sendFull();
    await eventually(async () => expect(await engine.inventory()).toEqual({ sandboxes: [], containers: [] }));
    expect(await running(pod.uid)).toEqual([]);
    const stop = runtime.calls.find(({ method }) => method === 'stopContainer');
    expect(stop?.args[1]).toEqual({ graceSeconds: 7 });
    expect(plane.of(pod.uid).cleanedUp).toBe(false);
  });

  it('are left alone as long as only changes came, no full list', async () => {
    const harness = await startAgent();
    const { plane, clock, engine } = harness;
    plane.sendFull();
    await harness.replaceAgent();
    await makeStray(engine);
    plane.requestWork = () => Promise.reject(new Error('nobody answers'));
    plane.put(workPod());
    await clock.advance(61_000);
    expect((await engine.inventory()).containers.map(({ pod }) => pod.uid)).toContain('stray');
  });

  it('and of whom the agent never heard are found by the slow resync', async () => {
    const { plane, clock, engine } = await startAgent();
    plane.sendFull();
    await makeStray(engine);
    await settle();
    expect((await engine.inventory()).containers).toHaveLength(1);
    await clock.advance(60_000);
    await eventually(async () => expect(await engine.inventory()).toEqual({ sandboxes: [], containers: [] }));
  });
});

describe("somebody else's hand on the engine", () => {
  it('a container removed by hand is started again with restartCount one higher', async () => {
    const { plane, engine } = await startAgent();
    const pod = workPod();
    plane.put(pod);
    await eventually(() => expect(plane.level(pod.uid)?.ready).toBe(true));
    await engine.removeContainer(`${pod.uid}/app/0`);
    await eventually(() => expect(plane.level(pod.uid)).toMatchObject({ attempt: 1, ready: true }));
  });

  it('a lost sandbox is made anew, with all of its containers', async () => {
    const { plane, engine, running } = await startAgent();
    const pod = workPod({ containers: [container(), container({ name: 'side' })] });
    plane.put(pod);
    await eventually(() => expect(plane.level(pod.uid, 'side')?.ready).toBe(true));
    await engine.removeSandbox(`${pod.uid}/sandbox/0`);
    await eventually(() => expect(plane.level(pod.uid, 'side')).toMatchObject({ attempt: 1, ready: true }));
    expect(await running(pod.uid)).toEqual(['app/1', 'side/1']);
    expect(plane.of(pod.uid).sandbox?.attempt).toBe(1);
    const { containers } = await engine.inventory();
    const sandboxes = containers.filter(({ state }) => state === 'running').map(({ sandboxId }) => sandboxId);
    expect(new Set(sandboxes)).toEqual(new Set([`${pod.uid}/sandbox/1`]));
  });

  it('a sandbox that keeps dying is made again at ever longer intervals, one minute at most', async () => {
    const { plane, engine, clock, runtime } = await startAgent();
    const pod = workPod();
    plane.put(pod);
    const made = () => runtime.calls.filter(({ method }) => method === 'createSandbox').length;
    for (const [index, seconds] of [0, 1, 2, 4, 8, 16, 32, 60, 60].entries()) {
      await eventually(() => expect(plane.level(pod.uid)).toMatchObject({ attempt: index, ready: true }));
      await engine.removeSandbox(`${pod.uid}/sandbox/${index}`);
      await clock.advance(Math.max(0, seconds * 1000 - 1));
      if (seconds > 0) expect(made()).toBe(index + 1);
      await clock.advance(1);
      await eventually(() => expect(made()).toBe(index + 2));
    }
  });
});

/** A pod that nobody told the agent of. */
async function makeStray(engine: ContainerRuntime): Promise<void> {
  const pod = { uid: 'stray', namespace: 'default', name: 'stray' };
  const { id: sandboxId } = await engine.createSandbox({ pod, attempt: 0, hostname: 'stray', hostPorts: [] });
  const made = await engine.createContainer({
    pod,
    sandboxId,
    name: 'app',
    attempt: 0,
    image: 'demo:1',
    env: {},
    mounts: [],
  });
  await engine.startContainer(made.id);
}
