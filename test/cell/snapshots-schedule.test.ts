/** Snapshots are taken by number of entries, one at a time, and a failure waits before the next try. */
import { beforeEach, describe, expect, test } from 'vitest';
import { scheduleSnapshots, SNAPSHOT_RETRY_MS } from '../../src/cell/snapshots-schedule.ts';
import { silentLogger } from '../../src/foundation/logger.ts';
import { FoldedLog, create } from '../read-model/projected-cell.ts';
import { ManualClock, settle } from '../support/manual-clock.ts';

const EVERY = 10;

let folded: FoldedLog;
let clock: ManualClock;
let taken: number[];
let newest: number;
let taking: PromiseWithResolvers<void>;
let stop: AbortController;

beforeEach(() => {
  folded = new FoldedLog();
  const spec = { snapshotEntries: EVERY, snapshotsKept: 7 };
  folded.accept({ kind: 'Namespace', namespace: '', ...create('default') });
  folded.accept({ kind: 'CellConfiguration', namespace: '', ...create('cell', { spec }) });
  clock = new ManualClock();
  taken = [];
  newest = 0;
  taking = Promise.withResolvers();
  stop = new AbortController();
  const taker = {
    newest: (lineage: string) => (lineage === 'test' ? newest : -1),
    take: (keep: number) => {
      expect(keep).toBe(7);
      taken.push(folded.state.position.entry);
      return taking.promise;
    },
  };
  scheduleSnapshots({ fold: folded.fold, taker, clock, logger: silentLogger }, stop.signal);
});

function until(entry: number): void {
  while (folded.state.position.entry < entry) folded.accept(create(`c${folded.state.position.entry}`));
}

describe('a snapshot', () => {
  test('is taken once the log has grown by the setting since the last one', async () => {
    until(9);
    expect(taken).toEqual([]);
    until(15);
    expect(taken).toEqual([10]);
    newest = 12;
    taking.resolve();
    await settle();
    until(30);
    expect(taken).toEqual([10, 22]);
  });

  test('that cannot be taken is tried again, but not with every entry', async () => {
    taking.reject(new Error('the disk is full'));
    until(12);
    await settle();
    until(40);
    expect(taken).toEqual([10]);
    await clock.advance(SNAPSHOT_RETRY_MS);
    until(41);
    expect(taken).toEqual([10, 41]);
  });

  test('is none of a process that does not write any more', () => {
    stop.abort();
    until(40);
    expect(taken).toEqual([]);
  });
});
