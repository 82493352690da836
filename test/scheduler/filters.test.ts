/** Which nodes each filter rules out, and in which words. */
import { describe, expect, test } from 'vitest';
import type { NodeContext } from '../../machines/node/index.ts';
import { Candidate } from '../../src/scheduler/candidate.ts';
import { objections as objectionsOf, type Filter } from '../../src/scheduler/filters/index.ts';
import { Cell, type TestCommand } from '../support/cell.ts';
import { candidate, demand, register } from '../support/scheduling.ts';

function nodeAfter(...commands: readonly TestCommand[]): Candidate {
  const cell = Cell.begin();
  for (const command of commands) cell.accept(command);
  return new Candidate(cell.get<NodeContext>('Node', 'n1'));
}

function objections(...asked: Parameters<Filter>): readonly string[] {
  return objectionsOf(...asked).map(({ reason }) => reason);
}

function details(...asked: Parameters<Filter>): readonly string[] {
  return objectionsOf(...asked).map(({ detail }) => detail());
}

const n1 = { kind: 'Node', name: 'n1' } as const;

describe('the node must take pods at all', () => {
  test('one that is ready does', () => {
    expect(objections(demand(), nodeAfter(register('n1')))).toEqual([]);
  });

  test('one whose agent never spoke does not', () => {
    const node = nodeAfter({ ...n1, verb: 'create', arguments: { manifest: { metadata: { name: 'n1' } } } });
    expect(objections(demand(), node)).toEqual(['node(s) had untolerated taint {node.kubernetes.io/not-ready: }']);
  });

  test('one that fell silent does not', () => {
    const silence = { ...n1, verb: 'markUnreachable', arguments: { since: 0, silentMs: 10_000 } };
    const reasons = objections(demand(), nodeAfter(register('n1'), silence));
    expect(reasons).toEqual(['node(s) had untolerated taint {node.kubernetes.io/unreachable: }']);
  });

  test('one that was cordoned does not', () => {
    const cordon = { ...n1, verb: 'patch', arguments: { patch: { spec: { unschedulable: true } } } };
    expect(objections(demand(), nodeAfter(register('n1'), cordon))).toEqual(['node(s) were unschedulable']);
  });

  test('one that is being deleted does not', () => {
    const hold = { ...n1, verb: 'patch', arguments: { patch: { metadata: { finalizers: ['example.com/hold'] } } } };
    const node = nodeAfter(register('n1'), hold, { ...n1, verb: 'delete' });
    expect(objections(demand(), node)).toEqual(['node(s) were being deleted']);
  });
});

describe('the pod may say where', () => {
  test('by name', () => {
    const asks = demand({ spec: { nodeName: 'n2' } });
    expect(objections(asks, nodeAfter(register('n1')))).toEqual(["node(s) didn't match the requested node name"]);
    expect(objections(asks, candidate(register('n2')))).toEqual([]);
  });

  test('by labels, all of which must be there', () => {
    const asks = demand({ spec: { nodeSelector: { disk: 'ssd', zone: 'a' } } });
    const refused = ["node(s) didn't match Pod's node affinity/selector"];
    expect(objections(asks, candidate(register('n1', {}, { disk: 'ssd', zone: 'a', more: 'yes' })))).toEqual([]);
    expect(objections(asks, candidate(register('n1', {}, { disk: 'ssd' })))).toEqual(refused);
    expect(objections(asks, candidate(register('n1', {}, { disk: 'ssd', zone: 'b' })))).toEqual(refused);
  });
});

describe('a port of the node', () => {
  const refused = ["node(s) didn't have free ports for the requested pod ports"];

  test('is given once', () => {
    const asks = demand({ hostPort: 8080 });
    expect(objections(asks, candidate(register('n1')))).toEqual([]);
    expect(objections(asks, candidate(register('n1'), asks))).toEqual(refused);
  });

  test('does not stand in the way of another one', () => {
    expect(objections(demand({ hostPort: 8081 }), candidate(register('n1'), demand({ hostPort: 8080 })))).toEqual([]);
  });

  test('is free again when its pod has gone, and that of others is not', () => {
    const [first, second] = [demand({ hostPort: 8080 }), demand({ hostPort: 8081 })];
    const node = candidate(register('n1'), first, second);
    // As counted in and out from two views of the same pod.
    node.release(demand({ hostPort: 8080 }));
    expect(objections(first, node)).toEqual([]);
    expect(objections(second, node)).toEqual(refused);
  });
});

