// Outcomes are found by id, walked oldest first, and forgotten from the front at no cost to the rest.
import { expect, test } from 'vitest';
import { OutcomeMemory } from '../../src/state/outcome-memory.ts';
import type { RememberedOutcome } from '../../src/state/outcomes.ts';

const outcome = (commandId: string, revision: number, attempt = 1): RememberedOutcome => ({
  commandId,
  attempt,
  outcome: 'unchanged',
  revision,
});
const remembered = (...outcomes: RememberedOutcome[]): OutcomeMemory => {
  const memory = new OutcomeMemory();
  for (const each of outcomes) memory.add(each);
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

test('what is forgotten is neither found nor walked, wherever it stood', () => {
  const memory = remembered(outcome('a', 1), outcome('b', 2), outcome('c', 3), outcome('d', 4));
  memory.forget(['a', 'c']);
  expect(ids(memory)).toEqual(['b', 'd']);
  expect(memory.get('a')).toBeUndefined();
  memory.forget(['b', 'd']);
  expect(ids(memory)).toEqual([]);
  expect(memory.size).toBe(0);
});

test('an id that was forgotten may come again', () => {
  const memory = remembered(outcome('a', 1), outcome('b', 2));
  memory.forget(['a']);
  memory.add(outcome('a', 3));
  expect(ids(memory)).toEqual(['b', 'a']);
});
