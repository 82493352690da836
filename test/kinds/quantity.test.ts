/** Rules of resource quantities: what is one, how much it is, how Kubernetes writes it. */
import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { canonicalQuantity, compareQuantities, cpuMillis, memoryBytes, quantityError } from '../../machines/index.ts';

describe('a quantity', () => {
  test.each([
    ['0', '0'],
    ['-0', '0'],
    ['0.5', '500m'],
    ['.5', '500m'],
    ['1.', '1'],
    ['1000m', '1'],
    ['1500m', '1500m'],
    ['1500k', '1500k'],
    ['1000k', '1M'],
    ['2E', '2E'],
    ['1P', '1P'],
    ['1T', '1T'],
    ['1G', '1G'],
    ['5u', '5u'],
    ['5n', '5n'],
    ['0.0000000001', '1n'],
    ['1024Ki', '1Mi'],
    ['1024Mi', '1Gi'],
    ['1.5Gi', '1536Mi'],
    ['1Ti', '1Ti'],
    ['1Pi', '1Pi'],
    ['1Ei', '1Ei'],
    ['0.5Ki', '512'],
    ['1e3', '1e3'],
    ['1000e3', '1e6'],
    ['12E-3', '12e-3'],
    ['-1.5', '-1500m'],
    ['+1', '1'],
  ])('%s is written %s', (text, canonical) => {
    expect(quantityError(text)).toBeUndefined();
    expect(canonicalQuantity(text)).toBe(canonical);
    expect(compareQuantities(text, canonical)).toBe(0);
  });

  test.each(['', 'abc', '1Kii', '1 Gi', '1,5', '.', '1K', '--1', '1e', '1e1000', '1'.repeat(65)])(
    'is not %j',
    (text) => {
      expect(quantityError(text)).toBe(
        `Invalid value: ${JSON.stringify(text)}: quantities must match the regular expression '^([+-]?[0-9.]+)([eEinumkKMGTP]*[-+]?[0-9]*)$'`,
      );
      expect(() => canonicalQuantity(text)).toThrow('is not a quantity');
      expect(() => cpuMillis(text)).toThrow('is not a quantity');
    },
  );

  test('counts in thousandths of a processor and in bytes, rounded up', () => {
    expect([cpuMillis('2'), cpuMillis('250m'), cpuMillis('0.1'), cpuMillis('1u')]).toEqual([2000, 250, 100, 1]);
    expect([memoryBytes('1Ki'), memoryBytes('1k'), memoryBytes('1.5'), memoryBytes('128Mi')]).toEqual([
      1024, 1000, 2, 134217728,
    ]);
  });

  test('is more or less than another, however both are written', () => {
    expect(compareQuantities('1Gi', '1G')).toBeGreaterThan(0);
    expect(compareQuantities('999m', '1')).toBeLessThan(0);
  });

  test('keeps its amount when it is written canonically, and that writing does not change again', () => {
    const suffixes = ['n', 'u', 'm', '', 'k', 'M', 'G', 'T', 'Ki', 'Mi', 'Gi', 'e2', 'E-1'];
    const numbers = fc.tuple(
      fc.integer({ min: -1_000_000, max: 1_000_000 }),
      fc.constantFrom('', '.5', '.125'),
      fc.constantFrom(...suffixes),
    );
    fc.assert(
      fc.property(numbers, ([whole, fraction, suffix]) => {
        const text = `${whole}${fraction}${suffix}`;
        const canonical = canonicalQuantity(text);
        expect(compareQuantities(text, canonical)).toBe(0);
        expect(canonicalQuantity(canonical)).toBe(canonical);
      }),
    );
  });
});
