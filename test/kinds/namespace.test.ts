/** Rules of the Namespace kind and of the controller that empties namespaces, and what every cell begins with. */
import { describe, expect, test } from 'vitest';
import { bootstrapCommands, kinds, renderManifest, settingsOf, type Kind } from '../../machines/index.ts';
import { NAMESPACE_BURST, namespaceReconciler, type NamespaceContext } from '../../machines/namespace/index.ts';
import { Cell } from '../support/cell.ts';

const reconciler = namespaceReconciler([...kinds.values()]);
const key = { kind: 'Namespace', namespace: '', name: 'team' };
const team = (verb: string, args: object = {}) => ({ kind: 'Namespace', name: 'team', verb, arguments: args });

function withTeam(metadata: object = {}): Cell {
  const cell = Cell.begin();
  cell.create('Namespace', { metadata: { name: 'team', ...metadata } });
  return cell;
}

function phase(cell: Cell): string {
  return cell.get<NamespaceContext>('Namespace', 'team').context.status.phase;
}

describe('a namespace', () => {
  test('is Active, carries its name as a label and the finalizer that keeps it until it is empty', () => {
    const record = withTeam({ labels: { a: 'b' } }).get('Namespace', 'team');
    expect(renderManifest(kinds.get('Namespace') as Kind, record)).toMatchObject({
      metadata: { labels: { a: 'b', 'kubernetes.io/metadata.name': 'team' } },
      spec: { finalizers: ['kubernetes'] },
      status: { phase: 'Active' },
    });
  });

  test('keeps its name label and its finalizer through a replacement', () => {
    const cell = withTeam();
    const manifest = { metadata: { name: 'team', labels: { a: 'b' } }, spec: { finalizers: [] } };
    cell.accept(team('replace', { manifest }));
    const { metadata, spec } = cell.get<NamespaceContext>('Namespace', 'team').context;
    expect(metadata.labels).toEqual({ a: 'b', 'kubernetes.io/metadata.name': 'team' });
    expect(spec.finalizers).toEqual(['kubernetes']);
  });

  test('has a name of one label', () => {
    const manifest = { metadata: { name: 'a.b' } };
    const refusal = Cell.begin().refusal({ ...team('create', { manifest }), name: 'a.b' });
    expect(refusal.message).toContain('a lowercase RFC 1123 label');
  });

  test.each(['default', 'kube-system'])('%s may not be deleted', (name) => {
    const refusal = Cell.begin().refusal({ kind: 'Namespace', name, verb: 'delete' });
    expect(refusal).toEqual({
      reason: 'Forbidden',
      message: `namespaces "${name}" is forbidden: this namespace may not be deleted`,
    });
  });

  test('shows phase and age', () => {
    const cell = withTeam();
    const record = cell.get('Namespace', 'team');
    const cells = kinds.get('Namespace')?.columns.map((column) => column.cell(record, cell.now + 61_000));
    expect(cells).toEqual(['team', 'Active', '61s']);
  });
});

