// Undelete: a deleted object is made anew as it was before anybody asked for its deletion, and says whom it replaces.
import { describe, expect, test } from 'vitest';
import { reconcilers } from '../../machines/index.ts';
import type { PodContext } from '../../machines/pod/index.ts';
import { CONTENTS_PAGE } from '../../src/history/answers/undelete-contents.ts';
import { UNDELETED_FROM } from '../../src/history/undelete.ts';
import { failure, PastCell } from '../support/past-cell.ts';
import { bind, cleanUp, createPod, deletePod, pods, registerNode, run, webManifest } from '../support/workload.ts';

describe('an undelete', () => {
  test('creates the object anew, under another uid that names the old one, caused by the removal', () => {
    const past = new PastCell();
    const manifest = { data: { a: '1' }, metadata: { labels: { app: 'web' }, annotations: { note: 'x' } } };
    past.create('ConfigMap', 'settings', manifest);
    const last = past.patch('ConfigMap', 'settings', { data: { a: '2' } });
    const { uid } = past.cell.get('ConfigMap', 'settings');
    const removal = past.delete('ConfigMap', 'settings');
    expect(past.carryOut(past.undelete('ConfigMap', 'settings'))).toMatchObject({ outcome: 'accepted' });
    const made = past.cell.get('ConfigMap', 'settings');
    expect(made.uid).not.toBe(uid);
    expect(made.context).toMatchObject({
      data: { a: '2' },
      metadata: { labels: { app: 'web' }, annotations: { note: 'x', [UNDELETED_FROM]: uid } },
    });
    expect(past.cell.changes.at(-1)?.commit).toMatchObject({
      verb: 'create',
      cause: removal,
      correlation: removal,
      reason: `undeleted: as it was at revision ${last}, before its removal at revision ${removal} (2026-01-01T00:00:04Z)`,
    });
  });

  test('tells what would be made, without a uid or a time it does not have yet', () => {
    const past = new PastCell();
    past.create('ConfigMap', 'settings', { data: { a: '1' } });
    const removal = past.delete('ConfigMap', 'settings');
    const plan = past.undelete('ConfigMap', 'settings');
    expect(plan).toMatchObject({ before: null, source: removal - 1, notes: [], after: { data: { a: '1' } } });
    expect(Object.keys(plan.after?.metadata ?? {})).toEqual(['name', 'namespace', 'annotations']);
    expect(past.revision).toBe(removal);
  });

  test('takes what was there before the deletion was asked for, not what became of it on its way out', () => {
    const past = new PastCell();
    registerNode(past.cell, 'n1');
    createPod(past.cell, 'one', { labels: { app: 'web' }, finalizers: ['example.com/a'] });
    run(past.cell, 'one', 'n1');
    deletePod(past.cell, 'one', 30);
    past.patch('Pod', 'one', { metadata: { labels: { dying: 'yes' }, finalizers: null } });
    cleanUp(past.cell, 'one');
    expect(past.cell.find('Pod', 'one')).toBeUndefined();
    const plan = past.undelete('Pod', 'one');
    past.carryOut(plan);
    const { metadata, spec, status } = past.cell.get<PodContext>('Pod', 'one').context;
    expect(metadata.labels).toEqual({ app: 'web' });
    expect(metadata.finalizers).toEqual(['example.com/a']);
    expect(spec.nodeName).toBeUndefined();
    expect(status.phase).toBe('Pending');
  });

  test('keeps a node that a pod was made for', () => {
    const past = new PastCell();
    registerNode(past.cell, 'n1');
    const spec = { nodeName: 'n1', containers: [{ name: 'main', image: 'demo:1' }] };
    past.create('Pod', 'pinned', { spec });
    bind(past.cell, 'pinned', 'n1');
    deletePod(past.cell, 'pinned', 0);
    past.carryOut(past.undelete('Pod', 'pinned'));
    expect(past.cell.get('Pod', 'pinned').context).toMatchObject({ spec: { nodeName: 'n1' } });
  });

  test('of a controller has its pods made anew by it', () => {
    const past = new PastCell();
    past.create('ReplicationController', 'web', webManifest());
    past.cell.settle(reconcilers);
    const before = pods(past.cell).map(({ uid }) => uid);
    past.delete('ReplicationController', 'web');
    past.cell.settle(reconcilers);
    expect(pods(past.cell)).toEqual([]);
    past.carryOut(past.undelete('ReplicationController', 'web'));
    past.cell.settle(reconcilers);
    expect(pods(past.cell)).toHaveLength(3);
    expect(pods(past.cell).filter(({ uid }) => before.includes(uid))).toEqual([]);
  });

  test('of several lives takes the newest, or the one that is chosen by uid or revision', () => {
    const past = new PastCell();
    const uids = ['first', 'second'].map((data) => {
      past.create('ConfigMap', 'settings', { data: { data } });
      const { uid } = past.cell.get('ConfigMap', 'settings');
      past.delete('ConfigMap', 'settings');
      return uid;
    });
    const dataOf = (...choice: Parameters<PastCell['undelete']>) => past.undelete(...choice).after?.['data'];
    expect(dataOf('ConfigMap', 'settings')).toEqual({ data: 'second' });
    expect(dataOf('ConfigMap', 'settings', { uid: uids[0]! })).toEqual({ data: 'first' });
    expect(dataOf('ConfigMap', 'settings', { revision: 2 })).toEqual({ data: 'first' });
    expect(past.undelete('ConfigMap', 'settings', { revision: 2 }).command?.cause).toBe(3);
    expect(failure(() => past.undelete('ConfigMap', 'settings', { revision: 2, uid: uids[1]! })).message).toBe(
      `at revision 2 (2026-01-01T00:00:02Z) configmaps "settings" was of uid ${uids[0]}`,
    );
  });

  test('keeps the owners that are there still, the same ones, and says of the others that they are gone', () => {
    const past = new PastCell();
    const references = ['stays', 'goes'].map((name) => {
      past.create('ConfigMap', name);
      return { apiVersion: 'v1', kind: 'ConfigMap', name, uid: past.cell.get('ConfigMap', name).uid };
    });
    past.create('ConfigMap', 'owned', { metadata: { ownerReferences: references } });
    past.delete('ConfigMap', 'owned');
    past.delete('ConfigMap', 'goes');
    past.create('ConfigMap', 'goes');
    const plan = past.undelete('ConfigMap', 'owned');
    expect(plan.notes).toEqual(['its owner ConfigMap goes is gone, so it comes back without that owner']);
    past.carryOut(plan);
    expect(past.cell.get('ConfigMap', 'owned').context.metadata.ownerReferences).toEqual(references.slice(0, 1));
  });

  test('says of a pod whose controller is there that it may be one too many', () => {
    const past = new PastCell();
    past.create('ReplicationController', 'web', webManifest());
    past.cell.settle(reconcilers);
    const [{ name } = { name: '' }] = pods(past.cell);
    past.delete('Pod', name);
    expect(past.undelete('Pod', name).notes).toEqual([
      'ReplicationController web controls it: where another took its place, one of them is removed',
    ]);
  });

  test('into a namespace that is gone is refused, and the plan says so beforehand', () => {
    const past = new PastCell();
    past.create('Namespace', 'shop');
    past.accept({
      kind: 'ConfigMap',
      namespace: 'shop',
      name: 'a',
      verb: 'create',
      arguments: { manifest: { metadata: {} } },
    });
    past.delete('Namespace', 'shop');
    past.cell.settle(reconcilers);
    const plan = past.answers.undelete({ kind: 'ConfigMap', namespace: 'shop', name: 'a' });
    expect(plan.refusal).toEqual({ reason: 'NotFound', message: 'namespaces "shop" not found' });
  });
});

