/** What is next for a pod follows from what is wanted and what is there, whatever led to it. */
import { describe, expect, it } from 'vitest';
import { vanish } from '../../src/agent/pod-observation.ts';
import { planPod } from '../../src/agent/pod-plan.ts';
import type { PodState } from '../../src/agent/pod-state.ts';
import { memoryOf, newPodState } from '../../src/agent/pod-state.ts';
import type { RuntimeContainer } from '../../src/agent/runtimes/container-runtime.ts';
import { workPod } from '../support/agent-harness.ts';

const NOW = 1_000_000;

function podState(): PodState {
  const work = workPod();
  const { uid, namespace, name } = work;
  const pod = newPodState({ uid, namespace, name });
  pod.work = work;
  pod.want = 'run';
  pod.graceSeconds = 30;
  pod.volumes = 'prepared';
  pod.sandbox = { id: 'sandbox-1', pod: pod.identity, attempt: 1, running: true, createdAt: 0 };
  return pod;
}

function run(pod: PodState, overrides: Partial<RuntimeContainer> = {}): RuntimeContainer {
  const attempt = overrides.attempt ?? 0;
  return {
    id: `app-${attempt}`,
    pod: pod.identity,
    sandboxId: 'sandbox-1',
    name: 'app',
    attempt,
    image: 'demo:1',
    imageId: '',
    state: 'running',
    ...overrides,
  };
}

describe('a pod that runs as wanted', () => {
  it('needs nothing', () => {
    const pod = podState();
    Object.assign(memoryOf(pod, 'app'), { current: run(pod), attempt: 0, image: { is: 'present' } });
    expect(planPod(pod, NOW)).toEqual({ do: 'wait' });
  });
});

describe('what runs and should not', () => {
  it('a second run of a container is stopped', () => {
    const pod = podState();
    const twin = run(pod, { attempt: 0 });
    Object.assign(memoryOf(pod, 'app'), { current: run(pod, { attempt: 1 }), previous: twin, attempt: 1 });
    expect(planPod(pod, NOW)).toEqual({ do: 'stop', runs: [twin], why: 'stray' });
  });

  it('an older run is stopped before the next one is made', () => {
    const pod = podState();
    const older = run(pod, { attempt: 0 });
    const memory = Object.assign(memoryOf(pod, 'app'), { previous: older, attempt: 2, image: { is: 'present' } });
    expect(planPod(pod, NOW)).toEqual({ do: 'stop', runs: [older], why: 'stray' });
    pod.stops.set(older.id, NOW + pod.graceSeconds * 1000);
    expect(planPod(pod, NOW)).toEqual({ do: 'wait' });
    Object.assign(memory, { previous: run(pod, { attempt: 0, state: 'exited' }) });
    expect(planPod(pod, NOW)).toEqual({ do: 'create', name: 'app' });
  });

  it('a container in no specification is stopped, and removed once it has ended', () => {
    const pod = podState();
    Object.assign(memoryOf(pod, 'app'), { current: run(pod), attempt: 0 });
    const stray = run(pod, { id: 'stray', name: 'stray' });
    const memory = Object.assign(memoryOf(pod, 'stray'), { current: stray, attempt: 0 });
    expect(planPod(pod, NOW)).toEqual({ do: 'stop', runs: [stray], why: 'stray' });
    memory.current = { ...stray, state: 'exited' };
    expect(planPod(pod, NOW)).toEqual({ do: 'removeContainers', runs: [memory.current] });
  });

  it('is not stopped twice, unless it has to end sooner', () => {
    const pod = podState();
    const old = run(pod, { sandboxId: 'sandbox-0' });
    Object.assign(memoryOf(pod, 'app'), { current: old, attempt: 0 });
    expect(planPod(pod, NOW)).toEqual({ do: 'stop', runs: [old], why: 'lost' });
    pod.stops.set(old.id, NOW + 30_000);
    expect(planPod(pod, NOW + 10)).toEqual({ do: 'wait' });
    pod.graceSeconds = 1;
    expect(planPod(pod, NOW + 10)).toEqual({ do: 'stop', runs: [old], why: 'lost' });
  });
});

describe('a container that was made and vanished before it started', () => {
  it('is made again under the same attempt, at once', () => {
    const pod = podState();
    const lastExit = { exitCode: 1, reason: 'Error', finishedAt: NOW - 1 };
    const memory = Object.assign(memoryOf(pod, 'app'), {
      current: run(pod, { attempt: 3, state: 'created' }),
      attempt: 3,
      lastExit,
      restart: { delayMs: 300_000, raisedAt: NOW - 1 },
    });
    vanish(pod, memory, NOW);
    expect(memory).toMatchObject({ attempt: 2, exit: lastExit });
    expect(planPod(pod, NOW)).toEqual({ do: 'checkImage', name: 'app' });
  });
});