describe('deleting a namespace', () => {
  test('makes it Terminating, refuses new content, deletes what is in it, then it goes', () => {
    const cell = withTeam();
    const from = cell.changes.length;
    cell.create('ConfigMap', { metadata: { name: 'a' } }, { namespace: 'team' });
    cell.create('ConfigMap', { metadata: { name: 'b' } }, { namespace: 'team' });
    cell.create('ConfigMap', { metadata: { name: 'c' } });
    cell.accept(team('delete'));
    expect(phase(cell)).toBe('Terminating');
    const manifest = { metadata: { name: 'late' } };
    const refusal = cell.refusal({
      kind: 'ConfigMap',
      namespace: 'team',
      name: 'late',
      verb: 'create',
      arguments: { manifest },
    });
    expect(refusal.message).toContain('because it is being terminated');
    cell.settle([reconciler], from);
    expect(cell.find('Namespace', 'team')).toBeUndefined();
    expect(cell.list('ConfigMap').map(({ name }) => name)).toEqual(['c']);
  });

  test('waits for an object that a finalizer holds', () => {
    const cell = withTeam();
    cell.create('ConfigMap', { metadata: { name: 'a', finalizers: ['x.io/y'] } }, { namespace: 'team' });
    cell.accept(team('delete'));
    cell.settle([reconciler]);
    expect(phase(cell)).toBe('Terminating');
    const patch = { metadata: { finalizers: [] } };
    cell.accept({ kind: 'ConfigMap', namespace: 'team', name: 'a', verb: 'patch', arguments: { patch } });
    expect(cell.observed(reconciler)).toEqual([key]);
    cell.settle([reconciler]);
    expect(cell.find('Namespace', 'team')).toBeUndefined();
  });

  test('deletes at most a burst in one pass and comes back for the rest', () => {
    const cell = withTeam();
    for (let index = 0; index <= NAMESPACE_BURST; index++)
      cell.create('ConfigMap', { metadata: { name: `c${index}` } }, { namespace: 'team' });
    cell.accept(team('delete'));
    const { commands, requeueAfterMs } = cell.reconcile(reconciler, key);
    expect(commands).toHaveLength(NAMESPACE_BURST);
    expect(requeueAfterMs).toBe(1);
    cell.settle([reconciler]);
    expect(cell.find('Namespace', 'team')).toBeUndefined();
  });

  test('every deletion names the namespace as its cause', () => {
    const cell = withTeam();
    cell.create('ConfigMap', { metadata: { name: 'a' } }, { namespace: 'team' });
    cell.accept(team('delete'));
    const { revision } = cell.get('Namespace', 'team');
    expect(cell.reconcile(reconciler, key).commands).toEqual([
      expect.objectContaining({ cause: revision, reason: expect.stringContaining('ConfigMap team/a') }),
    ]);
  });

  test('an active namespace is left alone, and so is one that is gone', () => {
    const cell = withTeam();
    expect(cell.observed(reconciler)).toEqual([]);
    expect(cell.reconcile(reconciler, key).commands).toEqual([]);
    expect(cell.reconcile(reconciler, { ...key, name: 'nowhere' }).commands).toEqual([]);
    cell.create('ConfigMap', { metadata: { name: 'a' } }, { namespace: 'team' });
    cell.accept({ kind: 'ConfigMap', namespace: 'team', name: 'a', verb: 'delete' });
    expect(cell.observed(reconciler)).toEqual([]);
  });

  test('a finalizer in its metadata holds it after it is empty; it can still be changed, and asked again', () => {
    const cell = withTeam({ finalizers: ['x.io/y'] });
    cell.accept(team('delete'));
    cell.accept(team('patch', { patch: { metadata: { labels: { a: 'b' } } } }));
    cell.accept(team('delete', { propagationPolicy: 'Foreground' }));
    cell.settle([reconciler]);
    expect(cell.get<NamespaceContext>('Namespace', 'team').context.spec).toEqual({});
    expect(cell.send(team('finalize')).outcome).toBe('unchanged');
    cell.accept(team('delete', { propagationPolicy: 'Orphan' }));
    cell.accept(team('patch', { patch: { metadata: { finalizers: ['orphan'] } } }));
    cell.accept(team('patch', { patch: { metadata: { finalizers: [] } } }));
    expect(cell.find('Namespace', 'team')).toBeUndefined();
  });

  test('losing its metadata finalizers does not let it go before it is empty', () => {
    const cell = withTeam({ finalizers: ['x.io/y'] });
    cell.create('ConfigMap', { metadata: { name: 'a' } }, { namespace: 'team' });
    cell.accept(team('delete'));
    cell.accept(team('patch', { patch: { metadata: { finalizers: [] } } }));
    expect(phase(cell)).toBe('Terminating');
  });

  test('finalize is refused while nobody asked for the deletion', () => {
    expect(withTeam().refusal(team('finalize')).message).toContain('it is not being deleted');
  });
});

describe('a new cell', () => {
  test('has its namespaces and its configuration', () => {
    const cell = Cell.begin();
    expect(cell.list('Namespace').map(({ name }) => name)).toEqual(['default', 'kube-system']);
    expect(settingsOf(cell.state)).toEqual({
      commandHorizon: 200_000,
      nodeSilenceSeconds: 10,
      evictionTolerationSeconds: 5,
      checkpointEntries: 10_000,
      snapshotEntries: 50_000,
      snapshotsKept: 2,
    });
  });

  test('is not changed by beginning again', () => {
    const cell = Cell.begin();
    const { revision } = cell.state;
    for (const draft of bootstrapCommands()) cell.submit({ ...draft, actor: 'system:bootstrap' });
    expect(cell.state.revision).toBe(revision);
  });
});
