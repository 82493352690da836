/** Rules of a pod's place: premises of binding and of replicas, checked against the cell as it is when they are decided. */
import { describe, expect, test } from 'vitest';
import {
  boundNode,
  hostPortsConflict,
  hostPortsOf,
  needsScheduling,
  NODE_INDEX,
  pod,
  resourceRequests,
  UNSCHEDULED,
  UNSCHEDULED_INDEX,
  unschedulableMessage,
} from '../../machines/pod/index.ts';
import type { TestCommand } from '../support/cell.ts';
import { given, type Then } from '../support/given.ts';
import { bound, condition, created, givenUp, HELD, node, podAfter, silent, statusAfter, web } from '../support/pod.ts';

const CORDON: TestCommand = {
  kind: 'Node',
  name: 'n1',
  verb: 'patch',
  arguments: { patch: { spec: { unschedulable: true } } },
};

function other(name: string, spec: object = {}): readonly TestCommand[] {
  const manifest = { metadata: { name }, spec: { containers: [{ name: 'main', image: 'demo:1' }], ...spec } };
  return [
    { kind: 'Pod', name, verb: 'create', arguments: { manifest } },
    { kind: 'Pod', name, verb: 'bind', arguments: { node: 'n1' } },
  ];
}

function asking(requests: object, ports: readonly object[] = []) {
  return { containers: [{ name: 'main', image: 'demo:1', resources: { requests }, ports }] };
}

describe('binding', () => {
  const choice = {
    node: 'n1',
    score: 87,
    scores: { leastAllocated: 87 },
    feasibleNodes: 1,
    totalNodes: 3,
    ruledOut: { 'Insufficient cpu': 2 },
  };

  test('names the node, and records why it was chosen', () => {
    const then = given(node(), created()).when(web('bind', choice)).thenEvents({ type: 'PodScheduled', data: choice });
    expect(podAfter(then).context.spec.nodeName).toBe('n1');
    expect(boundNode(podAfter(then))).toBe('n1');
    expect(needsScheduling(podAfter(then))).toBe(false);
    expect(condition(then, 'PodScheduled')?.status).toBe('True');
    expect(statusAfter(then).containerStatuses).toMatchObject([
      { name: 'main', state: { waiting: { reason: 'ContainerCreating' } } },
    ]);
  });

  test('again to the same node changes nothing; to another is refused', () => {
    given(node(), created(), bound).when(bound).thenUnchanged();
    given(node(), node('n2'), created(), bound)
      .when(web('bind', { node: 'n2' }))
      .thenRefused('Conflict', 'pod web is already assigned to node "n1"');
  });

  test.each([
    ['does not exist', [], {}, 'node "n1" does not exist'],
    ['is silent', [node(), silent], {}, 'node.kubernetes.io/unreachable'],
    ['is cordoned', [node(), CORDON], {}, 'node(s) were unschedulable'],
    [
      'lacks a label',
      [node()],
      { nodeSelector: { disk: 'fast' } },
      "node(s) didn't match Pod's node affinity/selector",
    ],
    ['is not the one asked for', [node()], { nodeName: 'n2' }, 'pod web asks for node "n2"'],
    ['lacks processors', [node(), ...other('a', asking({ cpu: 3 }))], asking({ cpu: '1001m' }), 'Insufficient cpu'],
    ['lacks memory', [node(), ...other('a', asking({ memory: '8Gi' }))], asking({ memory: 1 }), 'Insufficient memory'],
    ['is full', [node('n1', { pods: '1' }), ...other('a')], {}, 'Too many pods'],
    [
      'gave the port away',
      [node(), ...other('a', asking({}, [{ containerPort: 1, hostPort: 80 }]))],
      asking({}, [{ containerPort: 2, hostPort: 80, hostIP: '127.0.0.1' }]),
      "node(s) didn't have free ports for the requested pod ports",
    ],
  ])('is refused where the node %s', (_why, steps, spec, words) => {
    given(...steps, created(spec))
      .when(bound)
      .thenRefused('Conflict', words);
  });

  test('what exactly fits is taken, and what asks for nothing always', () => {
    given(node(), ...other('a', asking({ cpu: 3 })), created(asking({ cpu: 1 })))
      .when(bound)
      .thenEvents('PodScheduled');
    given(node(), ...other('a', asking({ cpu: 4 })), created())
      .when(bound)
      .thenEvents('PodScheduled');
    given(node('n1', {}, { disk: 'fast' }), created({ nodeSelector: { disk: 'fast' }, nodeName: 'n1' }))
      .when(bound)
      .thenEvents('PodScheduled');
  });

  test('pods that have ended take no room', () => {
    const gone: TestCommand = { ...givenUp, name: 'a' };
    given(node(), ...other('a', asking({ cpu: 4 })), gone, created(asking({ cpu: 4 })))
      .when(bound)
      .thenEvents('PodScheduled');
  });

  test('a pod on its way out is not bound', () => {
    given(node(), created({}, HELD), web('delete')).when(bound).thenRefused('Conflict', 'pod web is being deleted');
  });
});

