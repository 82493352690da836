/** Rules of a pod's phase, of giving a pod up, of notices, and of who may speak for it. */
import { describe, expect, test } from 'vitest';
import { isTerminal } from '../../machines/pod/index.ts';
import { given } from '../support/given.ts';
import { inState } from '../support/pod-states.ts';
import {
  bound,
  cleaned,
  condition,
  created,
  ended,
  givenUp,
  lost,
  node,
  noticed,
  podAfter,
  running,
  seen,
  silent,
  statusAfter,
  terminated,
  TWO,
  waiting,
  web,
} from '../support/pod.ts';

const remove = web('delete');
const NEVER = { restartPolicy: 'Never' };

describe('the phase', () => {
  test('is Pending while a container was never started', () => {
    const then = given(node(), created(TWO), bound)
      .when(seen(running(1)))
      .thenEvents('ContainerStarted');
    expect(statusAfter(then).phase).toBe('Pending');
  });

  test('is Running once all have been started', () => {
    const both = seen(running(1), running(1, { name: 'side' }));
    const then = given(node(), created(TWO), bound)
      .when(both)
      .thenEvents('ContainerStarted', 'ContainerStarted', 'PodBecameRunning');
    expect(statusAfter(then).phase).toBe('Running');
    expect(condition(then, 'Ready')?.status).toBe('True');
  });

  test.each([
    ['Never', 0, 'PodSucceeded'],
    ['Never', 1, 'PodFailed'],
    ['OnFailure', 0, 'PodSucceeded'],
  ])('with restartPolicy %s and exit code %i the pod is over: %s', (restartPolicy, exitCode, event) => {
    const spec = { restartPolicy };
    given(node(), created(spec), bound)
      .when(seen(terminated(1, exitCode)))
      .thenEvents('ContainerExited', event);
    const then = given(node(), created(spec), bound, seen(running(1)))
      .when(seen(terminated(2, exitCode)))
      .thenEvents('ContainerExited', event);
    expect(isTerminal(podAfter(then))).toBe(true);
    const reason = event === 'PodSucceeded' ? 'PodCompleted' : 'PodFailed';
    expect(condition(then, 'Ready')).toMatchObject({ status: 'False', reason });
  });

  test.each([
    ['Always', 0],
    ['Always', 1],
    ['OnFailure', 1],
  ])('with restartPolicy %s and exit code %i the pod goes on Running', (restartPolicy, exitCode) => {
    const then = given(node(), created({ restartPolicy }), bound, seen(running(1)))
      .when(seen(terminated(2, exitCode)))
      .thenEvents('ContainerExited');
    expect(statusAfter(then).phase).toBe('Running');
  });

  test('a pod is over only when all of its containers are', () => {
    const two = [node(), created({ ...TWO, ...NEVER }), bound, seen(running(1), running(1, { name: 'side' }))];
    given(...two)
      .when(seen(terminated(2)))
      .thenEvents('ContainerExited');
    given(...two, seen(terminated(2)))
      .when(seen(terminated(2, 3, 11, { name: 'side' })))
      .thenEvents('ContainerExited', 'PodFailed');
  });
});

describe('giving up', () => {
  test.each(['bound', 'running'])('its agent may give up a %s pod for good', (state) => {
    const then = given(...inState(state))
      .when(givenUp)
      .thenEvents('PodFailed');
    expect(statusAfter(then)).toMatchObject({
      phase: 'Failed',
      reason: 'Evicted',
      message: 'the node was low on memory',
    });
  });

  test.each(['succeeded', 'failed'])('a pod that has %s is not given up again', (state) => {
    given(...inState(state))
      .when(givenUp)
      .thenUnchanged();
  });

  test('nor one that is being deleted', () => {
    given(...inState('running'), remove)
      .when(givenUp)
      .thenUnchanged();
  });

  test('the ends of its containers are still told, and nothing else of them', () => {
    given(...inState('failed'))
      .when(seen(terminated(2, 137)))
      .thenEvents('ContainerExited');
    given(...inState('failed'))
      .when(seen(waiting(2, 'CrashLoopBackOff', { lastTerminated: ended(20) })))
      .thenUnchanged();
    given(...inState('failed'))
      .when(seen(running(2, { attempt: 1, lastTerminated: ended(20) })))
      .thenUnchanged();
    given(...inState('succeeded'))
      .when(seen(terminated(9, 1, 99)))
      .thenUnchanged();
  });
});

describe('notices', () => {
  test.each(['bound', 'running', 'succeeded', 'failed'])('what its agent has to tell of a %s pod is kept', (state) => {
    given(...inState(state))
      .when(noticed)
      .thenEvents({ type: 'PodNoticed', data: { reason: 'Pulled' } });
  });

  test('of one being deleted too', () => {
    given(...inState('running'), remove)
      .when(noticed)
      .thenEvents('PodNoticed');
  });
});

describe('who may speak for a pod', () => {
  test('the agent of its own node only', () => {
    const other = { actor: 'system:node:n2' };
    given(node(), node('n2'), created(), bound)
      .when(web('report', { node: 'n2', containers: [] }, other))
      .thenRefused('Conflict', 'the pod is on node "n1", not on node "n2"');
    given(node(), created(), bound)
      .when(web('report', { node: 'n1', containers: [] }, other))
      .thenRefused('Forbidden', 'node "n2" may not speak for node "n1"');
    given(created()).when(cleaned).thenRefused('Conflict', 'bound to no node');
    given(created()).when(givenUp).thenRefused('Conflict', 'bound to no node');
    given().when(cleaned).thenRefused('NotFound');
  });

  test('a lost node is told of bound pods only', () => {
    given(node(), silent, created()).when(lost).thenRefused('Conflict');
  });
});
