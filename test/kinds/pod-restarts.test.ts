/** Rules of restarts: how a run's end is told, once, whoever saw it and whatever the clocks say. */
import { describe, expect, test } from 'vitest';
import { given, later } from '../support/given.ts';
import {
  at,
  bound,
  created,
  ended,
  mainStatus,
  node,
  running,
  seen,
  statusAfter,
  terminated,
  waiting,
} from '../support/pod.ts';

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
