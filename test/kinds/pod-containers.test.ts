/** Rules of a pod's containers: how the levels an agent reports become events, in every state a pod can be in. */
import { describe, expect, test } from 'vitest';
import { containerCounts, isReady, readySince, sandboxAttempts } from '../../machines/pod/index.ts';
import { given, later, type Step } from '../support/given.ts';
import {
  at,
  bound,
  condition,
  created,
  mainStatus,
  node,
  podAfter,
  reported,
  running,
  seen,
  statusAfter,
  terminated,
  TWO,
  waiting,
  web,
} from '../support/pod.ts';

const remove = web('delete');
const both: readonly Step[] = [node(), created(TWO), bound];

/** States in which an agent works for a pod, with `main` as the test wants it: `side` keeps the pod bound, or lets it run. */
const situations: readonly (readonly [string, readonly Step[]])[] = [
  ['bound', both],
  ['running', [...both, seen(running(1), running(1, { name: 'side' })), seen(terminated(2, 1, 5))]],
  ['terminating', [...both, remove]],
];

describe.each(situations)('while a pod is %s, a container', (_state, before) => {
  const numbers = { first: 10, second: 11, third: 12 };
  const { first, second, third } = numbers;

  test('waits, for a reason', () => {
    const then = given(...before)
      .when(seen(waiting(first, 'ErrImagePull')))
      .thenEvents('ContainerWaiting');
    expect(mainStatus(then)?.state).toEqual({ waiting: { reason: 'ErrImagePull' } });
  });

  test('is started', () => {
    const then = given(...before)
      .when(seen(running(first)))
      .thenEvents('ContainerStarted');
    expect(mainStatus(then)).toMatchObject({
      ready: true,
      started: true,
      state: { running: { startedAt: '2026-01-01T00:00:01Z' } },
    });
  });

  test('becomes ready, and unready again', () => {
    const started = [...before, seen(running(first, { ready: false }))];
    given(...started)
      .when(seen(running(second)))
      .thenEvents('ContainerBecameReady');
    const then = given(...started, seen(running(second)))
      .when(seen(running(third, { ready: false })))
      .thenEvents('ContainerBecameUnready');
    expect(mainStatus(then)?.ready).toBe(false);
  });

  test('exits', () => {
    const exit = terminated(second, 1, 20);
    const then = given(...before, seen(running(first)))
      .when(seen(exit))
      .thenEvents('ContainerExited');
    expect(mainStatus(then)).toMatchObject({ ready: false, started: false, state: { terminated: { exitCode: 1 } } });
  });

  test('is confirmed when a number was left out, so that the one left out comes too late', () => {
    const confirmed = [...before, seen(running(first)), seen(running(third))];
    given(...before, seen(running(first)))
      .when(seen(running(third)))
      .thenEvents('ContainerConfirmed');
    given(...confirmed)
      .when(seen(waiting(second)))
      .thenUnchanged();
  });

  test('gets a new sandbox when the old one is lost', () => {
    const then = given(...before, reported({ sandbox: { attempt: 0, podIP: '10.1.0.1' } }))
      .when(reported({ sandbox: { attempt: 1, podIP: '10.1.0.2', hostIP: '10.0.0.1' } }))
      .thenEvents('PodSandboxStarted');
    expect(statusAfter(then)).toMatchObject({ podIP: '10.1.0.2', podIPs: [{ ip: '10.1.0.2' }], hostIP: '10.0.0.1' });
    expect(sandboxAttempts(podAfter(then))).toBe(2);
  });
});

