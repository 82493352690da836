// What the read model keeps of pods beside their manifests: placement, phase and deadlines, as columns to ask by.
import Database from 'better-sqlite3';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { parseFieldSelector, loadReadModel } from '../../src/read-model/index.ts';
import { CellState } from '../../src/state/cell-state.ts';
import { ProjectedCell, type TestCommand } from './projected-cell.ts';

const OWNER = { apiVersion: 'v1', kind: 'ReplicationController', name: 'web', uid: 'owner-1', controller: true };

let cell: ProjectedCell;
const tell = (name: string, verb: string, args: object): TestCommand => ({ kind: 'Pod', name, verb, arguments: args });
const createPod = (name: string): TestCommand =>
  tell(name, 'create', {
    manifest: {
      metadata: { name, labels: { app: 'web' }, ownerReferences: [OWNER] },
      spec: { containers: [{ name: 'main', image: 'demo:1' }] },
    },
  });
const running = (name: string, node: string): TestCommand => {
  const state = { running: { startedAt: cell.now } };
  const container = { name: 'main', number: 1, attempt: 0, state, ready: true, image: 'demo:1' };
  return tell(name, 'report', { node, sandbox: { attempt: 0, podIP: '10.1.0.1' }, containers: [container] });
};
const registerNode = (name: string): TestCommand => ({
  kind: 'Node',
  namespace: '',
  name,
  verb: 'register',
  arguments: {
    capacity: { cpu: '64', memory: '256Gi', pods: '100' },
    nodeInfo: {
      operatingSystem: 'linux',
      architecture: 'amd64',
      osImage: 'test',
      kernelVersion: '6',
      containerRuntimeVersion: 'hollow://1',
      kubeletVersion: 'v0.1.0',
    },
    addresses: [],
  },
});

beforeAll(async () => {
  cell = await ProjectedCell.start();
  cell.accept(registerNode('n1'), registerNode('n2'));
  cell.accept(...['a', 'b', 'c', 'd'].map(createPod));
  await cell.projected();
  cell.accept(tell('a', 'bind', { node: 'n1' }), tell('b', 'bind', { node: 'n1' }), tell('c', 'bind', { node: 'n2' }));
  cell.accept(running('a', 'n1'));
  await cell.projected();
});
afterAll(() => cell.end());

function podsBy(text: string): string[] {
  const fieldSelector = parseFieldSelector('Pod', text);
  if (typeof fieldSelector === 'string') throw new Error(fieldSelector);
  return cell.queries.listRecords({ kind: 'Pod', fieldSelector }).records.map(({ name }) => name);
}

describe('pods are found', () => {
  test('by their node', () => {
    expect(podsBy('spec.nodeName=n1')).toEqual(['a', 'b']);
    expect(podsBy('spec.nodeName!=n1')).toEqual(['c', 'd']);
  });

  test('by having no node', () => {
    expect(podsBy('spec.nodeName=')).toEqual(['d']);
    expect(podsBy('spec.nodeName!=')).toEqual(['a', 'b', 'c']);
  });

  test('by their phase', () => {
    expect(podsBy('status.phase=Running')).toEqual(['a']);
    expect(podsBy('status.phase!=Running,spec.nodeName=n1')).toEqual(['b']);
  });

  test('by their owner', () => {
    const { records } = cell.queries.listRecords({ kind: 'Pod', ownerUid: OWNER.uid });
    expect(records.map(({ name }) => name)).toEqual(['a', 'b', 'c', 'd']);
  });
});

test('what a pod waits for is a row while it waits', async () => {
  const deadlines = () => {
    const database = new Database(cell.file, { readonly: true });
    const query = 'select objects.name, at from deadlines join objects on created_revision = object';
    const rows = database.prepare(query).raw().all();
    database.close();
    return rows;
  };
  expect(deadlines()).toEqual([]);
  cell.accept(tell('c', 'markNodeLost', { node: 'n2', defaultTolerationSeconds: 5 }));
  await cell.projected();
  expect(deadlines()).toEqual([['c', cell.now + 5000]]);
  cell.accept(tell('c', 'markNodeReturned', { node: 'n2' }));
  await cell.projected();
  expect(deadlines()).toEqual([]);
});

test('a removed pod leaves no row in any table', async () => {
  cell.accept(createPod('gone'));
  await cell.projected();
  cell.accept(tell('gone', 'delete', { gracePeriodSeconds: 0 }));
  await cell.projected();
  const database = new Database(cell.file, { readonly: true });
  const objects = 'select created_revision from objects';
  const orphans = ['labels', 'annotations', 'deadlines', 'pods'].map((table) =>
    database.prepare(`select count(*) from ${table} where object not in (${objects})`).pluck().get(),
  );
  database.close();
  expect(orphans).toEqual([0, 0, 0, 0]);
});

test('a state with pods and nodes loads as it was projected, private parts included', async () => {
  await cell.projector.close();
  const stored = loadReadModel(cell.file);
  if (stored === undefined) throw new Error('something was projected');
  using open = stored;
  expect(CellState.from(open).stateHash()).toBe(cell.state.stateHash());
});
