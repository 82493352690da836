// Rollback: an object is made what it was, by a command that says so and that yields to whoever was faster.
import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { asWritten, kinds, type ObjectRecord } from '../../machines/index.ts';
import { UNDONE_COMMITS_MAX } from '../../src/history/rollback.ts';
import { failure, PastCell } from '../support/past-cell.ts';
import { bind, createPod, registerNode, webManifest } from '../support/workload.ts';

const cellOf = (data: object) => {
  const past = new PastCell();
  const first = past.create('ConfigMap', 'settings', { data });
  return { past, first };
};

describe('a rollback', () => {
  test('makes data, labels and annotations what they were', () => {
    const { past, first } = cellOf({ a: '1', b: '2' });
    past.patch('ConfigMap', 'settings', { data: { a: '3', b: null, c: '4' }, metadata: { labels: { new: 'yes' } } });
    expect(past.carryOut(past.rollback('ConfigMap', 'settings', first))).toMatchObject({ outcome: 'accepted' });
    const { context } = past.cell.get('ConfigMap', 'settings');
    expect(context).toMatchObject({ data: { a: '1', b: '2' } });
    expect(context.metadata.labels).toBeUndefined();
  });

  test('is a replace whose cause is the newest change it undoes, whose chain goes on, and whose reason names them all', () => {
    const { past, first } = cellOf({ a: '1' });
    const oldest = past.patch('ConfigMap', 'settings', { data: { a: '2' } });
    const undone = past.patch('ConfigMap', 'settings', { data: { a: '3' } });
    past.carryOut(past.rollback('ConfigMap', 'settings', first));
    expect(past.cell.changes.at(-1)?.commit).toMatchObject({
      verb: 'replace',
      cause: undone,
      correlation: undone,
      reason: `rolled back to revision ${first} (2026-01-01T00:00:02Z), undoing 2 changes, revisions ${oldest} to ${undone}`,
    });
  });

  test('tells what the object would be, without doing anything', () => {
    const { past, first } = cellOf({ a: '1' });
    const last = past.patch('ConfigMap', 'settings', { data: { a: '2' } });
    const plan = past.rollback('ConfigMap', 'settings', first);
    expect(plan).toMatchObject({ source: first, before: { data: { a: '2' } }, after: { data: { a: '1' } } });
    expect(past.revision).toBe(last);
  });

  test('of what is so already is no command', () => {
    const { past, first } = cellOf({ a: '1' });
    expect(past.rollback('ConfigMap', 'settings', first)).not.toHaveProperty('command');
    past.patch('ConfigMap', 'settings', { data: { a: '2' } });
    past.patch('ConfigMap', 'settings', { data: { a: '1' } });
    expect(past.rollback('ConfigMap', 'settings', first)).not.toHaveProperty('command');
  });

  test('is refused with Conflict when somebody changed the object since', () => {
    const { past, first } = cellOf({ a: '1' });
    past.patch('ConfigMap', 'settings', { data: { a: '2' } });
    const plan = past.rollback('ConfigMap', 'settings', first);
    past.patch('ConfigMap', 'settings', { data: { a: '3' } });
    expect(past.carryOut(plan)).toMatchObject({ outcome: 'refused', refusal: { reason: 'Conflict' } });
  });

  test('over a field that may not change is refused by that field, and the plan says so beforehand', () => {
    const { past, first } = cellOf({ a: '1' });
    past.patch('ConfigMap', 'settings', { data: { a: '2' }, immutable: true });
    const plan = past.rollback('ConfigMap', 'settings', first);
    const message = expect.stringContaining('data: Forbidden: field is immutable when `immutable` is set') as unknown;
    expect(plan).toMatchObject({ refusal: { reason: 'Invalid', message } });
    expect(plan.after).toEqual(plan.before);
    expect(past.carryOut(plan)).toMatchObject({ outcome: 'refused', refusal: { reason: 'Invalid', message } });
  });

  test('scales a controller back, and leaves its status to it', () => {
    const past = new PastCell();
    const first = past.create('ReplicationController', 'web', webManifest());
    past.accept({ kind: 'ReplicationController', name: 'web', verb: 'scale', arguments: { replicas: 9 } });
    const scaled = past.revision;
    past.accept({
      kind: 'ReplicationController',
      name: 'web',
      verb: 'reportStatus',
      arguments: { replicas: 9, readyReplicas: 2 },
    });
    past.carryOut(past.rollback('ReplicationController', 'web', first));
    expect(past.cell.get('ReplicationController', 'web').context).toMatchObject({
      spec: { replicas: 3 },
      status: { replicas: 9, readyReplicas: 2 },
    });
    const { commit } = past.cell.changes.at(-1)!;
    expect(commit.cause).toBe(scaled);
    expect(commit.events).toMatchObject([{ type: 'ReplicationControllerScaled', data: { from: 9, to: 3 } }]);
  });

  test('leaves a pod on the node that was found for it', () => {
    const past = new PastCell();
    registerNode(past.cell, 'n1');
    createPod(past.cell, 'one');
    const first = past.revision;
    bind(past.cell, 'one', 'n1');
    past.patch('Pod', 'one', { metadata: { labels: { app: 'other' } } });
    past.carryOut(past.rollback('Pod', 'one', first));
    expect(past.cell.get('Pod', 'one').context).toMatchObject({
      metadata: { labels: { app: 'web' } },
      spec: { nodeName: 'n1' },
    });
  });

  test('takes back labels and a cordon of a node, whatever taints it had in between', () => {
    const past = new PastCell();
    registerNode(past.cell, 'n1');
    past.accept({ kind: 'Node', name: 'n1', verb: 'markUnreachable', arguments: { since: 0, silentMs: 9_000 } });
    const silent = past.revision;
    past.accept({ kind: 'Node', name: 'n1', verb: 'markReachable', arguments: {} });
    past.patch('Node', 'n1', { spec: { unschedulable: true }, metadata: { labels: { disk: 'ssd' } } });
    past.carryOut(past.rollback('Node', 'n1', silent));
    const { context } = past.cell.get('Node', 'n1');
    expect(context).toMatchObject({ spec: {} });
    expect(context).not.toHaveProperty('spec.taints');
    expect(context.metadata.labels).not.toHaveProperty('disk');
  });

  test('keeps owners and finalizers as they are: they are agreements about now', () => {
    const past = new PastCell();
    past.create('ConfigMap', 'owner');
    const { uid } = past.cell.get('ConfigMap', 'owner');
    const owner = { apiVersion: 'v1', kind: 'ConfigMap', name: 'owner', uid };
    const first = past.create('ConfigMap', 'owned', { data: { a: '1' }, metadata: { ownerReferences: [owner] } });
    past.patch('ConfigMap', 'owned', {
      data: { a: '2' },
      metadata: { ownerReferences: null, finalizers: ['example.com/a'] },
    });
    past.carryOut(past.rollback('ConfigMap', 'owned', first));
    const { metadata } = past.cell.get('ConfigMap', 'owned').context;
    expect(metadata.ownerReferences).toBeUndefined();
    expect(metadata.finalizers).toEqual(['example.com/a']);
  });

  test('finds its cause among so many commits, and beyond names the last one', () => {
    const past = new PastCell();
    const first = past.create('ReplicationController', 'web', webManifest());
    past.accept({ kind: 'ReplicationController', name: 'web', verb: 'scale', arguments: { replicas: 9 } });
    for (let report = 0; report < UNDONE_COMMITS_MAX; report++) {
      past.accept({
        kind: 'ReplicationController',
        name: 'web',
        verb: 'reportStatus',
        arguments: { replicas: report + 1 },
      });
    }
    expect(past.rollback('ReplicationController', 'web', first).command?.cause).toBe(past.revision);
  });
});

