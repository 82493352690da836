/** Every event of every kind has a sentence for people, and the ones that matter read as they should. */
import { describe, expect, test } from 'vitest';
import { kinds } from '../../machines/index.ts';
import { samplesOf } from '../support/machine-samples.ts';

const events = [...kinds.values()].flatMap((kind) => {
  const { data } = samplesOf(kind.kind, Object.keys(kind.events));
  return Object.entries(kind.events).map(([type, definition]) => ({
    name: `${kind.kind} ${type}`,
    type,
    definition,
    data,
  }));
});

test('there are kinds with events', () => {
  expect(events.length).toBeGreaterThan(40);
});

test.each(events)('$name is told in a clause without a subject', ({ type, definition, data }) => {
  const sentence = definition.sentence(data[type]);
  expect(sentence).toMatch(/^\S.*\S$/);
  expect(sentence).not.toMatch(/undefined|null|\[object|\.$|\n/);
  expect(typeof (definition.isMinor?.(data[type]) ?? false)).toBe('boolean');
});

function tell(kind: string, type: string, data: unknown): string {
  return kinds.get(kind)?.events[type]?.sentence(data) ?? 'unknown';
}

describe('a container’s end', () => {
  const exited = { container: 'main', number: 1, attempt: 0, finishedAt: 0 };

  test.each([
    [{ exitCode: 0, reason: 'Completed' }, 'container main completed'],
    [{ exitCode: 1, reason: 'Error' }, 'container main exited with code 1'],
    [{ exitCode: 137, reason: 'Error' }, 'container main exited with code 137 (killed by SIGKILL)'],
    [
      { exitCode: 137, signal: 9, reason: 'OOMKilled' },
      'container main exited with code 137 (killed by SIGKILL, OOMKilled)',
    ],
    [{ exitCode: 200, reason: 'Error' }, 'container main exited with code 200 (killed by signal 72)'],
    [
      { exitCode: 2, reason: 'Error', lastLines: 'starting\nno such file: config\n' },
      'container main exited with code 2, last saying "no such file: config"',
    ],
  ])('%o', (data, sentence) => {
    expect(tell('Pod', 'ContainerExited', { ...exited, ...data })).toBe(sentence);
  });
});

describe('a change', () => {
  test('names the fields and their values', () => {
    const patch = { metadata: { labels: { 'app.kubernetes.io/name': 'web', old: null } } };
    expect(tell('Pod', 'PodChanged', { patch })).toBe(
      'changed: metadata.labels[app.kubernetes.io/name] = "web", metadata.labels.old removed',
    );
  });

  test('says how many more there are, and no long values', () => {
    const patch = { data: { a: '1', b: 'x'.repeat(100), c: '3', d: '4', e: '5' } };
    expect(tell('ConfigMap', 'ObjectChanged', { patch })).toBe(
      'changed: data.a = "1", data.b, data.c = "3" and 2 more',
    );
  });

  test('of a node’s schedulability is a cordon', () => {
    expect(tell('Node', 'NodeChanged', { patch: { spec: { unschedulable: true } } })).toBe('cordoned');
    expect(tell('Node', 'NodeChanged', { patch: { spec: { unschedulable: null } } })).toBe('uncordoned');
    expect(tell('Node', 'NodeChanged', { patch: { metadata: { labels: { a: 'b' } } } })).toBe(
      'changed: metadata.labels.a = "b"',
    );
  });
});

test('a deletion says its grace and what holds it', () => {
  const held = { gracePeriodSeconds: 0, finalizers: ['orphan'] };
  expect(tell('Pod', 'PodDeletionRequested', { gracePeriodSeconds: 30 })).toBe('deletion requested with 30 s of grace');
  expect(tell('Pod', 'PodDeletionRequested', held)).toBe('deletion requested, held by orphan');
});

test('a node’s silence says since when, and whether it is everybody’s', () => {
  const silence = { since: Date.UTC(2026, 0, 1, 10, 2, 11), silentMs: 10_000, evictionsSuspended: false };
  expect(tell('Node', 'NodeBecameUnreachable', silence)).toBe('unreachable since 10:02:11');
  expect(tell('Node', 'NodeBecameUnreachable', { ...silence, evictionsSuspended: true })).toContain('most nodes');
});
