/** What the scheduler's own part of a pod costs; printed for people, since a loaded machine proves nothing. */
import { expect, test } from 'vitest';
import type { Command } from '../../machines/index.ts';
import { boundNode, UNSCHEDULED, UNSCHEDULED_INDEX, type PodContext } from '../../machines/pod/index.ts';
import { systemClock } from '../../src/foundation/clock.ts';
import { silentLogger } from '../../src/foundation/logger.ts';
import { ENTRY_MAX_COMMITS } from '../../src/log/entry.ts';
import { Scheduler } from '../../src/scheduler/scheduler.ts';
import { Cell } from '../support/cell.ts';
import { createPodCommand, register } from '../support/scheduling.ts';
import { settle } from '../support/manual-clock.ts';

const PODS = 3_000;
const NODES = 50;

/** What this process has used: other tests on the machine do not count. */
function cpuMs(): number {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1000;
}

function crowdedCell(): Cell {
  const cell = Cell.begin();
  for (let node = 0; node < NODES; node++)
    cell.accept(register(`n${node}`, { cpu: '32', memory: '32Gi', pods: '110' }));
  const creations = Array.from({ length: PODS }, (_, index): Command => {
    const owner = index % 2 === 0 ? 'even' : 'odd';
    const command = createPodCommand(`p${index}`, { owner, cpu: '100m', memory: '64Mi' });
    return { id: `create/${index}`, namespace: 'default', actor: 'admin', arguments: {}, ...command };
  });
  submit(cell, creations);
  return cell;
}

function submit(cell: Cell, commands: readonly Command[]) {
  return Array.from({ length: Math.ceil(commands.length / ENTRY_MAX_COMMITS) }, (_, entry) =>
    cell.submitTogether(commands.slice(entry * ENTRY_MAX_COMMITS, (entry + 1) * ENTRY_MAX_COMMITS)),
  ).flat();
}

test(`${PODS} pods over ${NODES} nodes are all bound`, async () => {
  const cell = crowdedCell();
  let decidingMs = 0;
  const sink = {
    async submit(commands: readonly Command[]) {
      const began = cpuMs();
      const told = cell.changes.length;
      const outcomes = submit(cell, commands);
      decidingMs += cpuMs() - began;
      for (const change of cell.changes.slice(told)) scheduler.observe(change);
      return outcomes;
    },
  };
  const began = cpuMs();
  const scheduler = new Scheduler({ view: cell.state, sink, clock: systemClock, logger: silentLogger });
  while (cell.state.count('Pod', UNSCHEDULED_INDEX, UNSCHEDULED) > 0) await settle(1);
  const ownMs = cpuMs() - began - decidingMs;
  scheduler.stop();
  console.log(
    `scheduler: ${((ownMs / PODS) * 1000).toFixed(1)} µs a pod (deciding: ${((decidingMs / PODS) * 1000).toFixed(1)} µs)`,
  );
  const perNode = Map.groupBy(cell.list<PodContext>('Pod'), boundNode);
  expect([...perNode.values()].map((pods) => pods.length)).toEqual(Array.from({ length: NODES }, () => PODS / NODES));
});
