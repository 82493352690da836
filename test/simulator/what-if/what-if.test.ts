// What would become of pods and nodes: each kind of step, told as a rule.
import { describe, expect, test } from 'vitest';
import type { BaseState } from '../../../src/simulator/what-if/base-state.ts';
import type { Step } from '../../../src/simulator/what-if/scenario.ts';
import { whatIf } from '../../../src/simulator/what-if/what-if.ts';
import { Cell } from '../../support/cell.ts';
import { addNodes, apply, barePod, baseAfter, web, WEB } from '../../support/what-if.ts';

const ask = (base: BaseState, ...steps: readonly Step[]) => whatIf(base, { steps });
const drain = (...nodes: readonly string[]): Step => ({ do: 'drain', nodes, force: false });
const NOTHING = { moved: [], pending: [], lost: [], staying: [], placed: [], removed: [] };

/** Three nodes of four cores with six pods of one core, two on each. */
const threeNodes = () => baseAfter([addNodes(3), apply(web(6))]);

const tolerate = (toleration: object) => ({
  tolerations: [{ key: 'node.kubernetes.io/unreachable', operator: 'Exists', effect: 'NoExecute', ...toleration }],
});

/** One node of four cores, and two pods of six pending. */
const fullNode = () => baseAfter([addNodes(1), apply(web(6))]);

describe('a drain', () => {
  test('with room enough moves every pod, and says from where, to where and why', async () => {
    const answer = await ask(await threeNodes(), drain('n-1'));
    expect(answer).toMatchObject({ ...NOTHING, moved: expect.any(Array), wasAtRest: true });
    expect(answer.moved).toHaveLength(2);
    for (const pod of answer.moved)
      expect(pod).toMatchObject({
        from: 'n-1',
        to: expect.stringMatching(/^n-[23]$/),
        step: 1,
        why: 'node n-1 was drained',
      });
    expect(answer.nodes[0]).toMatchObject({
      name: 'n-1',
      before: { status: 'Ready', requested: { cpuMillis: 2000, pods: 2 }, allocatable: { cpuMillis: 4000 } },
      after: { status: 'Ready,SchedulingDisabled', requested: { cpuMillis: 0, memoryBytes: 0, pods: 0 } },
    });
    expect(answer.nodes.slice(1).map(({ after }) => after?.requested.pods)).toEqual([3, 3]);
  });

  test('without room leaves replacements pending, with the scheduler’s sentence and its counts', async () => {
    const answer = await ask(await baseAfter([addNodes(3), apply(web(12))]), drain('n-2'));
    expect(answer.moved).toHaveLength(4);
    expect(answer.moved.every(({ to }) => to === undefined)).toBe(true);
    expect(answer.pending).toHaveLength(4);
    expect(answer.pending[0]).toMatchObject({
      why: '0/3 nodes are available: 1 node(s) were unschedulable, 2 Insufficient cpu.',
      ruledOut: { 'Insufficient cpu': 2, 'node(s) were unschedulable': 1 },
      controller: 'ReplicationController web',
      already: false,
    });
    expect(answer.pending.map(({ replaces }) => replaces).toSorted()).toEqual(
      answer.moved.map(({ name }) => name).toSorted(),
    );
  });

  test('leaves a pod without a controller and says so; by force it deletes it, and that is lost', async () => {
    const base = await baseAfter([addNodes(1), apply(barePod('db')), addNodes(1, {}, 'm')]);
    const gentle = await ask(base, drain('n-1'));
    expect(gentle).toMatchObject({
      ...NOTHING,
      staying: [{ name: 'db', node: 'n-1', why: expect.stringContaining('force') }],
    });
    const forced = await ask(base, { do: 'drain', nodes: ['n-1'], force: true });
    expect(forced).toMatchObject({
      ...NOTHING,
      lost: [{ name: 'db', node: 'n-1', step: 1, why: 'node n-1 was drained, and nothing replaces it' }],
    });
  });
});

test('more pods than go in one message are moved all the same', async () => {
  const shape = { cpu: '400', memory: '512Gi', pods: '2000' };
  const base = await baseAfter([addNodes(1, shape), apply(web(1_200, '10m')), addNodes(1, shape, 'm')]);
  for (const step of [drain('n-1'), { do: 'lose', nodes: ['n-1'] } as const]) {
    const answer = await ask(base, step);
    expect(answer.moved.filter(({ from, to }) => from === 'n-1' && to === 'm-1')).toHaveLength(1_200);
  }
});