describe('a pod that finds no node', () => {
  const none = web('markUnschedulable', {
    message: '0/1 nodes are available: 1 Insufficient cpu.',
    ruledOut: { 'Insufficient cpu': 1 },
  });

  test('says why, once', () => {
    const then = given(created()).when(none).thenEvents('PodUnschedulable');
    const message = '0/1 nodes are available: 1 Insufficient cpu.';
    expect(condition(then, 'PodScheduled')).toMatchObject({ status: 'False', reason: 'Unschedulable', message });
    expect(unschedulableMessage(podAfter(then))).toBe(message);
    given(created(), none).when(none).thenUnchanged();
  });

  test('may find one later', () => {
    const then = given(created(), none, node()).when(bound).thenEvents('PodScheduled');
    expect(unschedulableMessage(podAfter(then))).toBeUndefined();
  });

  test('is not one that is bound', () => {
    given(node(), created(), bound).when(none).thenRefused('Conflict', 'already assigned');
  });
});

function index(name: string, then: Then): string | undefined {
  return pod.indexes?.[name]?.of(podAfter(then));
}

describe('indexes', () => {
  test('find pods to place, and pods by the node they are bound to', () => {
    const pending = given(node()).when(created({ nodeName: 'n1' }));
    expect([index(UNSCHEDULED_INDEX, pending), index(NODE_INDEX, pending)]).toEqual([UNSCHEDULED, undefined]);
    const placed = given(node(), created()).when(bound);
    expect([index(UNSCHEDULED_INDEX, placed), index(NODE_INDEX, placed)]).toEqual([undefined, 'n1']);
  });
});

function replica(uid: string, slot: number | undefined, name = `web-${slot}`): TestCommand {
  const owner = { apiVersion: 'v1', kind: 'ReplicationController', name: 'web', uid, controller: true };
  const manifest = {
    metadata: { name, ownerReferences: [owner] },
    spec: { containers: [{ name: 'main', image: 'x:1' }] },
  };
  return { kind: 'Pod', name, verb: 'create', arguments: slot === undefined ? { manifest } : { manifest, slot } };
}

