/** Rules of a pod's containers: how the levels an agent reports become events, in every state a pod can be in. */
import { describe, expect, test } from 'vitest';
import { containerCounts, isReady, readySince, sandboxAttempts } from '../../machines/pod/index.ts';
import { given, later, type Step } from '../support/given.ts';
import {
  at,
  bound,
  condition,
  created,
  ended,
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

describe('restarts', () => {
  const ran = [node(), created(), bound, seen(running(1))];
  const crashed = [...ran, seen(terminated(2, 1, 10))];

  test('after a crash it waits, with how it ended as its last state', () => {
    const then = given(...crashed)
      .when(seen(waiting(3, 'CrashLoopBackOff', { lastTerminated: ended(10, 1) })))
      .thenEvents('ContainerWaiting');
    expect(mainStatus(then)).toMatchObject({ restartCount: 0, lastState: { terminated: { exitCode: 1 } } });
    expect(statusAfter(then).phase).toBe('Running');
  });

  test('it runs again, counted', () => {
    const again = seen(running(3, { attempt: 1, lastTerminated: ended(10, 1) }));
    const then = given(...crashed)
      .when(again)
      .thenEvents('ContainerStarted');
    expect(mainStatus(then)).toMatchObject({
      restartCount: 1,
      lastState: { terminated: { exitCode: 1 } },
      ready: true,
    });
  });

  test('out of its wait, too', () => {
    given(...crashed, seen(waiting(3, 'CrashLoopBackOff')))
      .when(seen(running(4, { attempt: 1 })))
      .thenEvents('ContainerStarted');
  });

  test('a second crash in a row is told, with the first as its last state', () => {
    const then = given(...crashed)
      .when(seen(terminated(3, 2, 20, { attempt: 1 })))
      .thenEvents({ type: 'ContainerExited', data: { attempt: 1, exitCode: 2 } });
    expect(mainStatus(then)).toMatchObject({
      restartCount: 1,
      state: { terminated: { exitCode: 2 } },
      lastState: { terminated: { exitCode: 1 } },
    });
  });

  test('an end that was missed is told before what came after it', () => {
    given(...ran)
      .when(seen(running(2, { attempt: 1, lastTerminated: ended(10, 1) })))
      .thenEvents(
        { type: 'ContainerExited', data: { attempt: 0, exitCode: 1 } },
        { type: 'ContainerStarted', data: { attempt: 1 } },
      );
    given(...ran)
      .when(seen(waiting(2, 'CrashLoopBackOff', { lastTerminated: ended(10, 1) })))
      .thenEvents({ type: 'ContainerExited', data: { attempt: 0 } }, 'ContainerWaiting');
    given(...ran)
      .when(seen(terminated(2, 0, 20, { attempt: 1, lastTerminated: ended(10, 1) })))
      .thenEvents({ type: 'ContainerExited', data: { attempt: 0 } }, { type: 'ContainerExited', data: { attempt: 1 } });
  });

  test('an end that nobody saw is told as Kubernetes does', () => {
    const unseen = { type: 'ContainerExited', data: { exitCode: 137, reason: 'ContainerStatusUnknown', attempt: 0 } };
    given(...ran)
      .when(seen(running(2, { attempt: 1 })))
      .thenEvents(unseen, 'ContainerStarted');
    given(...ran)
      .when(seen(waiting(2, 'ContainerCreating')))
      .thenEvents(unseen, 'ContainerWaiting');
  });

  test('an agent whose clock is behind is heard all the same', () => {
    const unseen = [...ran, later(60_000), seen(running(2, { attempt: 1 }))];
    given(...unseen)
      .when(seen(terminated(3, 1, 30, { attempt: 1 })))
      .thenEvents('ContainerExited');
    given(...unseen)
      .when(seen(waiting(3, 'CrashLoopBackOff', { lastTerminated: ended(30, 1) })))
      .thenEvents('ContainerExited', 'ContainerWaiting');
    given(...ran, later(60_000), seen(waiting(2, 'ContainerCreating')))
      .when(seen(terminated(3, 1, 30, { attempt: 1 })))
      .thenEvents('ContainerExited');
  });

  test('an end is told once, however often it is reported', () => {
    given(...crashed)
      .when(seen(running(3, { attempt: 1, lastTerminated: ended(10, 1) })))
      .thenEvents('ContainerStarted');
    given(...crashed, seen(waiting(3, 'CrashLoopBackOff')))
      .when(seen(waiting(4, 'CrashLoopBackOff', { lastTerminated: ended(10, 1) })))
      .thenUnchanged();
  });

  test('the end holds exit code, signal, reason and its last lines, and the status all but the lines', () => {
    const end = {
      ...ended(10, 137),
      signal: 9,
      reason: 'OOMKilled',
      message: 'killed',
      startedAt: at(1),
      lastLines: 'out of memory\n',
      containerId: 'c1',
    };
    const report = { ...terminated(2), state: { terminated: end }, containerId: 'c1', imageId: 'sha256:1' };
    const then = given(...ran)
      .when(seen(report))
      .thenEvents({ type: 'ContainerExited', data: { ...end, imageId: 'sha256:1' } });
    expect(mainStatus(then)).toMatchObject({ imageID: 'sha256:1', containerID: 'c1' });
    expect(mainStatus(then)?.state).toEqual({
      terminated: {
        exitCode: 137,
        signal: 9,
        reason: 'OOMKilled',
        message: 'killed',
        startedAt: '2026-01-01T00:00:01Z',
        finishedAt: '2026-01-01T00:00:10Z',
        containerID: 'c1',
      },
    });
  });

  test('last lines beyond 4 KB are refused', () => {
    const end = { ...ended(10), lastLines: 'x'.repeat(4097) };
    given(...ran)
      .when(seen({ ...terminated(2), state: { terminated: end } }))
      .thenRefused('Invalid', 'lastLines');
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