/** Room for 400m and one more pod. */
function half(): Candidate {
  return candidate(register('n1', { cpu: '1', memory: '1Gi', pods: '2' }), demand({ cpu: '600m' }));
}

describe('what a pod requests must be free', () => {
  test('to the last bit', () => {
    expect(objections(demand({ cpu: '400m', memory: '1Gi' }), half())).toEqual([]);
  });

  test('of CPU', () => {
    expect(objections(demand({ cpu: '401m' }), half())).toEqual(['Insufficient cpu']);
  });

  test('of memory', () => {
    expect(objections(demand({ memory: '1025Mi' }), half())).toEqual(['Insufficient memory']);
  });

  test('of places for pods', () => {
    const full = half();
    full.take(demand());
    expect(objections(demand(), full)).toEqual(['Too many pods']);
  });

  test('and everything that lacks is named', () => {
    const full = half();
    full.take(demand());
    const reasons = ['Too many pods', 'Insufficient cpu', 'Insufficient memory'];
    expect(objections(demand({ cpu: '2', memory: '2Gi' }), full)).toEqual(reasons);
  });

  test('and a pod that requests nothing fits where nothing is left but a place', () => {
    const node = candidate(register('n1', { cpu: '1', memory: '1Gi', pods: '2' }), demand({ cpu: '1', memory: '1Gi' }));
    expect(objections(demand(), node)).toEqual([]);
  });
});

test('a node is ruled out for the first filter that objects, as in Kubernetes', () => {
  const cordon = { ...n1, verb: 'patch', arguments: { patch: { spec: { unschedulable: true } } } };
  const asks = demand({ cpu: '400', spec: { nodeName: 'n9' } });
  expect(objections(asks, nodeAfter(register('n1'), cordon))).toEqual(['node(s) were unschedulable']);
});

describe('an objection says by how much', () => {
  test('of what is asked, and what is free of how much', () => {
    const full = candidate(
      register('n1', { cpu: '2', memory: '1Gi', pods: '1' }),
      demand({ cpu: '1800m', memory: '1Gi' }),
    );
    expect(details(demand({ cpu: '500m', memory: '1025Mi' }), full)).toEqual([
      '1 of 1 pods are there',
      'cpu: 500m asked, 200m of 2 free',
      'memory: 1025Mi asked, 0 of 1Gi free',
    ]);
  });

  test('with what is asked rounded up and what is free rounded down, so that the one is never shown as the other', () => {
    const node = candidate(register('n1', { memory: '1048577Ki' }));
    expect(details(demand({ memory: '1048578Ki' }), node)).toEqual(['memory: 1025Mi asked, 1Gi of 1Gi free']);
    expect(details(demand({ memory: '2Ki' }), candidate(register('n1', { memory: '1Ki' })))).toEqual([
      'memory: 2048 asked, 1024 of 1024 free',
    ]);
  });

  test('of ports, labels, names and the node’s own state', () => {
    const asks = demand({ hostPort: 8080 });
    expect(details(asks, candidate(register('n1'), asks))).toEqual(['port 8080/TCP is taken']);
    const selects = demand({ spec: { nodeSelector: { disk: 'ssd', zone: 'a' } } });
    expect(details(selects, candidate(register('n1', {}, { disk: 'hdd' })))).toEqual([
      'wants disk=ssd, has hdd; wants zone=a, has none',
    ]);
    expect(details(demand({ spec: { nodeName: 'n2' } }), candidate(register('n1')))).toEqual(['the pod names node n2']);
    const cordon = { ...n1, verb: 'patch', arguments: { patch: { spec: { unschedulable: true } } } };
    expect(details(demand(), nodeAfter(register('n1'), cordon))).toEqual(['it is cordoned']);
  });
});