describe('a replica', () => {
  const controller: TestCommand = {
    kind: 'ReplicationController',
    name: 'web',
    verb: 'create',
    arguments: {
      manifest: {
        metadata: { name: 'web' },
        spec: {
          replicas: 2,
          template: { metadata: { labels: { a: 'b' } }, spec: { containers: [{ name: 'main', image: 'x:1' }] } },
        },
      },
    },
  };

  function withController(...slots: readonly number[]) {
    const steps = given(controller);
    const { uid } = steps.cell.get('ReplicationController', 'web');
    for (const slot of slots) steps.cell.accept(replica(uid, slot));
    return { steps, uid };
  }

  test('takes a vacant slot', () => {
    const { steps, uid } = withController(0);
    const then = steps.when(replica(uid, 1)).thenEvents('PodCreated');
    expect(then.record<{ metadata: never; slot: number }>()?.context.slot).toBe(1);
  });

  test('is refused where another live pod has its slot', () => {
    const { steps, uid } = withController(0);
    steps.when(replica(uid, 0, 'twin')).thenRefused('Conflict', 'pod web-0 has slot 0 of ReplicationController web');
  });

  test('is refused where there are as many as wanted', () => {
    const { steps, uid } = withController(0, 1);
    steps.when(replica(uid, 2)).thenRefused('Conflict', 'ReplicationController web wants 2 pods and has 2');
  });

  test('takes the slot of one that is being deleted', () => {
    const { steps, uid } = withController(0, 1);
    steps.cell.accept({ kind: 'Pod', name: 'web-0', verb: 'patch', arguments: { patch: { metadata: HELD } } });
    steps.cell.accept({ kind: 'Pod', name: 'web-0', verb: 'delete' });
    steps.when(replica(uid, 0, 'next')).thenEvents('PodCreated');
  });

  test('is refused where its controller is gone, another, or on its way out', () => {
    given().when(replica('gone', 0)).thenRefused('Conflict', 'its controller ReplicationController web is gone');
    withController().steps.when(replica('another', 0)).thenRefused('Conflict', 'is gone');
    const { steps, uid } = withController();
    steps.cell.accept({
      kind: 'ReplicationController',
      name: 'web',
      verb: 'delete',
      arguments: { propagationPolicy: 'Orphan' },
    });
    steps.when(replica(uid, 0)).thenRefused('Conflict', 'is being deleted');
  });

  test('may be made by a user without a slot, whatever is wanted', () => {
    const { steps, uid } = withController(0, 1);
    steps.when(replica(uid, undefined, 'mine')).thenEvents('PodCreated');
  });
});

function requesting(cpu: string, memory: string) {
  return { resources: { requests: { cpu, memory } } };
}

describe('what a pod asks for', () => {
  test('is the sum over its containers', () => {
    const containers = [
      { name: 'a', image: 'x:1', ...requesting('100m', '1Ki') },
      { name: 'b', image: 'x:1', ...requesting('0.5', '1k') },
      { name: 'c', image: 'x:1' },
    ];
    const { spec } = podAfter(given().when(created({ containers }))).context;
    expect(resourceRequests(spec)).toEqual({ cpuMillis: 600, memoryBytes: 2024 });
  });

  test('are the host ports of all of them', () => {
    const { spec } = podAfter(
      given().when(created(asking({}, [{ containerPort: 1, hostPort: 80 }, { containerPort: 2 }]))),
    ).context;
    expect(hostPortsOf(spec)).toEqual([{ hostPort: 80, protocol: 'TCP' }]);
  });

  test.each([
    ['the same port of every address', { hostIP: '0.0.0.0' }, {}, true],
    ['the same port of one address and of all', { hostIP: '127.0.0.1' }, {}, true],
    ['the same port of one address', { hostIP: '127.0.0.1' }, { hostIP: '127.0.0.1' }, true],
    ['the same port of two addresses', { hostIP: '127.0.0.1' }, { hostIP: '127.0.0.2' }, false],
    ['another protocol', { protocol: 'UDP' as const }, {}, false],
    ['another port', { hostPort: 81 }, {}, false],
  ])('%s conflicts or not', (_what, left, right, conflict) => {
    const claim = { hostPort: 80, protocol: 'TCP' as const };
    expect(hostPortsConflict([{ ...claim, ...left }], [{ ...claim, ...right }])).toBe(conflict);
    expect(hostPortsConflict([{ ...claim, ...right }], [{ ...claim, ...left }])).toBe(conflict);
  });
});
