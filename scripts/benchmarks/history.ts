/** The past over a long log: objects, lists, commits and causes at any revision, each beside one read by primary key of the same file. */
import { mkdtempSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { ObjectKey } from '../../machines/index.ts';
import { pastList } from '../../src/bus/past-answers.ts';
import { systemClock } from '../../src/foundation/clock.ts';
import type { Past } from '../../src/history/past.ts';
import { pastView } from '../../src/history/past-view.ts';
import { HistoryReader } from '../../src/read-model/index.ts';
import { recordHistory, type RecordedHistory } from './recorded-history.ts';
import type { BenchmarkContext } from './report.ts';
import { percentile, round } from './statistics.ts';

const COMMITS = 1_000_000;
const LISTED_OBJECTS = 10_000;
const READS = 5_000;
const LISTS = 12;

export async function history({ row, note, keep, commits = COMMITS }: BenchmarkContext): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'periplus-bench-history-'));
  if (keep) note(`in ${folder}`);
  const living = Math.min(LISTED_OBJECTS, Math.floor(commits / 20));
  const made = await recordHistory(folder, { commits, living }, note);
  const { past } = made.history;
  row({ what: 'recorded', commits: made.commits, objects: made.objects, ...costOf(made) });
  const revisions = randomRevisions(past, READS);
  const keys = revisions.flatMap((revision) => past.commit(revision)?.commit ?? []);
  const raw = rawRead(made.file, revisions);
  const measured = (what: string, reads: readonly number[]) =>
    row({
      what,
      p50_ms: round(percentile(reads, 0.5)),
      p99_ms: round(percentile(reads, 0.99)),
      raw_read_p50_ms: round(percentile(raw, 0.5)),
      raw_read_p99_ms: round(percentile(raw, 0.99)),
    });
  measured(
    'object at a revision',
    timedReads(keys, (key, index) => past.objectAt(key, revisions[index] ?? 0)),
  );
  measured(
    'object of a tenth of all commits',
    timedReads(revisions, (at) => past.objectAt(made.busy, at)),
  );
  measured(
    'commit',
    timedReads(revisions, (revision) => past.commit(revision)),
  );
  measured(
    'caused by',
    timedReads(revisions, (revision) => [...past.causedBy(revision)]),
  );
  measured(
    'newest 20 commits of a key',
    timedReads(keys, (key) => newest(past, key)),
  );
  row({ what: `list of ${living}`, ...(await lists(past, living)) });
  await made.close();
  if (!keep) rmSync(folder, { recursive: true, force: true });
}

function costOf(made: RecordedHistory) {
  const bytes = statSync(made.file).size;
  return {
    bytes_a_commit: round(bytes / made.commits),
    worker_us_a_commit: round(made.workerMicrosecondsACommit),
    main_us_a_commit: round(made.mainMicrosecondsACommit),
  };
}

/** Spread evenly over the log, in no order: the same in every run. */
function randomRevisions(past: Past, count: number): readonly number[] {
  const last = past.last()?.revision ?? 0;
  return Array.from({ length: count }, (_, index) => 1 + ((index * 7_368_787) % last));
}

/** What one row by its primary key takes, warm: nothing that reads SQLite can take less. */
function rawRead(file: string, revisions: readonly number[]): readonly number[] {
  using reader = new HistoryReader(file, () => undefined);
  return timedReads(revisions, (revision) => reader.commit(revision));
}

/** Milliseconds of each, after a first round that brings the file into memory. */
function timedReads<Item>(items: readonly Item[], read: (item: Item, index: number) => unknown): readonly number[] {
  for (const [index, item] of items.entries()) read(item, index);
  return items.map((item, index) => {
    const began = performance.now();
    read(item, index);
    return performance.now() - began;
  });
}

function newest(past: Past, key: ObjectKey): number {
  let count = 0;
  for (const _ of past.commitsOf(key)) if (++count === 20) break;
  return count;
}

/** As the query service makes them, text included; the longest stretch is what the writer's thread may be held up by. */
async function lists(past: Past, living: number) {
  const times: number[] = [];
  const stretches: number[] = [];
  const cpu: number[] = [];
  for (const revision of randomRevisions(past, LISTS)) {
    const view = pastView(past, { revision }, Infinity);
    const before = process.threadCpuUsage();
    const began = performance.now();
    let stretch = began;
    for await (const _ of pastList(view, { kind: 'ConfigMap' }, { kind: 'ConfigMap' }, systemClock)) {
      stretches.push(performance.now() - stretch);
      stretch = performance.now();
    }
    const tookMs = performance.now() - began;
    const { user, system } = process.threadCpuUsage(before);
    // Before all of them were made a list is shorter.
    if (view.list({ kind: 'ConfigMap', limit: living }).records.length < living) continue;
    times.push(tookMs);
    cpu.push((user + system) / 1_000);
  }
  return {
    p50_ms: round(percentile(times, 0.5)),
    max_ms: round(Math.max(...times)),
    longest_slice_ms: round(Math.max(...stretches)),
    cpu_p50_ms: round(percentile(cpu, 0.5)),
    cpu_max_ms: round(Math.max(...cpu)),
  };
}
