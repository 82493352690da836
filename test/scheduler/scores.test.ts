/** What makes one node better than another. */
import { expect, test } from 'vitest';
import { leastAllocated } from '../../src/scheduler/scores/least-allocated.ts';
import { ownerSpread } from '../../src/scheduler/scores/owner-spread.ts';
import { scoresByName, totalScore } from '../../src/scheduler/scores/index.ts';
import { candidate, demand, register } from '../support/scheduling.ts';

const size = { cpu: '4', memory: '8Gi', pods: '10' };
const node = (...taken: Parameters<typeof candidate> extends [unknown, ...infer Taken] ? Taken : never) =>
  candidate(register('n1', size), ...taken);

test('least allocated is the mean of the shares of CPU, memory and places left once the pod is there', () => {
  const asks = demand({ cpu: '1', memory: '2Gi' });
  expect(leastAllocated.of(asks, node())).toBeCloseTo((75 + 75 + 90) / 3);
  expect(leastAllocated.of(asks, node(asks))).toBeCloseTo((50 + 50 + 80) / 3);
});

test('pods that request nothing fill a node too, as Kubernetes counts them where it compares', () => {
  const asks = demand();
  expect(leastAllocated.of(asks, node())).toBeGreaterThan(leastAllocated.of(asks, node(asks)));
  const small = candidate(register('n1', { ...size, cpu: '1' }), asks);
  const large = candidate(register('n2', { ...size, cpu: '64' }), asks);
  expect(leastAllocated.of(asks, large)).toBeGreaterThan(leastAllocated.of(asks, small));
});

test('a node with nothing to offer scores nothing', () => {
  expect(leastAllocated.of(demand(), candidate(register('n1', { cpu: '0', memory: '0', pods: '0' })))).toBe(0);
});

test('fewer pods of the same owner are better, those of others do not matter', () => {
  const [mine, other] = [demand({ owner: 'mine' }), demand({ owner: 'other' })];
  expect(ownerSpread.of(mine, node(other, other))).toBe(100);
  expect(ownerSpread.of(mine, node(mine))).toBe(50);
  expect(ownerSpread.of(mine, node(mine, mine, mine))).toBe(25);
  expect(ownerSpread.of(demand(), node(mine, mine))).toBe(100);
});

test('spreading weighs twice as much as room, and each score has a name', () => {
  const mine = demand({ owner: 'mine', cpu: '1', memory: '2Gi' });
  const there = node(mine);
  expect(totalScore(mine, there)).toBeCloseTo((leastAllocated.of(mine, there) + 2 * 50) / 3);
  expect(scoresByName(mine, there)).toEqual({ leastAllocated: 60, ownerSpread: 50 });
});
