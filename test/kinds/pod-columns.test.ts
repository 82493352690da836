/** The table of pods: every word as Kubernetes' printer computes it. */
import { describe, expect, test } from 'vitest';
import { pod } from '../../machines/pod/index.ts';
import { given, later, type Step, type Then } from '../support/given.ts';
import {
  bound,
  created,
  ended,
  expired,
  givenUp,
  HELD,
  lost,
  node,
  podAfter,
  reported,
  running,
  seen,
  silent,
  terminated,
  TWO,
  waiting,
  web,
} from '../support/pod.ts';

function cells(then: Then): Record<string, string> {
  const record = podAfter(then);
  return Object.fromEntries(pod.columns.map(({ name, cell }) => [name, cell(record, then.cell.now)]));
}

const one = [node(), created(), bound];
const owned = {
  ownerReferences: [{ apiVersion: 'v1', kind: 'ReplicationController', name: 'web', uid: 'u', controller: true }],
};
const never = { restartPolicy: 'Never' };

function ending(state: object) {
  return seen({ ...terminated(1), state: { terminated: { ...ended(10, 3), ...state } } });
}

describe('the column STATUS says', () => {
  const cases: readonly (readonly [string, readonly [...Step[], ReturnType<typeof web>]])[] = [
    ['Pending', [created()]],
    ['ContainerCreating', [node(), created(), bound]],
    ['ErrImagePull', [...one, seen(waiting(1, 'ErrImagePull'))]],
    ['ImagePullBackOff', [...one, seen(waiting(1, 'ImagePullBackOff'))]],
    ['CrashLoopBackOff', [...one, seen(waiting(1, 'CrashLoopBackOff', { lastTerminated: ended(5, 1) }))]],
    ['Running', [...one, seen(running(1))]],
    ['Error', [...one, seen(terminated(1, 1))]],
    ['OOMKilled', [...one, ending({ reason: 'OOMKilled' })]],
    ['ExitCode:3', [...one, ending({ reason: '' })]],
    ['Signal:9', [...one, ending({ reason: '', signal: 9 })]],
    ['Completed', [node(), created(never), bound, seen(terminated(1))]],
    ['Evicted', [...one, givenUp]],
    ['NodeLost', [...one, seen(running(1)), silent, lost]],
    ['Terminating', [...one, seen(running(1)), web('delete')]],
    ['Unknown', [node(), created({}, owned), bound, silent, lost, later(5000), expired]],
    ['Completed', [node(), created(never, HELD), bound, seen(terminated(1)), web('delete')]],
    ['NotReady', [node(), created({ ...TWO, ...never }), bound, seen(terminated(1), running(1, { name: 'side' }))]],
  ];

  test.each(cases)('%s', (word, [...steps]) => {
    const [command, ...before] = steps.toReversed();
    const then = given(...before.toReversed()).when(command as ReturnType<typeof web>);
    expect(cells(then)['STATUS']).toBe(word);
  });

  test('what the first container has to say', () => {
    const then = given(node(), created(TWO), bound).when(
      seen(waiting(1, 'First'), waiting(1, 'Second', { name: 'side' })),
    );
    expect(cells(then)['STATUS']).toBe('First');
  });
});

test('READY counts ready containers of all', () => {
  expect(cells(given().when(created(TWO)))['READY']).toBe('0/2');
  expect(cells(given(node(), created(TWO), bound).when(seen(running(1))))['READY']).toBe('1/2');
});

test('RESTARTS says how often, and how long ago', () => {
  const ran = seen(running(1, { attempt: 3, lastTerminated: ended(10, 1) }));
  expect(cells(given(...one).when(later(130_000), ran))['RESTARTS']).toBe('3 (2m ago)');
  expect(cells(given(...one).when(seen(running(1))))['RESTARTS']).toBe('0');
});

test('AGE, IP and NODE are those of the pod, with the port where it has none of its own', () => {
  const sandbox = { attempt: 0, podIP: '10.1.0.1' };
  const then = given(...one).when(later(45_000), reported({ sandbox }));
  expect(cells(then)).toMatchObject({
    NAME: 'web',
    AGE: '45s',
    IP: '10.1.0.1',
    NODE: 'n1',
    'NOMINATED NODE': '<none>',
  });
  expect(cells(given().when(created()))).toMatchObject({ IP: '<none>', NODE: '<none>', 'READINESS GATES': '<none>' });
  const shared = { attempt: 0, podIP: '127.0.0.1', assignedPort: 4000 };
  expect(cells(given(...one).when(reported({ sandbox: shared })))['IP']).toBe('127.0.0.1:4000');
  expect(cells(given(...one).when(reported({ sandbox: { attempt: 0, assignedPort: 4000 } })))['IP']).toBe(':4000');
});
