// A what-if's answer on a terminal: counts and reasons, and never more lines than somebody reads.
import { describe, expect, test } from 'vitest';
import { describeAnswer } from '../../src/cli/what-if/answer-text.ts';
import { LINES_MAX } from '../../src/cli/what-if/lines.ts';
import type { Fullness, WhatIfAnswer } from '../../src/simulator/what-if/answer.ts';

const NOTHING: WhatIfAnswer = {
  from: { revision: 7, time: '2026-01-01T00:00:00Z' },
  wasAtRest: true,
  steps: [{ step: 1, action: 'lose n1', seconds: 15, commits: 9, ended: 'quiet' }],
  moved: [],
  pending: [],
  lost: [],
  staying: [],
  placed: [],
  removed: [],
  nodes: [],
};
const pod = (name: string) => ({ namespace: 'default', name });
const many = <Item>(count: number, make: (index: number) => Item): Item[] =>
  Array.from({ length: count }, (_, index) => make(index));

function fullness(pods: number, status = 'Ready'): Fullness {
  const requested = { cpuMillis: pods * 250, memoryBytes: pods * 256 * 1024 ** 2, pods };
  return { status, requested, allocatable: { cpuMillis: 4000, memoryBytes: 8 * 1024 ** 3, pods: 110 } };
}

test('nothing is said of what there is nothing of, but that nothing is lost', () => {
  expect(describeAnswer(NOTHING))
    .toBe(`From revision 7 (2026-01-01T00:00:00Z), in memory only: nothing reached the cell.

0 pods would move, 0 would stay pending, 0 would be lost.

STEP   ACTION    TOOK   LEADS TO
1      lose n1   15s

There are no nodes.
`);
});

test('pods of one controller that wait for one reason are one line, and so are those that are placed', () => {
  const controller = 'ReplicationController web';
  const text = describeAnswer({
    ...NOTHING,
    pending: many(300, (index) => ({
      ...pod(`web-${index}`),
      why: '0/1 nodes are available: 1 Too many pods.',
      ruledOut: {},
      controller,
      already: false,
    })),
    placed: many(9, (index) => ({ ...pod(`web-p${index}`), node: `n${index}`, controller, isNew: true })),
  });
  expect(text).toContain('300    ReplicationController default/web   0/1 nodes are available: 1 Too many pods.\n');
  expect(text).toMatch(/^9 +ReplicationController default\/web +n0 1, n1 1, n2 1, n3 1, n4 1, n5 1, 3 more nodes$/m);
});

describe('a section', () => {
  test.each([
    [LINES_MAX, undefined],
    [LINES_MAX + 1, '... and 1 more: -o json has them all'],
  ])('of %i lines ends with %s', (count, more) => {
    const moved = many(count, (index) => ({
      ...pod(`p${index}`),
      from: 'n1',
      to: 'n2',
      replacedBy: 'q',
      why: 'w',
      step: 1,
    }));
    const text = describeAnswer({ ...NOTHING, moved });
    expect(text.match(/^default\/p\d+ /gm)).toHaveLength(LINES_MAX);
    if (more === undefined) expect(text).not.toContain('-o json');
    else expect(text).toContain(more);
  });
});

test('nodes that stay as they are, are counted, and those that take pods summed up', () => {
  const same = { name: 'n3', before: fullness(1), after: fullness(1) };
  const nodes = [
    { name: 'n1', before: fullness(4), after: fullness(0, 'Ready,SchedulingDisabled') },
    { name: 'n2', before: fullness(2), after: fullness(6) },
    same,
    { name: 'n4', before: fullness(1) },
    { name: 'n5', after: fullness(0) },
  ];
  const lines = describeAnswer({ ...NOTHING, nodes }).split('\n');
  const line = (start: string) => lines.find((each) => each.startsWith(start))?.replaceAll(/ {2,}/g, ' | ');
  expect(line('n1')).toBe(
    'n1 | Ready -> Ready,SchedulingDisabled | 1 -> 0 of 4 (0%) | 1Gi -> 0 of 8Gi (0%) | 4 -> 0 of 110 (0%)',
  );
  expect(line('n2')).toBe('n2 | Ready | 0.5 -> 1.5 of 4 (38%) | 512Mi -> 1.5Gi of 8Gi (19%) | 2 -> 6 of 110 (5%)');
  expect(line('n3')).toBeUndefined();
  expect(line('n4')).toBe('n4 | Ready -> removed | 0.25 -> - of 4 | 256Mi -> - of 8Gi | 1 -> - of 110');
  expect(line('n5')).toContain('new -> Ready');
  expect(line('(all ready)')).toBe(
    '(all ready) | 2 -> 1.75 of 12 (15%) | 2Gi -> 1.8Gi of 24Gi (7%) | 8 -> 7 of 330 (2%)',
  );
  expect(lines).toContain('1 node as before: -o json has them all');
});

test('a step that did not come to rest says so', () => {
  const steps = [{ step: 1, action: 'lose n1', seconds: 1800, commits: 9, ended: 'limit' as const }];
  expect(describeAnswer({ ...NOTHING, steps })).toContain('not at rest after 1800s');
});
