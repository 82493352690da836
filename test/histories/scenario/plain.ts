/** Plain objects and namespaces: changed often enough for a full image, held by finalizers, owned, deleted, refused. */
import type { Story } from './story.ts';

export function plainObjects(story: Story): void {
  story.create('ConfigMap', { metadata: { name: 'settings', labels: { app: 'web' } }, data: { change: '0' } });
  for (let change = 1; change <= 9; change++) {
    story.wait(1);
    story.patch('ConfigMap', 'settings', { data: { change: String(change), [`key-${change}`]: 'value' } });
  }
  story.patch('ConfigMap', 'settings', { data: { 'key-1': null }, metadata: { labels: { tier: 'front' } } });
  story.expectOutcome('unchanged', {
    kind: 'ConfigMap',
    name: 'settings',
    verb: 'patch',
    arguments: { patch: { data: { change: '9' } } },
  });
  story.create('ConfigMap', { metadata: { generateName: 'made-' }, data: { a: 'b' } });
  story.create('ConfigMap', { metadata: { name: 'passing' } });
  story.tell('ConfigMap', 'passing', 'delete');
  heldByFinalizer(story);
  owned(story);
  refused(story);
  story.patch('CellConfiguration', 'cell', { spec: { evictionTolerationSeconds: 7 } });
}

function heldByFinalizer(story: Story): void {
  story.create('ConfigMap', { metadata: { name: 'held', finalizers: ['example.com/hold'] } });
  story.tell('ConfigMap', 'held', 'delete');
  story.patch('ConfigMap', 'held', { data: { still: 'here' } });
  story.tell('ConfigMap', 'held', 'delete', { propagationPolicy: 'Foreground' });
  story.settle();
  story.patch('ConfigMap', 'held', { metadata: { finalizers: [] } });
}

function owned(story: Story): void {
  const owner = story.create('ConfigMap', { metadata: { name: 'owner' } });
  const ownerReferences = [{ apiVersion: 'v1', kind: 'ConfigMap', name: 'owner', uid: owner.uid }];
  story.create('ConfigMap', { metadata: { name: 'dependent', ownerReferences } });
  story.tell('ConfigMap', 'owner', 'delete');
  story.settle();
}

function refused(story: Story): void {
  const settings = { kind: 'ConfigMap', name: 'settings' };
  const manifest = { metadata: { name: 'settings' } };
  story.expectOutcome('refused', { ...settings, verb: 'create', arguments: { manifest } });
  story.expectOutcome('refused', { ...settings, name: 'nowhere', verb: 'delete' });
  story.expectOutcome('refused', { ...settings, verb: 'patch', arguments: { patch: { dta: {} } } });
  story.expectOutcome('refused', { ...settings, verb: 'delete', preconditions: { revision: 1 } });
  story.expectOutcome('refused', { kind: 'Unheard', name: 'of', verb: 'create' });
}

export function namespaces(story: Story): void {
  story.create('Namespace', { metadata: { name: 'team', labels: { floor: '3' }, finalizers: ['example.com/audit'] } });
  story.patch('Namespace', 'team', { metadata: { annotations: { 'example.com/owner': 'ada' } } });
  for (const name of ['a', 'b', 'c']) story.create('ConfigMap', { metadata: { name } }, { namespace: 'team' });
  story.tell('Namespace', 'team', 'delete');
  story.patch('Namespace', 'team', { metadata: { labels: { floor: null } } });
  story.tell('Namespace', 'team', 'delete', { propagationPolicy: 'Foreground' });
  story.expectOutcome('refused', {
    kind: 'ConfigMap',
    namespace: 'team',
    name: 'late',
    verb: 'create',
    arguments: { manifest: { metadata: { name: 'late' } } },
  });
  story.settle();
  story.patch('Namespace', 'team', { metadata: { labels: { floor: '4' } } });
  story.patch('Namespace', 'team', { metadata: { finalizers: [] } });
  story.expectOutcome('refused', { kind: 'Namespace', name: 'default', verb: 'delete' });
  story.create('Namespace', { metadata: { name: 'staying' } });
}

function created(name: string) {
  const manifest = { metadata: { name }, data: { name } };
  return { kind: 'ConfigMap', name, verb: 'create', arguments: { manifest } };
}

function patched(name: string, data: object) {
  return { kind: 'ConfigMap', name, verb: 'patch', arguments: { patch: { data } } };
}

/** Eight commands in one entry, three of them refused or for nothing, and an entry of none. */
export function queued(story: Story): void {
  story.together([
    created('queued-1'),
    created('queued-2'),
    patched('queued-1', { name: 'renamed' }),
    created('queued-1'),
    patched('queued-2', { name: 'queued-2' }),
    { kind: 'ConfigMap', name: 'queued-2', verb: 'delete' },
    patched('queued-2', { too: 'late' }),
    created('queued-2'),
  ]);
  story.together([]);
}