describe('a rollback says what to do instead', () => {
  test('of an object that was deleted', () => {
    const { past, first } = cellOf({ a: '1' });
    const removed = past.delete('ConfigMap', 'settings');
    expect(failure(() => past.rollback('ConfigMap', 'settings', first))).toEqual({
      reason: 'NotFound',
      message: `configmaps "settings" not found: it was removed at revision ${removed}; "undelete configmap/settings --at ${first}" brings it back`,
    });
  });

  test('of an object that is being deleted', () => {
    const { past, first } = cellOf({ a: '1' });
    past.patch('ConfigMap', 'settings', { metadata: { finalizers: ['example.com/a'] } });
    past.delete('ConfigMap', 'settings');
    expect(failure(() => past.rollback('ConfigMap', 'settings', first)).message).toContain(
      'it is being deleted; once it is gone, "undelete configmap/settings" brings it back',
    );
  });

  test('of an object that never was', () => {
    const { past, first } = cellOf({});
    expect(failure(() => past.rollback('ConfigMap', 'none', first))).toEqual({
      reason: 'NotFound',
      message: 'configmaps "none" not found',
    });
  });

  test('to a revision at which it was not there yet', () => {
    const past = new PastCell();
    const before = past.revision;
    const created = past.create('ConfigMap', 'late');
    expect(failure(() => past.rollback('ConfigMap', 'late', before)).message).toBe(
      `configmaps "late" did not exist at revision ${before} (2026-01-01T00:00:01Z): it was created at revision ${created} (2026-01-01T00:00:02Z)`,
    );
  });

  test('to a revision at which another object had its name', () => {
    const { past, first } = cellOf({ a: '1' });
    const { uid } = past.cell.get('ConfigMap', 'settings');
    past.delete('ConfigMap', 'settings');
    past.create('ConfigMap', 'settings');
    const { message } = failure(() => past.rollback('ConfigMap', 'settings', first));
    expect(message).toContain(`was another object, of uid ${uid}`);
    expect(message).toContain(`delete this one, then "undelete configmap/settings --uid ${uid}"`);
  });

  test.each([
    ['a revision in the future', { revision: 1_000 }, 'revision 1000 is in the future: the last one is 2'],
    [
      'a time before the log began',
      { time: 0 },
      '1970-01-01T00:00:00Z is before the log began, at 2026-01-01T00:00:01Z (revision 1)',
    ],
    ['a revision before the first', { revision: 0 }, 'revision 0 is before the log began, at revision 1'],
  ])('to %s', (_, to, message) => {
    const { past } = cellOf({});
    expect(failure(() => past.answers.rollback({ ...past.keyOf('ConfigMap', 'settings'), to }))).toEqual({
      reason: 'BadRequest',
      message,
    });
  });

  test('of a kind there is not, or a namespace that is missing', () => {
    const { past } = cellOf({});
    const to = { revision: 1 };
    expect(failure(() => past.answers.rollback({ kind: 'Wombat', name: 'a', to })).message).toBe(
      'the server doesn\'t have a resource type "Wombat"',
    );
    expect(failure(() => past.answers.rollback({ kind: 'ConfigMap', name: 'a', to })).message).toBe(
      'ConfigMap needs a namespace',
    );
    expect(failure(() => past.answers.rollback({ kind: 'Node', namespace: 'a', name: 'a', to })).message).toBe(
      'Node has no namespace: it is of cluster scope',
    );
  });
});