describe('numbers', () => {
  const one = [node(), created(), bound];

  test('a report that was seen, or an older one, changes nothing', () => {
    given(...one, seen(running(5)))
      .when(seen(terminated(5)))
      .thenUnchanged();
    given(...one, seen(running(5)))
      .when(seen(terminated(4)))
      .thenUnchanged();
  });

  test('the first may be 0', () => {
    given(...one)
      .when(seen(running(0)))
      .thenEvents('ContainerStarted', 'PodBecameRunning');
  });

  test('the next one that says the same needs no event', () => {
    given(...one, seen(running(5)))
      .when(seen(running(6)))
      .thenUnchanged();
    given(...one, seen(waiting(5)))
      .when(seen(waiting(6)))
      .thenUnchanged();
    given(...one, seen(terminated(5)))
      .when(seen(terminated(6)))
      .thenUnchanged();
  });

  test.each([
    ['waiting', waiting],
    ['terminated', terminated],
  ])('a gap before a report that says %s again is noted', (_state, report) => {
    given(...one, seen(report(5)))
      .when(seen(report(7)))
      .thenEvents('ContainerConfirmed');
    given(...one, seen(report(5)), seen(report(7)))
      .when(seen(running(6)))
      .thenUnchanged();
  });

  test('an agent that starts again can go on counting', () => {
    const then = given(...one)
      .when(seen(running(5, { attempt: 2 })))
      .thenEvents('ContainerStarted', 'PodBecameRunning');
    expect(containerCounts(podAfter(then))).toEqual({ main: { number: 5, restartCount: 2 } });
    expect(containerCounts(podAfter(given(...one).when(seen(waiting(0)))))).toMatchObject({
      main: { restartCount: 0 },
    });
  });

  test('of two levels of one container in a report the newer counts', () => {
    given(...one)
      .when(seen(running(5), terminated(6), waiting(4)))
      .thenEvents('ContainerExited', 'PodBecameRunning');
  });

  test('a container that is not the pod’s is ignored', () => {
    given(...one)
      .when(seen(running(1, { name: 'stray' })))
      .thenUnchanged();
  });
});

describe('the sandbox', () => {
  const one = [node(), created(), bound];
  const first = reported({ sandbox: { attempt: 0, podIP: '10.1.0.1' } });

  test('gives the pod its address and its start', () => {
    const then = given(...one, later(3000))
      .when(first)
      .thenEvents('PodSandboxStarted');
    expect(statusAfter(then)).toMatchObject({ podIP: '10.1.0.1', startTime: '2026-01-01T00:00:03Z' });
  });

  test('told again, or an older one, changes nothing', () => {
    given(...one, first)
      .when(first)
      .thenUnchanged();
    given(...one, reported({ sandbox: { attempt: 1, podIP: '10.1.0.2' } }))
      .when(first)
      .thenUnchanged();
  });

  test('may learn its address later', () => {
    given(...one, reported({ sandbox: { attempt: 0 } }))
      .when(first)
      .thenEvents('PodSandboxStarted');
  });

  test('may have a port of its node instead of a network', () => {
    const given1 = given(...one).when(reported({ sandbox: { attempt: 0, podIP: '127.0.0.1', assignedPort: 34567 } }));
    expect(podAfter(given1.thenEvents('PodSandboxStarted')).context.progress?.assignedPort).toBe(34567);
  });
});

describe('conditions', () => {
  const one = [node(), created(TWO), bound];

  test('name the containers that are not ready', () => {
    const then = given(...one)
      .when(seen(running(1)))
      .thenEvents('ContainerStarted');
    const message = 'containers with unready status: [side]';
    expect(condition(then, 'Ready')).toMatchObject({ status: 'False', reason: 'ContainersNotReady', message });
    expect(condition(then, 'ContainersReady')).toMatchObject({
      status: 'False',
      reason: 'ContainersNotReady',
      message,
    });
    expect(condition(then, 'Initialized')?.status).toBe('True');
  });

  test('move their time when their status changes, and only then', () => {
    const then = given(...one, seen(running(1)), later(60_000))
      .when(seen(running(1, { name: 'side' })))
      .thenEvents('ContainerStarted', 'PodBecameRunning');
    expect(condition(then, 'Ready')).toEqual({
      type: 'Ready',
      status: 'True',
      lastTransitionTime: '2026-01-01T00:01:00Z',
    });
    expect(condition(then, 'PodScheduled')?.lastTransitionTime).toBe('2026-01-01T00:00:00Z');
    expect(isReady(podAfter(then))).toBe(true);
    expect(readySince(podAfter(then))).toBe(at(60));
  });

  test('a change of status leaves the spec the same object, so that its hash is kept', () => {
    const steps = given(...one);
    const { spec } = steps.cell.get<{ metadata: never; spec: object }>('Pod', 'web').context;
    const then = steps.when(seen(running(1)));
    expect(podAfter(then).context.spec).toBe(spec);
  });
});