describe('the loss of a node', () => {
  test('moves the pods of controllers once they are evicted, and loses the bare ones', async () => {
    const base = await baseAfter([addNodes(1), apply(barePod('db'), web(2)), addNodes(2, {}, 'm')]);
    const answer = await ask(base, { do: 'lose', nodes: ['n-1'] });
    expect(answer.moved.map(({ from, to, why }) => [from, to?.slice(0, 1), why])).toEqual([
      ['n-1', 'm', 'node n-1 is unreachable'],
      ['n-1', 'm', 'node n-1 is unreachable'],
    ]);
    expect(answer.lost).toMatchObject([
      { name: 'db', node: 'n-1', why: 'node n-1 is unreachable, and no controller would replace it' },
    ]);
    // Ten seconds of silence, five of tolerance.
    expect(answer.steps).toMatchObject([{ seconds: 15, ended: 'quiet' }]);
    expect(answer.nodes.find(({ name }) => name === 'n-1')?.after?.status).toBe('NotReady');
  });

  test('of most nodes at once evicts nothing, as the cell itself would judge', async () => {
    const answer = await ask(await baseAfter([addNodes(5), apply(web(5))]), {
      do: 'lose',
      nodes: ['n-1', 'n-2', 'n-3'],
    });
    expect(answer).toMatchObject({ moved: [], lost: [], pending: [] });
    expect(answer.staying).toHaveLength(3);
    expect(answer.staying[0]).toMatchObject({ step: 1, why: expect.stringContaining('more than half of the nodes') });
  });

  test('is tolerated for ever by who says so, and for longer than is played by who names a time', async () => {
    const forEver = await baseAfter([addNodes(1), apply(web(1, '1', tolerate({}))), addNodes(2, {}, 'm')]);
    expect((await ask(forEver, { do: 'lose', nodes: ['n-1'] })).staying).toMatchObject([
      { why: 'node n-1 is unreachable; it tolerates that for ever' },
    ]);
    const long = await baseAfter([
      addNodes(1),
      apply(web(1, '1', tolerate({ tolerationSeconds: 7200 }))),
      addNodes(2, {}, 'm'),
    ]);
    const answer = await ask(long, { do: 'lose', nodes: ['n-1'] });
    expect(answer.steps).toMatchObject([{ ended: 'limit' }]);
    expect(answer.staying[0]?.why).toMatch(
      /^node n-1 is unreachable; it tolerates that until 2026-01-01T02:0\d:\d\dZ, beyond/,
    );
  });
});

test('a node that is removed takes its bare pods with it, and the others move', async () => {
  const base = await baseAfter([addNodes(1), apply(barePod('db'), web(1)), addNodes(1, {}, 'm')]);
  const answer = await ask(base, { do: 'removeNodes', nodes: ['n-1'] });
  expect(answer.moved).toMatchObject([{ from: 'n-1', to: 'm-1', why: 'node n-1 does not exist' }]);
  expect(answer.lost).toMatchObject([{ name: 'db', node: 'n-1' }]);
  expect(answer.nodes.find(({ name }) => name === 'n-1')).not.toHaveProperty('after');
});

describe('new nodes', () => {
  test('take the pods that were pending', async () => {
    const answer = await ask(await fullNode(), addNodes(1, {}, 'new'));
    expect(answer.placed.map(({ node, isNew }) => [node, isNew])).toEqual([
      ['new-1', false],
      ['new-1', false],
    ]);
    expect(answer).toMatchObject({ moved: [], pending: [] });
    expect(answer.nodes.find(({ name }) => name === 'new-1')).not.toHaveProperty('before');
  });

  test('can be like an existing one, labels included, and never take a name that is taken', async () => {
    const base = await baseAfter([
      addNodes(1, { labels: { disk: 'ssd' } }),
      apply(web(6, '1', { nodeSelector: { disk: 'ssd' } })),
    ]);
    const answer = await ask(base, { do: 'addNodes', count: 1, prefix: 'n', shape: { like: 'n-1' } });
    expect(answer.placed.map(({ node }) => node)).toEqual(['n-2', 'n-2']);
    expect(answer.nodes.map(({ after }) => after?.allocatable)).toEqual([
      { cpuMillis: 4000, memoryBytes: 8 * 1024 ** 3, pods: 110 },
      { cpuMillis: 4000, memoryBytes: 8 * 1024 ** 3, pods: 110 },
    ]);
  });

  test('that are too small leave them pending, as before', async () => {
    const answer = await ask(await fullNode(), addNodes(1, { cpu: '500m' }, 'new'));
    expect(answer.placed).toEqual([]);
    expect(answer.pending.map(({ already, why }) => [already, why])).toEqual([
      [true, '0/2 nodes are available: 2 Insufficient cpu.'],
      [true, '0/2 nodes are available: 2 Insufficient cpu.'],
    ]);
  });
});