/** Objects as a message brings them: with a prototype, and with a key `__proto__` of their own. */
function asSent(value: unknown): unknown {
  return JSON.parse(JSON.stringify(value));
}

/** What of an object its users wrote, without the agreements that a rollback leaves alone. */
function usersPart(record: ObjectRecord): object {
  const kind = kinds.get(record.kind);
  if (kind === undefined) throw new Error(`there is no kind ${record.kind}`);
  const { finalizers: _finalizers, ownerReferences: _owners, ...metadata } = asWritten(kind, record).metadata;
  return { ...asWritten(kind, record), metadata };
}

const word = fc.constantFrom('a', 'b', 'c', '', 'x/y');
const labels = fc.dictionary(fc.constantFrom('one', 'constructor', 'example.com/three'), fc.constantFrom('', 'a', 'b'));
const configMapChange = fc.record({
  metadata: fc.record({ labels, annotations: labels }, { requiredKeys: [] }),
  data: fc.dictionary(fc.constantFrom('one', 'toString', '__proto__'), word),
});
const controllerChange = fc
  .record({ replicas: fc.nat(5), image: fc.constantFrom('demo:1', 'demo:2'), labels })
  .map(({ replicas, image, labels: given }) => {
    const { metadata, spec } = webManifest({ replicas }) as { metadata: object; spec: { template: object } };
    const template = { ...spec.template, spec: { containers: [{ name: 'main', image }] } };
    return { metadata: { ...metadata, labels: given }, spec: { ...spec, template } };
  });

test('a rollback to any revision of an object gives exactly what its users had written then', () => {
  fc.assert(
    fc.property(
      fc.array(fc.oneof(configMapChange, controllerChange), { minLength: 1, maxLength: 12 }),
      fc.nat(),
      (changes, choice) => {
        const past = new PastCell();
        past.create('ConfigMap', 'web', { data: { first: '1' } });
        past.create('ReplicationController', 'web', webManifest());
        for (const manifest of changes) {
          const kind = 'spec' in manifest ? 'ReplicationController' : 'ConfigMap';
          past.cell.send({ kind, name: 'web', verb: 'replace', arguments: asSent({ manifest }) });
        }
        for (const kind of ['ConfigMap', 'ReplicationController']) {
          const key = past.keyOf(kind, 'web');
          const revisions = [...past.past.commitsOf(key)].map(({ commit }) => commit.revision);
          const target = revisions[choice % revisions.length] ?? 0;
          const wanted = usersPart(past.past.objectAt(key, target)!);
          past.carryOut(past.rollback(kind, 'web', target));
          expect(usersPart(past.cell.get(kind, 'web'))).toEqual(wanted);
        }
      },
    ),
    { numRuns: 200 },
  );
});
