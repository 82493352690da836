// A what-if foretells what a real cell then does: same parts, real agents on hollow engines.
import { expect, test } from 'vitest';
import {
  boundNode,
  isLive,
  kinds,
  unschedulableMessage,
  type NodeContext,
  type PodContext,
  type View,
} from '../../../machines/index.ts';
import type { BaseState } from '../../../src/simulator/what-if/base-state.ts';
import { Fork } from '../../../src/simulator/what-if/fork.ts';
import { Player } from '../../../src/simulator/what-if/play.ts';
import { Fold } from '../../../src/state/fold.ts';
import { forkedState } from '../../../src/simulator/what-if/base-state.ts';
import { allRecords } from '../../support/kept-state.ts';
import { WholeCell } from '../../support/whole-cell.ts';
import { addNodes, apply, barePod, baseAfter, web, WEB, type PlayableStep } from '../../support/what-if.ts';

const NODES = ['n1', 'n2', 'n3', 'n4', 'n5'];
/** More than silence, tolerance and every back-off of a cell this small. */
const LONG_MS = 60_000;

/** Of each pod all but what differs from run to run: names, addresses, moments. */
function picture(view: View, now: number): unknown {
  const pods = [...view.list<PodContext>('Pod')].map((pod) => {
    const { slot, status } = pod.context;
    return {
      pod: slot === undefined ? pod.name : `slot ${slot}`,
      node: boundNode(pod),
      live: isLive(pod),
      phase: status.phase,
      conditions: status.conditions?.map(({ type, status: is, reason }) => `${type} ${is} ${reason ?? ''}`),
      why: unschedulableMessage(pod),
      containers: status.containerStatuses?.map(({ name, image, imageID, ready, restartCount, started, state }) => {
        return { name, image, imageID, ready, restartCount, started, state: Object.keys(state) };
      }),
    };
  });
  const nodes = [...view.list<NodeContext>('Node')].map((node) => [
    node.name,
    kinds.get('Node')?.columns[1]?.cell(node, now),
  ]);
  return [...pods, ...nodes].map((each) => JSON.stringify(each)).toSorted();
}

async function foretold(base: BaseState, steps: readonly PlayableStep[]): Promise<unknown> {
  const fork = await Fork.begin(base);
  const player = new Player(fork);
  await fork.settle(fork.now() + LONG_MS);
  for (const step of steps) {
    await player.play(step);
    await fork.settle(fork.now() + LONG_MS);
  }
  fork.stop();
  return picture(fork.state, fork.now());
}

/** A real cell of five nodes with pods that nearly fill them; a bare one among them. */
async function realCell(): Promise<WholeCell> {
  const cell = await WholeCell.start(...NODES);
  await cell.send({ ...WEB, verb: 'create', arguments: { manifest: web(12, '9') } });
  await cell.send({
    kind: 'Pod',
    namespace: 'default',
    name: 'db',
    verb: 'create',
    arguments: { manifest: barePod('db', '9') },
  });
  await cell.clock.advance(LONG_MS);
  return cell;
}

function baseOf(cell: WholeCell): BaseState {
  return { records: allRecords(cell.state), revision: cell.state.revision, time: cell.state.time };
}

async function drainForReal(cell: WholeCell, node: string): Promise<void> {
  await cell.send({ kind: 'Node', name: node, verb: 'patch', arguments: { patch: { spec: { unschedulable: true } } } });
  const pods = [...cell.state.list<PodContext>('Pod')].filter((pod) => boundNode(pod) === node && pod.name !== 'db');
  for (const pod of pods) await cell.send({ kind: 'Pod', name: pod.name, verb: 'delete' });
}

test('healthy nodes of a what-if report what real agents on hollow engines do', async () => {
  const cell = await WholeCell.start(...NODES);
  await cell.clock.advance(LONG_MS);
  const base = baseOf(cell);
  await cell.send({ ...WEB, verb: 'create', arguments: { manifest: web(12, '9') } });
  await cell.clock.advance(LONG_MS);
  expect(await foretold(base, [apply(web(12, '9'))])).toEqual(picture(cell.state, cell.clock.now()));
});

test.each<[string, (cell: WholeCell) => Promise<void>, readonly PlayableStep[]]>([
  [
    'scaling beyond what there is room for',
    (cell) => cell.send({ ...WEB, verb: 'scale', arguments: { replicas: 20 } }),
    [{ do: 'scale', key: WEB, replicas: 20 }],
  ],
  [
    'scaling down',
    (cell) => cell.send({ ...WEB, verb: 'scale', arguments: { replicas: 5 } }),
    [{ do: 'scale', key: WEB, replicas: 5 }],
  ],
  ['draining a node', (cell) => drainForReal(cell, 'n2'), [{ do: 'drain', nodes: ['n2'], force: false }]],
  ['losing a node', async (cell) => cell.node('n3').cut(), [{ do: 'lose', nodes: ['n3'] }]],
  [
    'losing most nodes',
    async (cell) => ['n1', 'n2', 'n3'].forEach((name) => cell.node(name).cut()),
    [{ do: 'lose', nodes: ['n1', 'n2', 'n3'] }],
  ],
  ['deleting a controller', (cell) => cell.send({ ...WEB, verb: 'delete' }), [{ do: 'delete', keys: [WEB] }]],
  [
    'one after the other',
    async (cell) => {
      await drainForReal(cell, 'n1');
      await cell.clock.advance(LONG_MS);
      cell.node('n4').cut();
      await cell.clock.advance(LONG_MS);
      await cell.send({ ...WEB, verb: 'scale', arguments: { replicas: 9 } });
    },
    [
      { do: 'drain', nodes: ['n1'], force: false },
      { do: 'lose', nodes: ['n4'] },
      { do: 'scale', key: WEB, replicas: 9 },
    ],
  ],
])('what is foretold is what a real cell does: %s', async (_what, forReal, steps) => {
  const cell = await realCell();
  const base = baseOf(cell);
  const answer = await foretold(base, steps);
  expect(answer, 'a scenario that changes nothing would prove nothing').not.toEqual(
    picture(cell.state, cell.clock.now()),
  );
  await forReal(cell);
  await cell.clock.advance(LONG_MS);
  expect(answer).toEqual(picture(cell.state, cell.clock.now()));
});

test('a what-if of a cell that is being asked about leaves that cell as it is', async () => {
  const cell = await realCell();
  const { stored } = cell.log.marks;
  const hash = cell.state.stateHash();
  await foretold(baseOf(cell), [
    { do: 'drain', nodes: ['n1'], force: true },
    { do: 'scale', key: WEB, replicas: 0 },
  ]);
  expect(cell.log.marks.stored).toBe(stored);
  expect(cell.state.stateHash()).toBe(hash);
});

test('the fork’s own log is a log like any other: folded again it leads to the same state', async () => {
  const base = await baseAfter([addNodes(3), apply(web(4))]);
  const fork = await Fork.begin(base);
  const player = new Player(fork);
  for (const step of [
    { do: 'lose', nodes: ['n-1'] },
    { do: 'scale', key: WEB, replicas: 9 },
  ] as const) {
    await player.play(step);
    await fork.settle(fork.now() + LONG_MS);
  }
  const again = new Fold(forkedState(base));
  for (let number = 1; number <= (await fork.log.lastNumber()); number++) {
    const stored = await fork.log.get(number);
    if (stored !== undefined) again.apply(stored);
  }
  expect(again.state.stateHash()).toBe(fork.state.stateHash());
  expect(again.state.revision).toBe(fork.state.revision);
  fork.stop();
});
