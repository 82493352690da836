/** How the pods of one template, and of several in one pass, are planned. */
import { describe, expect, test, vi } from 'vitest';
import type { Candidate } from '../../src/scheduler/candidate.ts';
import type { PodDemand } from '../../src/scheduler/demand.ts';
import { NAMED_NODES_MAX, TemplatePlan } from '../../src/scheduler/plan.ts';
import { candidate, demand, register } from '../support/scheduling.ts';

function nodes(count: number, size: object = {}): readonly Candidate[] {
  return Array.from({ length: count }, (_, index) => candidate(register(`n${index + 1}`, size)));
}

/** Names of the nodes that so many pods go to; undefined where none will do. */
function place(plan: TemplatePlan, count: number): readonly (string | undefined)[] {
  return Array.from({ length: count }, () => plan.place().candidate?.name);
}

test('among equal nodes the first by name is taken, and the next pod finds it taken', () => {
  expect(place(new TemplatePlan(demand({ owner: 'web' }), nodes(3)), 6)).toEqual(['n1', 'n2', 'n3', 'n1', 'n2', 'n3']);
});

test('a node is left when it is full', () => {
  const plan = new TemplatePlan(demand({ cpu: '1' }), nodes(2, { cpu: '2' }));
  expect(place(plan, 5)).toEqual(['n1', 'n2', 'n1', 'n2', undefined]);
});

test('a placement says why there, and why not elsewhere', () => {
  const [first, second] = [candidate(register('n1', { cpu: '1' })), candidate(register('n2', { cpu: '4' }))];
  const placement = new TemplatePlan(demand({ cpu: '2', owner: 'web' }), [first, second]).place();
  expect(placement).toMatchObject({
    candidate: second,
    feasibleNodes: 1,
    totalNodes: 2,
    ruledOut: { 'Insufficient cpu': 1 },
    scores: { leastAllocated: 82, ownerSpread: 100 },
    score: 94,
  });
});

test('without nodes there is a sentence of its own', () => {
  expect(new TemplatePlan(demand(), []).place()).toEqual({
    candidate: undefined,
    message: 'no nodes available to schedule pods',
    ruledOut: {},
  });
});

test('the sentence counts nodes by reason, in the order in which Kubernetes sorts them', () => {
  const asks = demand({ memory: '2Gi', spec: { nodeSelector: { disk: 'ssd' } } });
  const labelled = ['n1', 'n2'].map((name) => candidate(register(name, { memory: '1Gi' }, { disk: 'ssd' })));
  const plan = new TemplatePlan(asks, [...labelled, candidate(register('n3')), candidate(register('n4'))]);
  expect(plan.place()).toEqual({
    candidate: undefined,
    message: "0/4 nodes are available: 2 Insufficient memory, 2 node(s) didn't match Pod's node affinity/selector.",
    ruledOut: { 'Insufficient memory': 2, "node(s) didn't match Pod's node affinity/selector": 2 },
  });
});

test('the first nodes that were ruled out are named, each with all it lacks', () => {
  const small = Array.from({ length: NAMED_NODES_MAX + 2 }, (_, index) =>
    candidate(register(`s${index}`, { cpu: '1', memory: '1Gi' })),
  );
  const placed = new TemplatePlan(demand({ cpu: '2', memory: '2Gi' }), [...small, ...nodes(1)]).place();
  expect(placed).toMatchObject({
    feasibleNodes: 1,
    totalNodes: NAMED_NODES_MAX + 3,
    without: ['s0 lacks cpu and lacks memory', 's1 lacks cpu and lacks memory', 's2 lacks cpu and lacks memory'],
  });
});

describe('several templates in one pass', () => {
  test('never promise the same room twice', () => {
    const candidates = nodes(2, { cpu: '4' });
    const [small, large] = [demand({ cpu: '1' }), demand({ cpu: '3' })];
    const plans = [new TemplatePlan(small, candidates), new TemplatePlan(large, candidates)] as const;
    const placed = [1, 0, 1, 0, 0, 1].map((which) => plans[which as 0 | 1].place().candidate?.name);
    expect(placed).toEqual(['n1', 'n2', 'n2', 'n1', undefined, undefined]);
    expect(candidates.map(({ requested }) => requested.cpuMillis)).toEqual([4000, 4000]);
  });

  test('see what the others placed when they score', () => {
    const candidates = nodes(2, { cpu: '4', memory: '8Gi', pods: '100' });
    const [first, second] = [demand({ cpu: '100m' }), demand({ cpu: '1' })];
    const plans = [new TemplatePlan(first, candidates), new TemplatePlan(second, candidates)] as const;
    // n1 has the large one, so the small ones go to n2 until it is as full.
    expect([plans[1].place(), plans[0].place(), plans[0].place()].map((placed) => placed.candidate?.name)).toEqual([
      'n1',
      'n2',
      'n2',
    ]);
  });
});

test('pods of one template share one pass of the filters', () => {
  const candidates = nodes(10);
  const asked = candidates.map((each) => vi.spyOn(each, 'offers', 'get'));
  const asks: PodDemand = demand({ owner: 'web' });
  const plan = new TemplatePlan(asks, candidates);
  const lookedAt = () => asked.reduce((sum, { mock }) => sum + mock.calls.length, 0);
  const perNode = lookedAt() / candidates.length;
  place(plan, 100);
  // Each node once, and after each placement the one node that was placed on.
  expect(lookedAt()).toBeLessThanOrEqual((10 + 100 + 100) * perNode);
  expect(lookedAt()).toBeGreaterThan(10 * perNode);
});
