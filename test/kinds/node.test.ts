/** Rules of the Node kind: registration, health, cordoning, and what people see. */
import { describe, expect, test } from 'vitest';
import { kinds } from '../../machines/index.ts';
import {
  allocatable,
  isCordoned,
  isEvicting,
  isReachable,
  isRegistered,
  isSchedulable,
  isUnreachable,
  unschedulableReason,
} from '../../machines/node/index.ts';
import { Cell } from '../support/cell.ts';
import {
  heard,
  lastEvents,
  n1,
  node,
  readyNode,
  register,
  registration,
  silence,
  silentNode,
  suspended,
} from '../support/node.ts';

describe('registration', () => {
  test('an agent that registers an unknown node creates it, ready', () => {
    const cell = readyNode();
    expect(lastEvents(cell)).toEqual(['NodeCreated', 'NodeRegistered']);
    const { metadata, status } = n1(cell).context;
    expect(metadata.labels).toEqual({
      'kubernetes.io/hostname': 'n1',
      'kubernetes.io/os': 'linux',
      'kubernetes.io/arch': 'amd64',
    });
    expect(status.capacity).toEqual({ cpu: '4', memory: '8Gi', pods: '110' });
    expect(status.allocatable).toEqual(status.capacity);
    expect(status.conditions).toEqual([
      expect.objectContaining({ type: 'Ready', status: 'True', reason: 'KubeletReady' }),
    ]);
    expect(isSchedulable(n1(cell))).toBe(true);
  });

  test('registering again with the same facts changes nothing, even where people added labels', () => {
    const cell = readyNode();
    cell.accept(node('patch', { patch: { metadata: { labels: { zone: 'a' } } } }));
    expect(cell.send(register).outcome).toBe('unchanged');
  });

  test('registering with other facts refreshes them and keeps the labels of people', () => {
    const cell = readyNode();
    cell.accept(node('patch', { patch: { metadata: { labels: { zone: 'a' } } } }));
    cell.accept(node('register', { ...registration, allocatable: { cpu: '3500m', memory: '7Gi', pods: '20' } }));
    expect(lastEvents(cell)).toEqual(['NodeRegistered']);
    expect(allocatable(n1(cell))).toEqual({ cpuMillis: 3500, memoryBytes: 7 * 2 ** 30, pods: 20 });
    expect(n1(cell).context.metadata.labels).toMatchObject({ zone: 'a', 'kubernetes.io/os': 'linux' });
  });

  test('a node made by a manifest is unknown until its agent registers', () => {
    const cell = Cell.begin();
    cell.create('Node', {
      metadata: { name: 'n1' },
      spec: { unschedulable: true },
      status: { capacity: { cpu: '9' } },
    });
    expect(isRegistered(n1(cell))).toBe(false);
    expect(allocatable(n1(cell))).toEqual({ cpuMillis: 0, memoryBytes: 0, pods: 0 });
    cell.accept(node('patch', { patch: { spec: { unschedulable: null } } }));
    expect(unschedulableReason(n1(cell))).toBe('node(s) had untolerated taint {node.kubernetes.io/not-ready: }');
    expect(cell.send(silence).outcome).toBe('unchanged');
    expect(cell.refusal(heard).message).toContain('has not registered');
    cell.accept(register);
    expect(isReachable(n1(cell))).toBe(true);
  });

  test('an agent may register its own node only', () => {
    const cell = Cell.begin();
    const refusal = cell.refusal({ ...register, actor: 'system:node:n2' });
    expect(refusal.message).toBe('nodes "n1" is forbidden: node "n2" is not allowed to modify node "n1"');
    expect(cell.send({ ...register, actor: 'system:node:n1' }).outcome).toBe('accepted');
  });

  test('quantities that are none are refused by field', () => {
    const bad = { ...registration, capacity: { cpu: 'four', memory: '1Gi' } };
    expect(Cell.begin().refusal(node('register', bad)).message).toContain('capacity.cpu: Invalid value: "four"');
  });

  test('a name that is none is refused', () => {
    expect(Cell.begin().refusal({ ...register, name: 'N_1' }).message).toContain('RFC 1123');
  });
});

