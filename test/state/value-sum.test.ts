/** A value's sum of hashes: the same however it came about, another for any other value. */
import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { ValueSum } from '../../src/state/value-sum.ts';

const RUNS = 1_000;

/** Keys that mean something to JavaScript, and texts that differ in little. */
const key = fc.constantFrom('a', 'b', '0', '1', '__proto__', 'constructor', 'toString', 'length', '');
const text = fc.oneof(
  fc.string({ maxLength: 3 }),
  fc.constantFrom('', '\0', '\0\0', 'ab', 'ba', '\ud800', '\udc00', '1'),
);
const leaf = fc.oneof(text, fc.constantFrom(0, 1, -1, 2 ** 31, 2 ** 32, 2 ** 53, 0.1, 1e300, true, false, null));
const { value } = fc.letrec<{ value: unknown }>((tie) => ({
  value: fc.oneof(
    { depthSize: 'small' },
    leaf,
    fc.array(tie('value'), { maxLength: 3 }),
    fc.array(fc.tuple(key, tie('value')), { maxLength: 3 }).map((pairs) => objectOf(pairs)),
  ),
}));
const parts = fc.array(fc.tuple(key, value), { maxLength: 3 }).map((pairs) => objectOf(pairs));

/** As JSON.parse makes it: `__proto__` is a key like any other. */
function objectOf(pairs: readonly (readonly [string, unknown])[]): object {
  const members = pairs.map(([name, member]) => `${JSON.stringify(name)}:${JSON.stringify(member)}`);
  return JSON.parse(`{${members.join()}}`) as object;
}

function sumOf(...versions: readonly object[]): {
  readonly low: number;
  readonly high: number;
  readonly bytes: number;
} {
  const sum = new ValueSum().begin(0, 0);
  let before: object = {};
  for (const after of versions) {
    sum.change(before, after);
    before = after;
  }
  return { low: sum.low, high: sum.high, bytes: sum.grownBytesAtMost };
}

const hashOf = (...versions: readonly object[]) => {
  const { low, high } = sumOf(...versions);
  return `${low} ${high}`;
};

/** With keys in one order, since in JSON it means nothing. */
function canonical(given: unknown): string {
  if (Array.isArray(given)) return `[${given.map(canonical).join()}]`;
  if (typeof given !== 'object' || given === null) return JSON.stringify(given);
  const names = Object.keys(given).toSorted();
  return `{${names.map((name) => `${JSON.stringify(name)}:${canonical((given as Record<string, unknown>)[name])}`).join()}}`;
}

test('whatever a value was before, its sum is that of the value alone', () => {
  fc.assert(
    fc.property(fc.array(parts, { minLength: 1, maxLength: 4 }), (versions) => {
      expect(hashOf(...versions)).toBe(hashOf(versions.at(-1) ?? {}));
    }),
    { numRuns: RUNS },
  );
});

test('two values have one sum where they are one in JSON, and only there', () => {
  fc.assert(
    fc.property(parts, parts, (one, other) => {
      expect(hashOf(one) === hashOf(other)).toBe(canonical(one) === canonical(other));
    }),
    { numRuns: RUNS },
  );
});

test('the bound on its bytes is never below them, however it grew', () => {
  fc.assert(
    fc.property(fc.array(parts, { minLength: 1, maxLength: 4 }), (versions) => {
      const bytes = Buffer.byteLength(JSON.stringify(versions.at(-1)));
      expect(sumOf(...versions).bytes + 2).toBeGreaterThanOrEqual(bytes);
    }),
    { numRuns: RUNS },
  );
});

describe('these differ', () => {
  test.each<[object, object]>([
    [{ a: 'ab' }, { a: 'ba' }],
    [{ a: '1' }, { a: 1 }],
    [{ a: [] }, { a: {} }],
    [{ a: [] }, {}],
    [{ a: [null] }, { a: [] }],
    [{ a: ['x'] }, { a: { 0: 'x' } }],
    [{ a: '' }, { a: '\0' }],
    [{ a: '\0' }, { a: '\0\0' }],
    [{ a: { b: 1 } }, { a: 1, b: 1 }],
    [
      { a: 1, b: 2 },
      { a: 2, b: 1 },
    ],
    [{ a: ['x', 'y'] }, { a: ['y', 'x'] }],
    [{ a: true }, { a: 'true' }],
    [{ a: null }, {}],
  ])('%j and %j', (one, other) => expect(hashOf(one)).not.toBe(hashOf(other)));
});

test('what JSON writes alike is alike: -0 and 0, undefined and nothing, what is not finite and null', () => {
  expect(hashOf({ a: -0 })).toBe(hashOf({ a: 0 }));
  expect(hashOf({ a: undefined })).toBe(hashOf({}));
  expect(hashOf({ a: Infinity, b: [undefined] })).toBe(hashOf({ a: null, b: [null] }));
});

test('100,000 values that differ in one number have as many sums', () => {
  const seen = new Set<string>();
  for (let number = 0; number < 100_000; number++) seen.add(hashOf({ a: { b: number } }));
  expect(seen.size).toBe(100_000);
});

test('of 100,000 values neither half of the sum repeats more than chance has it', () => {
  const lows = new Set<number>();
  const highs = new Set<number>();
  const count = 100_000;
  for (let number = 0; number < count; number++) {
    const { low, high } = sumOf({ name: `pod-${number}` });
    lows.add(low);
    highs.add(high);
  }
  // Of so many among 2^32, one pair is expected alike; ten would be no chance.
  expect(lows.size).toBeGreaterThan(count - 10);
  expect(highs.size).toBeGreaterThan(count - 10);
});
