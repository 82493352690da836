// A step of a scenario that cannot be played is refused by its number, with what is wrong and what there is instead.
import { describe, expect, test } from 'vitest';
import type { Step } from '../../../src/simulator/what-if/scenario.ts';
import { whatIf } from '../../../src/simulator/what-if/what-if.ts';
import { addNodes, apply, barePod, baseAfter, web, WEB } from '../../support/what-if.ts';

describe('a step that cannot be', () => {
  test.each<[string, Step, RegExp]>([
    [
      'a node there is not',
      { do: 'drain', nodes: ['n-1', 'n9'], force: false },
      /^step 1 \(drain n-1, n9\): there is no Node n9 .*there are: n-1, n-2, n-3$/,
    ],
    ['a node lost that there is not', { do: 'lose', nodes: ['n9'] }, /no Node n9/],
    [
      'a shape like a node there is not',
      { do: 'addNodes', count: 1, prefix: 'x', shape: { like: 'n9' } },
      /no Node n9/,
    ],
    [
      'an object there is not',
      { do: 'scale', key: { ...WEB, name: 'shop' }, replicas: 1 },
      /no ReplicationController default\/shop .*default\/web$/,
    ],
    [
      'a kind without replicas',
      { do: 'scale', key: { kind: 'Node', namespace: '', name: 'n-1' }, replicas: 1 },
      /a Node has no replicas to scale; these have: ReplicationController/,
    ],
    [
      'a deletion of what there is not',
      { do: 'delete', keys: [{ kind: 'Pod', namespace: 'default', name: 'x' }] },
      /no Pod default\/x/,
    ],
    ['a manifest that the cell refuses', apply(barePod('Not_A_Name')), /^step 1 .*Pod "Not_A_Name" is invalid/],
    [
      'a shape like what has none',
      { do: 'fit', shape: { like: { kind: 'Node', namespace: '', name: 'n-1' } } },
      /Node n-1 has no pod template/,
    ],
    [
      'a shape that no pod could have',
      { do: 'fit', shape: { spec: { containers: [] } } },
      /^step 1 \(fit .*containers/,
    ],
  ])('is refused by name: %s', async (_what, step, message) => {
    await expect(whatIf(await baseAfter([addNodes(3), apply(web(6))]), { steps: [step] })).rejects.toThrow(message);
  });
});
