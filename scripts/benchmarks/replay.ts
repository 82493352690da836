/** Folding a log into state, checked entry by entry, as a share of merely reading it: entries of one commit and full ones. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { systemClock } from '../../src/foundation/clock.ts';
import { silentLogger } from '../../src/foundation/logger.ts';
import { ENTRY_MAX_COMMITS } from '../../src/log/entry.ts';
import type { EventLog, StoredEntry } from '../../src/log/event-log.ts';
import { openLog } from '../../src/log/jetstream-log.ts';
import { Fold } from '../../src/state/fold.ts';
import { startBareNats } from './nats.ts';
import type { BenchmarkContext } from './report.ts';
import { round } from './statistics.ts';
import { beginCell, podWaves, SyntheticLog } from './synthetic-log.ts';

/** A pod's whole life is five commits. */
const LOGS = [
  { entryCommits: 1, pods: 10_000 },
  { entryCommits: ENTRY_MAX_COMMITS, pods: 40_000 },
];
const REPLAYS = ['cold', 'warm', 'warm again'];

export async function replay({ row, note, keep }: BenchmarkContext): Promise<void> {
  for (const { entryCommits, pods } of LOGS) {
    const store = mkdtempSync(join(tmpdir(), 'periplus-bench-replay-'));
    // Generating need not wait for the disk; what is measured is reading.
    const nats = await startBareNats(store, { synced: false });
    const shared = { connection: nats.connection, clock: systemClock, logger: silentLogger };
    const log = await openLog({ ...shared, cell: 'bench' });
    const made = new SyntheticLog(log, entryCommits);
    const began = performance.now();
    await beginCell(made);
    await podWaves(made, pods, { whole: true });
    await made.end();
    const { commits } = made;
    note(`${commits} commits in entries of ${entryCommits} made in ${round((performance.now() - began) / 1000)} s`);
    const last = made.fold.state.position.entry;
    for (const when of REPLAYS) {
      const readMs = await timed(log, last, () => undefined);
      const fold = new Fold();
      const foldMs = await timed(log, last, (entry) => fold.apply(entry));
      if (fold.state.stateHash() !== made.fold.state.stateHash()) throw new Error('the replayed state is another one');
      row({
        when,
        commits,
        commits_an_entry: entryCommits,
        commits_per_s: round((commits * 1000) / foldMs),
        read_commits_per_s: round((commits * 1000) / readMs),
        share_of_raw_read: round(readMs / foldMs),
      });
    }
    await nats.stop();
    if (!keep) rmSync(store, { recursive: true, force: true });
  }
}

/** Reads the log to its end, giving each entry to `take`; milliseconds. */
async function timed(log: EventLog, last: number, take: (entry: StoredEntry) => unknown): Promise<number> {
  const stop = new AbortController();
  const began = performance.now();
  for await (const batch of log.read(1, stop.signal)) {
    for (const entry of batch) take(entry);
    if ((batch.at(-1)?.number ?? 0) >= last) break;
  }
  stop.abort();
  return performance.now() - began;
}
