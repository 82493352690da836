/** The past of a cell in memory, as its control plane would know it. */
import { MemoryPast } from '../../src/history/memory-past.ts';
import { Fold } from '../../src/state/fold.ts';
import type { Cell } from './cell.ts';
import type { WholeCell } from './whole-cell.ts';

/** Of entries as the log has them, from the first on. */
export function pastOf(payloads: Iterable<Uint8Array>): MemoryPast {
  const past = new MemoryPast();
  const fold = new Fold();
  fold.subscribe(past.observe);
  let number = 0;
  for (const payload of payloads) fold.apply({ number: ++number, payload });
  return past;
}

/** What answers about the past of a cell rest on. */
export function sourceOf(cell: Cell) {
  return { past: pastOf(cell.payloads), view: cell.state, now: () => cell.now };
}

/** The same of a whole cell, as its log is now. */
export async function sourceOfWhole(cell: WholeCell) {
  const payloads: Uint8Array[] = [];
  const last = await cell.log.lastNumber();
  for (let number = 1; number <= last; number++) {
    const stored = await cell.log.get(number);
    if (stored === undefined) throw new Error(`the log has no entry ${number}`);
    payloads.push(stored.payload);
  }
  return { past: pastOf(payloads), view: cell.state, now: () => cell.clock.now() };
}
