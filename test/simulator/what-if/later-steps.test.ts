// What a later step of a scenario makes of the pods that an earlier one took away.
import { expect, test } from 'vitest';
import type { Step } from '../../../src/simulator/what-if/scenario.ts';
import { whatIf } from '../../../src/simulator/what-if/what-if.ts';
import { addNodes, apply, baseAfter, web, WEB } from '../../support/what-if.ts';

const drain = (node: string): Step => ({ do: 'drain', nodes: [node], force: false });

test.each<[string, Step]>([
  ['is deleted', { do: 'delete', keys: [WEB] }],
  ['wants fewer', { do: 'scale', key: WEB, replicas: 0 }],
])('no drained pod is lost whose controller %s afterwards', async (_, later) => {
  const base = await baseAfter([addNodes(2), apply(web(1))]);
  const { lost, removed } = await whatIf(base, { steps: [drain('n-1'), drain('n-2'), later] });
  expect(lost).toEqual([]);
  expect(removed).toMatchObject([
    { why: expect.stringMatching(/^node n-\d was drained, and a later step left no place for another$/) },
  ]);
});