describe('an undelete says why there is nothing to bring back', () => {
  test('of an object that is there', () => {
    const past = new PastCell();
    past.create('ConfigMap', 'settings');
    const { uid } = past.cell.get('ConfigMap', 'settings');
    expect(failure(() => past.undelete('ConfigMap', 'settings'))).toEqual({
      reason: 'BadRequest',
      message: `configmaps "settings" already exists: its uid is ${uid}; "rollback configmap/settings --to REVISION" makes it what it was`,
    });
  });

  test('of an object that is being deleted', () => {
    const past = new PastCell();
    past.create('ConfigMap', 'settings', { metadata: { finalizers: ['example.com/a'] } });
    past.delete('ConfigMap', 'settings');
    expect(failure(() => past.undelete('ConfigMap', 'settings')).message).toBe(
      'configmaps "settings" is still being deleted; undelete it once it is gone',
    );
  });

  test('of an object, a uid or a revision that never was', () => {
    const past = new PastCell();
    past.create('ConfigMap', 'settings');
    const { uid } = past.cell.get('ConfigMap', 'settings');
    past.delete('ConfigMap', 'settings');
    const why = (...choice: Parameters<PastCell['undelete']>) => failure(() => past.undelete(...choice)).message;
    expect(why('ConfigMap', 'none')).toBe('configmaps "none" not found: nothing of that name was ever there');
    expect(why('ConfigMap', 'settings', { uid: 'x' })).toBe('no object of uid x was ever there');
    expect(why('ConfigMap', 'none', { uid })).toBe(
      `uid ${uid} is that of ConfigMap default/settings, not of ConfigMap default/none`,
    );
    expect(why('ConfigMap', 'settings', { revision: 1 })).toBe(
      'configmaps "settings" did not exist at revision 1 (2026-01-01T00:00:01Z)',
    );
    expect(why('ConfigMap', 'settings', { revision: 99 })).toBe('revision 99 is in the future: the last one is 3');
  });
});

describe('the contents of a deleted namespace', () => {
  test('are what users had made in it, what pods look at first, in pages', () => {
    const past = new PastCell();
    past.create('ReplicationController', 'web', webManifest());
    past.cell.settle(reconcilers);
    createPod(past.cell, 'alone', { labels: {} });
    for (let number = 0; number <= CONTENTS_PAGE; number++) past.create('ConfigMap', `map-${number}`);
    past.create('ConfigMap', 'leaving', { metadata: { finalizers: ['example.com/a'] } });
    past.delete('ConfigMap', 'leaving');
    const names: string[] = [];
    let after: { readonly kind: string; readonly name: string } | undefined;
    let answers = 0;
    do {
      const query = { namespace: 'default', revision: past.revision, ...(after ? { after } : {}) };
      const answer = past.answers['undelete-contents'](query);
      names.push(...answer.keys.map(({ kind, name }) => `${kind}/${name}`));
      after = answer.next;
      answers++;
    } while (after !== undefined);
    expect(names.filter((name) => name.startsWith('ConfigMap/map-'))).toHaveLength(CONTENTS_PAGE + 1);
    expect(names.slice(CONTENTS_PAGE + 1)).toEqual(['ReplicationController/web', 'Pod/alone']);
    expect(answers).toBe(4);
  });
});
