/** Rules of pods on a silent node: they lose readiness; those with a controller are evicted when they tolerate it no longer. */
import { describe, expect, test } from 'vitest';
import { isNodeLost, isReady, pod } from '../../machines/pod/index.ts';
import { given, later, type Given, type Step, type Then } from '../support/given.ts';
import {
  bound,
  cleaned,
  condition,
  created,
  expired,
  heard,
  lost,
  node,
  podAfter,
  returned,
  running,
  seen,
  silent,
  statusAfter,
  terminated,
  TWO,
  unheld,
  web,
  HELD,
} from '../support/pod.ts';

const OWNER = { apiVersion: 'v1', kind: 'ReplicationController', name: 'web', uid: 'owner', controller: true };
const OWNED = { ownerReferences: [OWNER] };
const UNREACHABLE = { key: 'node.kubernetes.io/unreachable', operator: 'Exists', effect: 'NoExecute' };

function onSilentNode(spec: object = {}, metadata: object = OWNED): readonly Step[] {
  return [node(), created(spec, metadata), bound, seen(running(1)), silent];
}

function evictAt(then: Then): number | undefined {
  return pod.deadlines?.(podAfter(then))[0]?.at;
}

function toleratedSeconds(then: Then, steps: Given): number {
  return ((evictAt(then) ?? NaN) - steps.cell.now) / 1000;
}

describe('a lost node', () => {
  test.each([
    ['running', {}],
    ['bound', TWO],
  ])('takes readiness from a %s pod, and sets the time of its eviction', (_state, spec) => {
    const steps = given(...onSilentNode(spec));
    const then = steps.when(lost).thenEvents({ type: 'PodNodeLost', data: { evictAt: steps.cell.now + 5000 } });
    expect(isReady(podAfter(then))).toBe(false);
    expect(isNodeLost(podAfter(then))).toBe(true);
    expect(condition(then, 'Ready')).toMatchObject({ status: 'False', reason: 'NodeLost' });
    expect(statusAfter(then)).toMatchObject({
      reason: 'NodeLost',
      message: 'Node n1 which was running pod web is unresponsive',
    });
    expect(evictAt(then)).toBe(steps.cell.now + 5000);
  });

  test('is told once', () => {
    given(...onSilentNode(), lost)
      .when(lost)
      .thenUnchanged();
  });

  test('says nothing about a pod that has ended', () => {
    given(node(), created({ restartPolicy: 'Never' }), bound, seen(terminated(1)), silent)
      .when(lost)
      .thenUnchanged();
  });

  test('is told of a pod being deleted, which is not evicted again', () => {
    const then = given(...onSilentNode(), web('delete'))
      .when(lost)
      .thenEvents({ type: 'PodNodeLost', data: {} });
    expect(evictAt(then)).toBeUndefined();
    expect(
      isNodeLost(
        podAfter(
          given(...onSilentNode(), web('delete'), lost, heard)
            .when(returned)
            .thenEvents('PodNodeReturned'),
        ),
      ),
    ).toBe(false);
  });

  test('a pod deleted while it is lost is not evicted any more', () => {
    const then = given(...onSilentNode(), lost)
      .when(web('delete'))
      .thenEvents('PodDeletionRequested');
    expect(evictAt(then)).toBeUndefined();
    expect(isNodeLost(podAfter(then))).toBe(true);
  });

  test('what is reported meanwhile does not make the pod ready', () => {
    const then = given(...onSilentNode(), lost, seen(running(2, { ready: false })))
      .when(seen(running(3)))
      .thenEvents('ContainerBecameReady');
    expect(isReady(podAfter(then))).toBe(false);
    expect(condition(then, 'ContainersReady')?.status).toBe('True');
  });

  test('concerns the pods on it', () => {
    given(...onSilentNode(), node('n2'))
      .when(web('markNodeLost', { node: 'n2', defaultTolerationSeconds: 5 }))
      .thenRefused('Conflict', 'the pod is not on node "n2"');
    given(...onSilentNode(), lost)
      .when(web('markNodeReturned', { node: 'n2' }))
      .thenRefused('Conflict', 'the pod is not on node "n2"');
  });
});

