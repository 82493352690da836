// How many more pods fit: the same number as when they are made until one stays pending.
import { describe, expect, test } from 'vitest';
import type { GivenManifest } from '../../../src/bus/apply.ts';
import type { BaseState } from '../../../src/simulator/what-if/base-state.ts';
import { countFit } from '../../../src/simulator/what-if/fit.ts';
import { Fork } from '../../../src/simulator/what-if/fork.ts';
import type { PodShape } from '../../../src/simulator/what-if/scenario.ts';
import { whatIf } from '../../../src/simulator/what-if/what-if.ts';
import { addNodes, apply, barePod, baseAfter, web, WEB } from '../../support/what-if.ts';

/** Made beyond what fits, so that some must stay pending. */
const TOO_MANY = 3;

function shapeOf(pod: GivenManifest): PodShape {
  return { spec: (pod as unknown as PodShape).spec };
}

const hostPort = (port: number) => ({
  containers: [{ name: 'main', image: 'demo:1', ports: [{ containerPort: 80, hostPort: port }] }],
});

const CASES: readonly (readonly [string, () => Promise<BaseState>, GivenManifest])[] = [
  ['an empty cell', () => baseAfter([addNodes(4)]), barePod('x', '1')],
  [
    'nodes filled unevenly',
    () => baseAfter([addNodes(3, { cpu: '7' }), addNodes(2, { cpu: '3500m' }, 'm'), apply(web(9, '900m'))]),
    barePod('x', '600m'),
  ],
  [
    'nodes that are full by the number of their pods',
    () => baseAfter([addNodes(3, { pods: '5' }), apply(web(4, '10m'))]),
    barePod('x', '10m'),
  ],
  [
    'a node that is cordoned and one that is lost',
    () => baseAfter([addNodes(4), { do: 'cordon', nodes: ['n-1'] }, { do: 'lose', nodes: ['n-2'] }]),
    barePod('x', '1500m'),
  ],
  [
    'a node selector',
    () => baseAfter([addNodes(3), addNodes(2, { labels: { disk: 'ssd' } }, 'm')]),
    barePod('x', '1', { nodeSelector: { disk: 'ssd' } }),
  ],
  [
    'a port of the node, one pod a node',
    () => baseAfter([addNodes(3), apply(barePod('y', '1', hostPort(8080)))]),
    barePod('x', '1', hostPort(8080)),
  ],
  ['no room at all', () => baseAfter([addNodes(2), apply(web(20))]), barePod('x', '1')],
];

describe('what fits', () => {
  test.each(CASES)('is what can be made, with %s', async (_what, make, pod) => {
    const base = await make();
    const asked = await whatIf(base, { steps: [{ do: 'fit', shape: shapeOf(pod) }] });
    const fit = asked.steps[0]?.fit;
    if (fit === undefined) throw new Error('a fit has an answer');
    const pods = Array.from({ length: fit.count + TOO_MANY }, (_, index) => named(pod, `made-${index}`));
    const made = await whatIf(base, { steps: [apply(...pods)] });
    const placed = made.placed.filter(({ name }) => name.startsWith('made-'));
    const pending = made.pending.filter(({ name }) => name.startsWith('made-'));
    expect(placed).toHaveLength(fit.count);
    expect(pending.map(({ why }) => why)).toEqual(Array.from({ length: TOO_MANY }, () => fit.nextWhyNot));
    const nodes = Object.fromEntries(
      Object.entries(Object.groupBy(placed, ({ node }) => node)).map(([node, there]) => [node, there?.length]),
    );
    expect(nodes).toEqual(fit.nodes);
  });

  test('like a controller or a pod is what fits of theirs', async () => {
    const base = await baseAfter([addNodes(2), apply(web(3, '700m'), barePod('db', '700m'))]);
    const shapes = [
      { like: WEB },
      { like: { kind: 'Pod', namespace: 'default', name: 'db' } },
      shapeOf(barePod('x', '700m')),
    ];
    const { steps } = await whatIf(base, { steps: shapes.map((shape) => ({ do: 'fit', shape })) });
    expect(steps.map(({ fit }) => fit?.count)).toEqual([6, 6, 6]);
  });

  test('is counted without placing anything', async () => {
    const base = await baseAfter([addNodes(2), apply(web(3))]);
    const answer = await whatIf(base, {
      steps: [
        { do: 'fit', shape: { like: WEB } },
        { do: 'fit', shape: { like: WEB } },
      ],
    });
    expect(answer.steps.map(({ fit, commits }) => [fit?.count, commits])).toEqual([
      [5, 0],
      [5, 0],
    ]);
    expect(answer.placed).toEqual([]);
  });

  test('is counted no further than a limit, and says that it is at least so many', async () => {
    const fork = await Fork.begin(await baseAfter([addNodes(2)]));
    expect(countFit(fork.state, shapeOf(barePod('x', '1')), 8)).toMatchObject({ count: 8, atLeast: true });
    expect(countFit(fork.state, shapeOf(barePod('x', '1')), 9)).toMatchObject({ count: 8, atLeast: false });
    fork.stop();
  });
});

function named(pod: GivenManifest, name: string): GivenManifest {
  return { ...pod, metadata: { ...pod.metadata, name } };
}
