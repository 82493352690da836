// Outcomes are found by id, walked oldest first, and forgotten from the front at no cost to the rest.
import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { OutcomeMemory } from '../../src/state/outcome-memory.ts';
import type { RememberedOutcome } from '../../src/state/outcomes.ts';
import { HashSum } from '../../src/state/state-hash.ts';

const outcome = (commandId: string, revision: number, attempt = 1): RememberedOutcome => ({
  commandId,
  attempt,
  outcome: 'unchanged',
  revision,
});
const remembered = (...outcomes: RememberedOutcome[]): OutcomeMemory => {
  const memory = new OutcomeMemory();
  for (const each of outcomes) memory.add(each, new HashSum());
  return memory;
};
const ids = (memory: OutcomeMemory) => [...memory].map(({ commandId }) => commandId);

test('outcomes come oldest first', () => {
  expect(ids(remembered(outcome('b', 1), outcome('a', 2), outcome('c', 3)))).toEqual(['b', 'a', 'c']);
});

test('a later outcome of an id takes the place of the earlier one, and counts as the latest', () => {
  const memory = remembered(outcome('a', 1), outcome('b', 2), outcome('a', 3, 2));
  expect(ids(memory)).toEqual(['b', 'a']);
  expect(memory.size).toBe(2);
  expect(memory.get('a')?.attempt).toBe(2);
});

test('what is forgotten is neither found nor walked', () => {
  const memory = remembered(outcome('a', 1), outcome('b', 2), outcome('c', 3), outcome('d', 4));
  memory.keepLast(2, new HashSum());
  expect(ids(memory)).toEqual(['c', 'd']);
  expect(memory.get('a')).toBeUndefined();
  memory.keepLast(0, new HashSum());
  expect(ids(memory)).toEqual([]);
  expect(memory.size).toBe(0);
});

test('an id that was forgotten may come again', () => {
  const memory = remembered(outcome('a', 1), outcome('b', 2));
  memory.keepLast(1, new HashSum());
  memory.add(outcome('a', 3), new HashSum());
  expect(ids(memory)).toEqual(['b', 'a']);
});

/** Ids come again, so that places in the ring become free in the middle; it grows beyond its first size. */
const RUNS = 60;
const step = fc.record({
  add: fc.array(fc.nat({ max: 3_000 }), { maxLength: 700 }),
  keep: fc.nat({ max: 2_500 }),
});

test('whatever comes and goes, it is what a list of the last of each id would be', () => {
  fc.assert(
    fc.property(fc.array(step, { maxLength: 8 }), (steps) => {
      const memory = new OutcomeMemory();
      const total = new HashSum();
      let list: RememberedOutcome[] = [];
      let revision = 0;
      for (const { add, keep } of steps) {
        for (const id of add) {
          const added = outcome(`id/${id}`, ++revision);
          memory.add(added, total);
          list = [...list.filter(({ commandId }) => commandId !== added.commandId), added];
        }
        memory.keepLast(keep, total);
        list = list.slice(Math.max(list.length - keep, 0));
        expect(memory.size).toBe(list.length);
        expect([...memory]).toEqual(list);
        const [oldest] = list;
        if (oldest !== undefined) expect(memory.get(oldest.commandId)).toEqual(oldest);
      }
      memory.keepLast(0, total);
      expect(total).toEqual(new HashSum());
    }),
    { numRuns: RUNS },
  );
});

test('what is taken back was never there, and whose place it took has it again', () => {
  const memory = new OutcomeMemory();
  const total = new HashSum();
  memory.add({ commandId: 'a', attempt: 1, outcome: 'refused', revision: 1 }, total);
  memory.add(outcome('b', 1), total);
  const before = [...memory];
  const { next } = memory;
  const replaced: Parameters<OutcomeMemory['takeBack']>[1][number][] = [];
  for (const again of [outcome('a', 2, 2), outcome('c', 3), outcome('b', 4, 2)])
    memory.remember(again, total, (one) => replaced.push(one));
  expect(ids(memory)).toEqual(['b', 'a', 'c']);
  memory.takeBack(next, replaced);
  expect([...memory]).toEqual(before);
  expect([memory.get('a')?.attempt, memory.get('b')?.attempt, memory.get('c')]).toEqual([1, 1, undefined]);
});
