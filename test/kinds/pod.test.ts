/** Rules of a pod's life: creation, change, phases, and deletion in every state. */
import { describe, expect, test } from 'vitest';
import { isLive, isTerminal, needsScheduling } from '../../machines/pod/index.ts';
import { given, type Step } from '../support/given.ts';
import {
  bound,
  cleaned,
  condition,
  created,
  ended,
  givenUp,
  HELD,
  lost,
  node,
  noticed,
  podAfter,
  reported,
  running,
  seen,
  silent,
  statusAfter,
  terminated,
  TWO,
  unheld,
  waiting,
  web,
} from '../support/pod.ts';

const relabel = web('patch', { patch: { metadata: { labels: { a: 'b' } } } });
const remove = web('delete');
const NEVER = { restartPolicy: 'Never' };

/** Ways into every state in which the object is there, with a finalizer or without. */
const states: readonly (readonly [string, (metadata: object) => readonly Step[]])[] = [
  ['pending', (metadata) => [created({}, metadata)]],
  ['bound', (metadata) => [node(), created(TWO, metadata), bound, seen(running(1))]],
  ['running', (metadata) => [node(), created({}, metadata), bound, seen(running(1))]],
  ['succeeded', (metadata) => [node(), created(NEVER, metadata), bound, seen(terminated(1))]],
  ['failed', (metadata) => [node(), created({}, metadata), bound, seen(running(1)), givenUp]],
];
const entered = new Map(states);

function inState(state: string, metadata: object = {}): readonly Step[] {
  return entered.get(state)?.(metadata) ?? [];
}

describe('creation', () => {
  test('a pod begins pending, with its defaults, in no node', () => {
    const then = given().when(created()).thenEvents('PodCreated');
    expect(statusAfter(then)).toEqual({ phase: 'Pending', qosClass: 'BestEffort' });
    expect(needsScheduling(podAfter(then))).toBe(true);
    expect(podAfter(then).context.metadata.generation).toBe(1);
  });

  test('a name is given once', () => {
    given(created()).when(created()).thenRefused('AlreadyExists');
  });
});

describe.each(states)('a pod that is %s', (_name, before) => {
  test('can be relabelled', () => {
    const then = given(...before({}))
      .when(relabel)
      .thenEvents('PodChanged');
    expect(podAfter(then).context.metadata.labels).toEqual({ a: 'b' });
  });

  test('is the same after a change that changes nothing', () => {
    given(...before({ labels: { a: 'b' } }))
      .when(relabel)
      .thenUnchanged();
  });

  test('goes at once without grace, unless a finalizer holds it', () => {
    const grace0 = web('delete', { gracePeriodSeconds: 0 });
    expect(
      given(...before({}))
        .when(grace0)
        .thenEvents('PodRemoved')
        .record(),
    ).toBeUndefined();
    given(...before(HELD))
      .when(grace0)
      .thenEvents({ type: 'PodDeletionRequested', data: { gracePeriodSeconds: 0 } });
    given(...before(HELD), grace0)
      .when(unheld)
      .thenEvents('PodChanged', 'PodRemoved');
  });

  test('does not count as live once it is being deleted', () => {
    const then = given(...before(HELD))
      .when(remove)
      .thenEvents('PodDeletionRequested');
    expect(isLive(podAfter(then))).toBe(false);
    expect(needsScheduling(podAfter(then))).toBe(false);
  });

  test('can be replaced, keeping the node it is on', () => {
    const { context } = given(...before({})).cell.get<{ metadata: never; spec: object }>('Pod', 'web');
    const { nodeName: _bound, ...spec } = context.spec as { readonly nodeName?: string };
    given(...before({}))
      .when(web('replace', { manifest: { metadata: { name: 'web', labels: { c: 'd' } }, spec } }))
      .thenEvents('PodChanged');
  });
});

