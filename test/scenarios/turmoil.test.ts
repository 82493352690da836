/** Whatever happens to writers, nodes and agents, in whatever order: once it is over, exactly the wanted pods run. */
import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import {
  allReady,
  createWebCommand,
  expectContainersMatch,
  expectEachCommandOnce,
  expectFoldsAlike,
  NODES,
  podsOf,
  scaleWebCommand,
} from '../support/whole-cell-checks.ts';
import { WholeCell } from '../support/whole-cell.ts';

const RUNS = 25;
const WANTED = 7;
/** Enough for a node to be found silent, its pods to be evicted, and a container to crash and wait a few times. */
const HEALED_WITHIN_MS = 180_000;

type Step = (cell: WholeCell) => Promise<void> | void;

const anyNode = fc.constantFrom(...NODES);

function named<Value>(
  name: string,
  values: fc.Arbitrary<Value>,
  step: (cell: WholeCell, value: Value) => ReturnType<Step>,
) {
  return values.map((value) => ({ what: `${name} ${String(value)}`, step: (cell: WholeCell) => step(cell, value) }));
}

const anyStep = fc.oneof(
  named('wait', fc.constantFrom(10, 300, 2_500, 9_000, 20_000), (cell, ms) => cell.clock.advance(ms)),
  named('scale', fc.integer({ min: 0, max: 14 }), (cell, replicas) => cell.send(scaleWebCommand(replicas))),
  named('cut', anyNode, (cell, name) => cell.node(name).cut()),
  named('reconnect', anyNode, (cell, name) => cell.node(name).reconnect()),
  named('kill the writer at its next entry', fc.constantFrom('lostOnTheWay', 'acknowledgementLost'), (cell, fault) => {
    cell.fault = () => {
      cell.fault = undefined;
      cell.kill();
      return { [fault]: true };
    };
  }),
  named('kill the writer', fc.constant('now'), (cell) => cell.kill()),
  named('kill the agent', anyNode, (cell, name) => cell.node(name).stopAgent()),
  named('start the agent', anyNode, (cell, name) => cell.node(name).startAgent()),
  named('remove a container', fc.tuple(anyNode, fc.nat({ max: 5 })), async (cell, [name, index]) => {
    const { containers } = await cell.node(name).engine.inventory();
    const found = containers[index];
    if (found) await cell.node(name).engine.removeContainer(found.id);
  }),
  named('delete a pod', fc.tuple(fc.nat({ max: 12 }), fc.boolean()), async (cell, [index, atOnce]) => {
    const pod = cell.isUp ? podsOf(cell.state)[index] : undefined;
    const args = atOnce ? { gracePeriodSeconds: 0 } : {};
    if (pod) await cell.trySend({ kind: 'Pod', name: pod.name, verb: 'delete', arguments: args });
  }),
  named('cordon', fc.tuple(anyNode, fc.boolean()), (cell, [name, unschedulable]) =>
    cell.send({ kind: 'Node', name, verb: 'patch', arguments: { patch: { spec: { unschedulable } } } }),
  ),
);

async function heal(cell: WholeCell): Promise<void> {
  cell.fault = undefined;
  for (const name of NODES) {
    await cell.node(name).startAgent();
    cell.node(name).reconnect();
    await cell.send({ kind: 'Node', name, verb: 'patch', arguments: { patch: { spec: { unschedulable: false } } } });
  }
  await cell.send(scaleWebCommand(WANTED));
  await cell.eventually(`${WANTED} are ready`, allReady(WANTED), HEALED_WITHIN_MS);
}

test('after any turmoil exactly the wanted pods run, and none twice', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(anyStep, { minLength: 3, maxLength: 14 }), async (steps) => {
      const cell = await WholeCell.start(...NODES);
      try {
        await cell.send(createWebCommand(WANTED));
        for (const { step } of steps) await step(cell);
        await heal(cell);
        await cell.clock.advance(10_000);
        expect(allReady(WANTED)(cell.state)).toBe(true);
        await expectContainersMatch(cell);
        await expectFoldsAlike(cell);
        await expectEachCommandOnce(cell);
      } finally {
        await cell.close();
      }
    }),
    { numRuns: RUNS },
  );
}, 180_000);
