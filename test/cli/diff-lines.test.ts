// How a diff reads: signs, values of any length, texts of many lines.
import { describe, expect, test } from 'vitest';
import { countsText, diffLines, fieldLines, TEXT_LINES_MAX, VALUE_MAX } from '../../src/cli/diff-lines.ts';

const lines = (count: number, word: string) => Array.from({ length: count }, (_, index) => `${word} ${index}`);

const changed = (before: unknown, after: unknown) => fieldLines([{ change: 'changed', path: 'a', before, after }]);

describe('a field', () => {
  test('is a line with both values; text that could be something else is in quotes', () => {
    expect(changed('demo:1', 'demo:2')).toBe('    ~ a: demo:1 → demo:2\n');
    expect(changed('1', 1)).toBe('    ~ a: "1" → 1\n');
    expect(changed('true', '')).toBe('    ~ a: "true" → ""\n');
    expect(changed(['x'], { y: null })).toBe('    ~ a: ["x"] → {"y":null}\n');
    expect(fieldLines([{ change: 'added', path: 'a', after: 'x' }])).toBe('    + a: x\n');
    expect(fieldLines([{ change: 'removed', path: 'a', before: 'x' }])).toBe('    - a: x\n');
    expect(fieldLines([{ change: 'reordered', path: 'a', before: ['x', 'y'], after: ['y', 'x'] }])).toBe(
      '    ~ a: in another order: ["x","y"] → ["y","x"]\n',
    );
  });

  test('whose value is long is cut, and says how long it is', () => {
    const long = 'x'.repeat(VALUE_MAX + 1);
    expect(changed('a', long)).toBe(`    ~ a: a → ${'x'.repeat(VALUE_MAX)}… (${VALUE_MAX + 1} characters)\n`);
    expect(changed('a', 'x'.repeat(VALUE_MAX))).not.toContain('…');
  });

  test('of several lines shows those that differ, up to so many', () => {
    expect(changed('same\nold\nend', 'same\nnew\nend')).toBe('    ~ a: from line 2\n      - old\n      + new\n');
    expect(fieldLines([{ change: 'added', path: 'a', after: 'x\ny' }])).toBe(
      '    + a: from line 1\n      + x\n      + y\n',
    );
    expect(fieldLines([{ change: 'removed', path: 'a', before: 'x\ny' }])).toBe(
      '    - a: from line 1\n      - x\n      - y\n',
    );
    const shown = changed(lines(TEXT_LINES_MAX, 'old').join('\n'), lines(3, 'new').join('\n')).split('\n');
    expect(shown).toHaveLength(TEXT_LINES_MAX + 3);
    expect(shown.at(-2)).toBe('      … 3 more lines');
  });
});

describe('an object', () => {
  const key = { kind: 'ConfigMap', namespace: 'default', name: 'a', before: null, after: null };

  test('has the actors who changed it', () => {
    const actors = [
      { actor: 'system:scheduler', commits: 1, first: 7, last: 7 },
      { actor: 'admin', commits: 2, first: 3, last: 5 },
    ];
    const diff = { change: 'passing', before: undefined, after: undefined } as const;
    expect(diffLines({ ...key, actors, more: true }, diff)).toBe(
      '· ConfigMap default/a  created and removed again  (system:scheduler: revision 7, admin: 2 commits, revisions 3 to 5, and others before)\n',
    );
    expect(diffLines({ ...key, actors: [] }, { ...diff, change: 'restored' })).toBe(
      '= ConfigMap default/a  changed, and changed back\n',
    );
  });

  test('is counted by what became of it', () => {
    expect(countsText(new Map())).toBe('nothing changed');
    expect(
      countsText(
        new Map([
          ['changed', 2],
          ['replaced', 1],
        ]),
      ),
    ).toBe('1 replaced by another of the same name, 2 changed');
  });
});