describe('tolerance', () => {
  test.each([
    ['its own seconds', [{ ...UNREACHABLE, tolerationSeconds: 60 }], 60],
    [
      'the shortest of what matches',
      [{ ...UNREACHABLE, tolerationSeconds: 60 }, { operator: 'Exists' }, { ...UNREACHABLE, tolerationSeconds: 7 }],
      7,
    ],
    ['none where it is negative', [{ ...UNREACHABLE, tolerationSeconds: -1 }], 0],
    ['an equal and empty value', [{ key: UNREACHABLE.key, effect: 'NoExecute', tolerationSeconds: 9 }], 9],
    ['not another taint’s', [{ key: 'other', operator: 'Exists', effect: 'NoExecute', tolerationSeconds: 9 }], 5],
    ['not another effect’s', [{ key: UNREACHABLE.key, operator: 'Exists', effect: 'NoSchedule' }], 5],
    ['not another value’s', [{ key: UNREACHABLE.key, value: 'x', effect: 'NoExecute', tolerationSeconds: 9 }], 5],
  ])('is %s', (_what, tolerations, expected) => {
    const steps = given(...onSilentNode({ tolerations }));
    expect(toleratedSeconds(steps.when(lost).thenEvents('PodNodeLost'), steps)).toBe(expected);
  });

  test('without seconds it is for ever', () => {
    expect(
      evictAt(
        given(...onSilentNode({ tolerations: [UNREACHABLE] }))
          .when(lost)
          .thenEvents('PodNodeLost'),
      ),
    ).toBeUndefined();
  });
});

describe('eviction', () => {
  test.each([
    ['running', {}],
    ['bound', TWO],
  ])('a %s pod is evicted when its time has come: deleted, with its reason', (_state, spec) => {
    const then = given(...onSilentNode(spec), lost, later(5000))
      .when(expired)
      .thenEvents('PodEvicted', { type: 'PodDeletionRequested', data: { gracePeriodSeconds: 30 } });
    expect(statusAfter(then).reason).toBe('NodeLost');
    expect(evictAt(then)).toBeUndefined();
    given(...onSilentNode(spec), lost, later(5000), expired)
      .when(expired)
      .thenUnchanged();
  });

  test('the pod goes once its node is back and has cleaned up', () => {
    given(...onSilentNode(), lost, later(5000), expired, heard)
      .when(cleaned)
      .thenEvents('PodRemoved');
  });

  test('a pod without grace goes at once, unless a finalizer holds it', () => {
    const spec = { terminationGracePeriodSeconds: 0 };
    given(...onSilentNode(spec), lost, later(5000))
      .when(expired)
      .thenEvents('PodEvicted', 'PodRemoved');
    const held = [...onSilentNode(spec, { ...OWNED, ...HELD }), lost, later(5000)];
    given(...held)
      .when(expired)
      .thenEvents('PodEvicted', 'PodDeletionRequested');
    given(...held, expired)
      .when(unheld)
      .thenEvents('PodChanged', 'PodRemoved');
  });

  test('not before its time', () => {
    given(...onSilentNode(), lost, later(4999))
      .when(expired)
      .thenRefused('Conflict', 'not due yet');
  });

  test('not once its node is heard again', () => {
    given(...onSilentNode(), lost, later(5000), heard)
      .when(expired)
      .thenRefused('Conflict', 'node "n1" is heard again');
    given(...onSilentNode(), lost, heard, returned, later(5000))
      .when(expired)
      .thenUnchanged();
  });

  test('another deadline is none of a pod’s', () => {
    given(...onSilentNode(), lost, later(5000))
      .when(web('expire', { deadline: 'other' }))
      .thenUnchanged();
  });

  test('a bare pod is not moved, ever, and says why', () => {
    const then = given(...onSilentNode({}, {}))
      .when(lost)
      .thenEvents({ type: 'PodNodeLost', data: {} });
    expect(evictAt(then)).toBeUndefined();
    expect(statusAfter(then).message).toContain('is not moved, because no controller would replace it');
  });

  test('nor one whose controller let go of it meanwhile', () => {
    const released = web('patch', { patch: { metadata: { ownerReferences: null } } });
    const then = given(...onSilentNode(), lost, released, later(5000))
      .when(expired)
      .thenEvents('PodNodeLost');
    expect(evictAt(then)).toBeUndefined();
    expect(statusAfter(then).message).toContain('is not moved');
  });
});

describe('a node that returns', () => {
  test.each([
    ['running', {}, 'True'],
    ['bound', TWO, 'False'],
  ])('gives a %s pod back what its containers make of it', (_state, spec, ready) => {
    const then = given(...onSilentNode(spec), lost, heard)
      .when(returned)
      .thenEvents('PodNodeReturned');
    expect(condition(then, 'Ready')?.status).toBe(ready);
    expect(statusAfter(then).reason).toBeUndefined();
    expect(statusAfter(then).message).toBeUndefined();
    expect(evictAt(then)).toBeUndefined();
  });

  test('is no news to a pod that was not lost', () => {
    given(node(), created(), bound).when(returned).thenUnchanged();
  });
});
