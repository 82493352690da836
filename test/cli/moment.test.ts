/** Moments of the past as people write them on the command line. */
import { describe, expect, test } from 'vitest';
import { beginningOf, momentOf } from '../../src/cli/moment.ts';
import { parseTime } from '../../src/foundation/clock.ts';

const now = parseTime('2026-01-01T12:00:00.500Z');
const at = (text: string) => momentOf('--at', text, now);

describe('a moment is', () => {
  test('a revision, or how long ago', () => {
    expect(at('1042')).toEqual({ revision: 1042 });
    expect(at('1h30m')).toEqual({ time: now - 5_400_000 });
  });

  test('a time to the end of its second, as times are printed without what is finer', () => {
    expect(at('2026-01-01T11:59:58Z')).toEqual({ time: parseTime('2026-01-01T11:59:58.999Z') });
    expect(at('2026-01-01T12:59:58+01:00')).toEqual({ time: parseTime('2026-01-01T11:59:58.999Z') });
    expect(at('2026-01-01T11:59:58.250Z')).toEqual({ time: parseTime('2026-01-01T11:59:58.250Z') });
    expect(at('2026-01-01')).toEqual({ time: parseTime('2026-01-01T00:00:00Z') });
  });

  test('never after now for its second alone', () => {
    expect(at('2026-01-01T12:00:00Z')).toEqual({ time: now });
    expect(at('2026-01-01T12:00:01Z')).toEqual({ time: parseTime('2026-01-01T12:00:01Z') });
  });

  test('where a range begins, the beginning of the second', () => {
    expect(beginningOf('--from', '2026-01-01T11:59:58Z', now)).toEqual({ time: parseTime('2026-01-01T11:59:58Z') });
  });

  test('nothing else', () => {
    for (const text of ['-5', 'foo', '1.5h', 'May 1', '12:00', '2026-13-01', ''])
      expect(() => at(text), text).toThrow(/^--at: ".*" is no revision, time or span/);
  });
});
