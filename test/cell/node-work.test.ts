/** Work goes to nodes that have seen nothing but this log, and again to those that missed it. */
import { expect, it } from 'vitest';
import type { WorkList, WorkPosition } from '../../src/agent/control-plane-link.ts';
import { NodeWork, WORK_MISSED_MS } from '../../src/cell/node-work.ts';
import { silentLogger } from '../../src/foundation/logger.ts';
import type { LogDamageError } from '../../src/log/entry.ts';
import { MemoryLog } from '../../src/log/memory-log.ts';
import { Fold } from '../../src/state/fold.ts';
import { Cell } from '../support/cell.ts';
import { ManualClock, settle } from '../support/manual-clock.ts';
import { registerNode } from '../support/workload.ts';

const LINEAGE = 'test';

async function begin() {
  const clock = new ManualClock();
  const cell = Cell.begin();
  registerNode(cell, 'n1');
  const log = new MemoryLog({ cell: 'test', lineage: LINEAGE, clock, appendTimeoutMs: 100 });
  const fold = new Fold();
  for (const [index, payload] of cell.payloads.entries()) {
    await log.append(index + 1, payload);
    fold.apply({ number: index + 1, payload });
  }
  const lists: WorkList[] = [];
  const losses: LogDamageError[] = [];
  const work = new NodeWork({
    fold,
    log,
    clock,
    logger: silentLogger,
    heard: () => undefined,
    publish: (_node, list) => lists.push(list),
    onLoss: (error) => losses.push(error),
  });
  return { clock, fold, work, lists, losses, at: fold.state.position satisfies WorkPosition };
}

it('a node that has seen nothing is given its work when it is first heard', async () => {
  const { work, lists } = await begin();
  work.requested('n1');
  expect(lists).toEqual([]);
  work.heartbeat('n1', undefined);
  await settle();
  expect(lists).toMatchObject([{ full: true }]);
});

it('a node that has seen what is not on the log is given none, and tells of a loss', async () => {
  const { work, lists, losses, at } = await begin();
  work.heartbeat('n1', { ...at, hash: 'another' });
  await settle();
  work.requested('n1');
  work.publishAll();
  expect(lists).toEqual([]);
  expect(losses).toMatchObject([{ entry: at.entry }]);
});

it('a node whose heartbeats still tell of an older list is given its work again', async () => {
  const { clock, work, lists, at } = await begin();
  work.heartbeat('n1', undefined);
  await settle();
  const before = lists.length;
  await clock.advance(WORK_MISSED_MS - 1);
  work.heartbeat('n1', undefined);
  expect(lists).toHaveLength(before);
  await clock.advance(1);
  work.heartbeat('n1', undefined);
  expect(lists).toHaveLength(before + 1);
  await clock.advance(WORK_MISSED_MS);
  work.heartbeat('n1', at);
  expect(lists).toHaveLength(before + 1);
});
