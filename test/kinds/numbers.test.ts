/** Numbers that a calendar or JSON cannot write are refused or shown as the nearest that they can: they stop nobody. */
import { expect, test } from 'vitest';
import { timestamp } from '../../machines/metadata.ts';
import { Cell } from '../support/cell.ts';
import { bind, createPod, registerNode } from '../support/workload.ts';

const HUGE = [1e21, 1e308, Number.MAX_SAFE_INTEGER];

test.each([
  [0, '1970-01-01T00:00:00Z'],
  [-1e300, '1970-01-01T00:00:00Z'],
  [253_402_300_799_999, '9999-12-31T23:59:59Z'],
  [1e300, '9999-12-31T23:59:59Z'],
  [Number.POSITIVE_INFINITY, '9999-12-31T23:59:59Z'],
])('the time %d is %s', (unixMs, text) => {
  expect(timestamp(unixMs)).toBe(text);
});

test.each(HUGE)('a grace of %d seconds is refused, in the manifest and in the deletion', (seconds) => {
  const cell = Cell.begin();
  const spec = { containers: [{ name: 'main', image: 'demo:1' }], terminationGracePeriodSeconds: seconds };
  const create = { kind: 'Pod', name: 'a', verb: 'create', arguments: { manifest: { metadata: { name: 'a' }, spec } } };
  expect(cell.refusal(create)).toMatchObject({
    reason: 'Invalid',
    message: expect.stringContaining('spec.terminationGracePeriodSeconds: Invalid value'),
  });
  createPod(cell, 'b');
  const remove = { kind: 'Pod', name: 'b', verb: 'delete', arguments: { gracePeriodSeconds: seconds } };
  expect(cell.refusal(remove)).toMatchObject({ reason: 'Invalid' });
});

test.each(HUGE)('a toleration of %d seconds is refused', (tolerationSeconds) => {
  const cell = Cell.begin();
  const tolerations = [
    { key: 'node.kubernetes.io/unreachable', operator: 'Exists', effect: 'NoExecute', tolerationSeconds },
  ];
  const manifest = { metadata: { name: 'a' }, spec: { containers: [{ name: 'main', image: 'demo:1' }], tolerations } };
  expect(cell.refusal({ kind: 'Pod', name: 'a', verb: 'create', arguments: { manifest } })).toMatchObject({
    reason: 'Invalid',
  });
});

test.each([-1e300, ...HUGE, 1.5])('a report of %d as a time stops nobody', (at) => {
  const cell = Cell.begin();
  registerNode(cell, 'n1');
  createPod(cell, 'a');
  bind(cell, 'a', 'n1');
  const report = (number: number, state: object) =>
    cell.send({
      kind: 'Pod',
      name: 'a',
      verb: 'report',
      arguments: {
        node: 'n1',
        sandbox: { attempt: 0, podIP: '10.1.0.1' },
        containers: [{ name: 'main', number, attempt: 0, state, ready: true, image: 'demo:1' }],
      },
    }).outcome;
  expect(report(1, { running: { startedAt: at } })).toBe('accepted');
  const terminated = { exitCode: 1, reason: 'Error', startedAt: at, finishedAt: at };
  expect(report(2, { terminated: { ...terminated, lastLines: '' } })).toBe('accepted');
  expect(report(3, { waiting: { reason: 'CrashLoopBackOff', message: '' } })).toBeTypeOf('string');
});