describe('deletion', () => {
  test.each(['bound', 'running'])('a %s pod has its grace period, and goes when its agent has cleaned up', (state) => {
    const then = given(...inState(state))
      .when(remove)
      .thenEvents({ type: 'PodDeletionRequested', data: { gracePeriodSeconds: 30 } });
    expect(podAfter(then).context.metadata.deletionTimestamp).toBe('2026-01-01T00:00:30Z');
    given(...inState(state), remove)
      .when(cleaned)
      .thenEvents('PodRemoved');
  });

  test.each(['pending', 'succeeded', 'failed'])('a %s pod goes at once: nothing has to end', (state) => {
    given(...inState(state))
      .when(remove)
      .thenEvents('PodRemoved');
  });

  test('the grace is what the request says, else what the pod says', () => {
    const patient = [node(), created({ terminationGracePeriodSeconds: 7 }), bound];
    given(...patient)
      .when(remove)
      .thenEvents({ type: 'PodDeletionRequested', data: { gracePeriodSeconds: 7 } });
    given(...patient)
      .when(web('delete', { gracePeriodSeconds: 3 }))
      .thenEvents({ type: 'PodDeletionRequested', data: { gracePeriodSeconds: 3 } });
    given(node(), created({ terminationGracePeriodSeconds: 0 }), bound)
      .when(remove)
      .thenEvents('PodRemoved');
  });

  test('asked for again it can only be shortened', () => {
    given(...inState('running'), remove)
      .when(web('delete', { gracePeriodSeconds: 60 }))
      .thenUnchanged();
    given(...inState('running'), remove)
      .when(web('delete', { gracePeriodSeconds: 5 }))
      .thenEvents({ type: 'PodDeletionRequested', data: { gracePeriodSeconds: 5 } });
    given(...inState('running'), remove)
      .when(web('delete', { gracePeriodSeconds: 0 }))
      .thenEvents('PodRemoved');
  });

  test('a finalizer keeps the object after its agent has cleaned up, and the last one off lets it go', () => {
    const held = [...inState('running', HELD), remove];
    const then = given(...held)
      .when(cleaned)
      .thenEvents('PodCleanedUp');
    expect(then.record()).toBeDefined();
    given(...held, cleaned)
      .when(cleaned)
      .thenUnchanged();
    given(...held, cleaned)
      .when(unheld)
      .thenEvents('PodChanged', 'PodRemoved');
  });

  test('taking off the last finalizer does not remove a pod whose containers still have to end', () => {
    given(...inState('running', HELD), remove)
      .when(unheld)
      .thenEvents('PodChanged');
  });

  test('a pod that is not being deleted stays, whatever its agent has cleaned up', () => {
    given(...inState('running'))
      .when(cleaned)
      .thenUnchanged();
    given(...inState('succeeded'))
      .when(cleaned)
      .thenUnchanged();
  });

  test('the ends of its containers are told before it goes', () => {
    given(...inState('running'), remove)
      .when(reported({ containers: [terminated(2, 143)], cleanedUp: true }))
      .thenEvents({ type: 'ContainerExited', data: { exitCode: 143 } }, 'PodRemoved');
  });

  test('a pod on its way out that has ended keeps its phase', () => {
    const then = given(...inState('succeeded', HELD))
      .when(remove)
      .thenEvents('PodDeletionRequested');
    expect(isTerminal(podAfter(then))).toBe(true);
  });
});

function patch(spec: object) {
  return web('patch', { patch: { spec } });
}

describe('changes of the spec', () => {
  const image = patch({
    containers: [{ name: 'main', image: 'demo:2', imagePullPolicy: 'IfNotPresent', resources: {} }],
  });

  test('an image may be changed, and is a new generation', () => {
    const then = given(...inState('running'))
      .when(image)
      .thenEvents('PodChanged');
    expect(podAfter(then).context.spec.containers[0]?.image).toBe('demo:2');
    expect(podAfter(then).context.metadata.generation).toBe(2);
    expect(statusAfter(then).phase).toBe('Running');
  });

  test('tolerations may be added, not taken away', () => {
    const tolerations = [{ key: 'a', operator: 'Exists' }];
    const added = patch({ tolerations });
    given(created()).when(added).thenEvents('PodChanged');
    given(created({ tolerations }))
      .when(patch({ tolerations: [] }))
      .thenRefused('Invalid', 'existing toleration can not be modified except its tolerationSeconds');
  });

  test.each([
    ['restartPolicy', { restartPolicy: 'Never' }],
    ['nodeSelector', { nodeSelector: { a: 'b' } }],
    ['a command', { containers: [{ name: 'main', image: 'demo:1', command: ['sh'] }] }],
    ['the node', { nodeName: 'n2' }],
  ])('%s may not be changed', (_what, spec) => {
    given(node(), created(), bound)
      .when(patch(spec))
      .thenRefused(
        'Invalid',
        'spec: Forbidden: pod updates may not change fields other than `spec.containers[*].image`',
      );
  });

  test('containers may not be added', () => {
    given(created()).when(patch(TWO)).thenRefused('Invalid', 'pod updates may not add or remove containers');
  });
});

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