describe('health', () => {
  test('a silent node becomes unreachable, with Kubernetes condition and taints', () => {
    const cell = silentNode();
    const { spec, status } = n1(cell).context;
    expect(status.conditions).toEqual([
      {
        type: 'Ready',
        status: 'Unknown',
        reason: 'NodeStatusUnknown',
        message: 'Agent stopped posting node status: nothing heard for 12 s.',
        lastTransitionTime: '2026-01-01T00:00:00Z',
      },
    ]);
    expect(spec.taints?.map(({ key, effect }) => `${key}:${effect}`)).toEqual([
      'node.kubernetes.io/unreachable:NoSchedule',
      'node.kubernetes.io/unreachable:NoExecute',
    ]);
    expect(unschedulableReason(n1(cell))).toBe('node(s) had untolerated taint {node.kubernetes.io/unreachable: }');
    expect(isUnreachable(n1(cell)) && isEvicting(n1(cell))).toBe(true);
    expect(cell.send(silence).outcome).toBe('unchanged');
  });

  test('a node that is heard again is ready, without taints', () => {
    const cell = silentNode();
    cell.accept(heard);
    expect(n1(cell).context.spec).toEqual({});
    expect(isSchedulable(n1(cell))).toBe(true);
    expect(cell.send(heard).outcome).toBe('unchanged');
    cell.accept(silence);
    expect(isUnreachable(n1(cell))).toBe(true);
  });

  test('an agent that registers while its node counts as unreachable leaves the judgement to the health controller', () => {
    const cell = silentNode();
    cell.accept(node('register', { ...registration, capacity: { cpu: '8', memory: '8Gi' } }));
    expect(n1(cell).context.status.capacity?.cpu).toBe('8');
    expect(isReachable(n1(cell))).toBe(false);
  });

  test('while too many nodes are silent nothing is evicted; once it is one of few, evictions resume', () => {
    const cell = readyNode();
    cell.accept(suspended);
    expect(isUnreachable(n1(cell))).toBe(true);
    expect(isEvicting(n1(cell))).toBe(false);
    expect(n1(cell).context.status.conditions?.[0]?.message).toContain('Too many nodes are silent');
    expect(cell.send(suspended).outcome).toBe('unchanged');
    cell.accept(silence);
    expect(lastEvents(cell)).toEqual(['NodeEvictionsResumed']);
    expect(isEvicting(n1(cell))).toBe(true);
  });
});

describe('cordon', () => {
  test('a cordoned node takes no new pods and shows it', () => {
    const cell = readyNode();
    cell.accept(node('patch', { patch: { spec: { unschedulable: true } } }));
    expect(isCordoned(n1(cell))).toBe(true);
    expect(unschedulableReason(n1(cell))).toBe('node(s) were unschedulable');
    expect(n1(cell).context.spec.taints).toEqual([
      { key: 'node.kubernetes.io/unschedulable', effect: 'NoSchedule', timeAdded: '2026-01-01T00:00:00Z' },
    ]);
    cell.accept(node('patch', { patch: { spec: { unschedulable: null } } }));
    expect(n1(cell).context.spec).toEqual({});
  });

  test('an unreachable node that is cordoned keeps both kinds of taint, and their times', () => {
    const cell = silentNode();
    cell.now += 60_000;
    cell.accept(node('patch', { patch: { spec: { unschedulable: true } } }));
    expect(n1(cell).context.spec.taints?.map(({ timeAdded }) => timeAdded)).toEqual([
      '2026-01-01T00:01:00Z',
      '2026-01-01T00:00:00Z',
      '2026-01-01T00:00:00Z',
    ]);
    cell.accept(heard);
    expect(n1(cell).context.spec.taints?.map(({ key }) => key)).toEqual(['node.kubernetes.io/unschedulable']);
  });

  test('a taint that the cluster did not set is refused rather than ignored', () => {
    const taints = [{ key: 'dedicated', effect: 'NoSchedule' }];
    const refusal = readyNode().refusal(node('patch', { patch: { spec: { taints } } }));
    expect(refusal.message).toContain('spec.taints[0]: Forbidden: taints are not acted on');
  });

  test('a field this version does not act on is refused by name', () => {
    const manifest = { metadata: { name: 'n1' }, spec: { podCIDR: '10.0.0.0/24' } };
    const refusal = Cell.begin().refusal(node('register')).reason;
    expect(refusal).toBe('Invalid');
    const forbidden = Cell.begin().refusal({ kind: 'Node', name: 'n1', verb: 'create', arguments: { manifest } });
    expect(forbidden.message).toContain('spec.podCIDR: Forbidden');
  });
});

function row(cell: Cell): Record<string, string> {
  const record = n1(cell);
  const columns = kinds.get('Node')?.columns ?? [];
  return Object.fromEntries(columns.map((column) => [column.name, column.cell(record, cell.now + 5000)]));
}

describe('what people see', () => {
  test('the table shows what kubectl shows', () => {
    expect(row(readyNode())).toEqual({
      NAME: 'n1',
      STATUS: 'Ready',
      ROLES: '<none>',
      AGE: '5s',
      VERSION: 'v0.1.0',
      'INTERNAL-IP': '10.0.0.1',
      'EXTERNAL-IP': '<none>',
      'OS-IMAGE': 'Debian GNU/Linux 13',
      'KERNEL-VERSION': '6.12.0',
      'CONTAINER-RUNTIME': 'docker://28.0.0',
    });
  });

  test('the status says NotReady, Unknown and SchedulingDisabled, and roles come from labels', () => {
    const cell = silentNode();
    const labels = { 'node-role.kubernetes.io/worker': '', 'node-role.kubernetes.io/edge': '' };
    cell.accept(node('patch', { patch: { spec: { unschedulable: true }, metadata: { labels } } }));
    expect(row(cell)).toMatchObject({ STATUS: 'NotReady,SchedulingDisabled', ROLES: 'edge,worker' });
    const unknown = Cell.begin();
    unknown.create('Node', { metadata: { name: 'n1' } });
    expect(row(unknown)).toMatchObject({ STATUS: 'Unknown', VERSION: '', 'OS-IMAGE': '<unknown>' });
  });
});
