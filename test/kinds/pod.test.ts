/** Rules of a pod's life: creation, change, phases, and deletion in every state. */
import { describe, expect, test } from 'vitest';
import { isLive, isTerminal, needsScheduling } from '../../machines/pod/index.ts';
import { given } from '../support/given.ts';
import { inState, states } from '../support/pod-states.ts';
import {
  bound,
  cleaned,
  created,
  HELD,
  node,
  podAfter,
  reported,
  statusAfter,
  terminated,
  TWO,
  unheld,
  web,
} from '../support/pod.ts';

const relabel = web('patch', { patch: { metadata: { labels: { a: 'b' } } } });
const remove = web('delete');

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