test('a controller that is scaled from 3 to 1000 has its new pods placed as far as there is room', async () => {
  const answer = await ask(await baseAfter([addNodes(10, { cpu: '8' }), apply(web(3, '100m'))]), {
    do: 'scale',
    key: WEB,
    replicas: 1000,
  });
  expect(answer.placed).toHaveLength(797);
  expect(answer.pending).toHaveLength(200);
  expect(answer.nodes.every(({ after }) => after?.requested.cpuMillis === 8000)).toBe(true);
});

test('a controller that is scaled down or deleted gives pods up, which nobody counts as lost', async () => {
  const base = await threeNodes();
  const scaled = await ask(base, { do: 'scale', key: WEB, replicas: 4 });
  expect(scaled).toMatchObject({
    ...NOTHING,
    removed: [{ step: 1, why: expect.stringContaining('surplus') }, { step: 1 }],
  });
  const deleted = await ask(base, { do: 'delete', keys: [WEB] });
  expect(deleted.removed).toHaveLength(6);
  expect(deleted).toMatchObject({ ...NOTHING, removed: expect.any(Array) });
});

test('cordon and uncordon decide where new pods go, and move none', async () => {
  const base = await threeNodes();
  const answer = await ask(base, { do: 'cordon', nodes: ['n-1', 'n-2'] }, { do: 'scale', key: WEB, replicas: 8 });
  expect(answer.placed.map(({ node }) => node)).toEqual(['n-3', 'n-3']);
  const back = await ask(base, { do: 'cordon', nodes: ['n-1'] }, { do: 'uncordon', nodes: ['n-1'] });
  expect(back).toMatchObject(NOTHING);
  expect(back.nodes.map(({ after }) => after?.status)).toEqual(['Ready', 'Ready', 'Ready']);
});

test('an apply changes what is there, and creates what is not', async () => {
  const answer = await ask(await threeNodes(), apply(web(7), barePod('db', '40')));
  expect(answer.placed).toMatchObject([{ controller: 'ReplicationController web', isNew: true }]);
  expect(answer.pending).toMatchObject([{ name: 'db', already: false }]);
});

test('steps are played one after the other, each on what the one before left', async () => {
  const answer = await ask(await threeNodes(), drain('n-1'), drain('n-2'), { do: 'uncordon', nodes: ['n-1'] });
  expect(answer.moved.map(({ step }) => step).toSorted()).toEqual([1, 1, 2, 2]);
  expect(answer.pending).toEqual([]);
  expect(answer.steps.map(({ step, action }) => [step, action])).toEqual([
    [1, 'drain n-1'],
    [2, 'drain n-2'],
    [3, 'uncordon n-1'],
  ]);
});

test('a cell that was not at rest first finishes what it was about to do, which no step is blamed for', async () => {
  const base = await baseAfter([addNodes(1)]);
  // As the entry leaves it that creates it.
  const pod = Cell.begin().create('Pod', barePod('db'));
  const unsettled = { ...base, records: [...base.records, { ...pod, createdRevision: base.revision }] };
  const answer = await ask(unsettled, { do: 'cordon', nodes: ['n-1'] });
  expect(answer).toMatchObject({ ...NOTHING, wasAtRest: false });
  expect(answer.nodes[0]?.before?.requested.pods).toBe(1);
});

test('the same cell and scenario give the same answer, to the letter', async () => {
  const base = await threeNodes();
  const steps: readonly Step[] = [
    drain('n-1'),
    { do: 'lose', nodes: ['n-2'] },
    { do: 'fit', shape: { like: WEB } },
    apply(web(9)),
  ];
  const [first, second] = [
    await ask(base, ...steps),
    await ask({ ...base, records: [...base.records].toReversed() }, ...steps),
  ];
  expect(JSON.stringify(second)).toBe(JSON.stringify(first));
});

test('whoever calls it off is not kept waiting', async () => {
  const stop = new AbortController();
  stop.abort();
  await expect(whatIf(await threeNodes(), { steps: [drain('n-1')] }, { signal: stop.signal })).rejects.toThrow();
});
