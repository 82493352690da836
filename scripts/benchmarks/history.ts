/** The past over a long log: objects, lists, commits, causes, why and who at any revision, each beside one read by primary key of the same file. */
import { mkdtempSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { ObjectKey } from '../../machines/index.ts';
import { pastList } from '../../src/bus/past-answers.ts';
import { systemClock, type Clock } from '../../src/foundation/clock.ts';
import { answerWho } from '../../src/history/answers/who.ts';
import { answerWhy } from '../../src/history/answers/why.ts';
import type { Past } from '../../src/history/past.ts';
import { pastView } from '../../src/history/past-view.ts';
import { HistoryReader } from '../../src/read-model/index.ts';
import { recordHistory, type RecordedHistory } from './recorded-history.ts';
import type { BenchmarkContext } from './report.ts';
import { percentile, round } from './statistics.ts';

const COMMITS = 1_000_000;
const LISTED_OBJECTS = 10_000;
const READS = 5_000;
/** Of `why` and `who`: each takes some milliseconds. */
const ANSWERS = 1_000;
/** From here on the node with a tenth of all commits has had more than an answer looks through. */
const BUSY_FROM_SHARE = 0.5;
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
  const measured = (what: string, reads: Reads) =>
    row({
      what,
      p50_ms: round(percentile(reads.times, 0.5)),
      p99_ms: round(percentile(reads.times, 0.99)),
      mean_cpu_ms: round(reads.meanCpuMs),
      raw_read_p50_ms: round(percentile(raw.times, 0.5)),
      raw_read_p99_ms: round(percentile(raw.times, 0.99)),
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
  for (const [what, times] of answers(past, made.busy, revisions.slice(0, ANSWERS))) measured(what, times);
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
function rawRead(file: string, revisions: readonly number[]): Reads {
  using reader = new HistoryReader(file, () => undefined);
  return timedReads(revisions, (revision) => reader.commit(revision));
}

/** Milliseconds of each, and the processor's of the mean: what is left where others want the processor too. */
interface Reads {
  readonly times: readonly number[];
  readonly meanCpuMs: number;
}

/** Times a second round, after a first that brings the file into memory. */
function timedReads<Item>(items: readonly Item[], read: (item: Item, index: number) => unknown): Reads {
  for (const [index, item] of items.entries()) read(item, index);
  const before = process.threadCpuUsage();
  const times = items.map((item, index) => {
    const began = performance.now();
    read(item, index);
    return performance.now() - began;
  });
  const { user, system } = process.threadCpuUsage(before);
  return { times, meanCpuMs: (user + system) / 1_000 / items.length };
}

function newest(past: Past, key: ObjectKey): number {
  let count = 0;
  for (const _ of past.commitsOf(key)) if (++count === 20) break;
  return count;
}

/** Whole answers, as the query service asks for them; of objects as they were at each revision. */
function* answers(past: Past, busy: ObjectKey, revisions: readonly number[]) {
  const source = { past, now: () => systemClock.now() };
  const asked = revisions.flatMap((revision) => {
    const { kind, namespace, name } = past.commit(revision)?.commit ?? busy;
    return { kind, name, ...(namespace === '' ? {} : { namespace }), at: { revision } };
  });
  const last = past.last()?.revision ?? 0;
  const busyAsked = revisions
    .filter((revision) => revision > last * BUSY_FROM_SHARE)
    .map((revision) => ({ kind: busy.kind, name: busy.name, at: { revision } }));
  yield ['why of a commit', timedReads(revisions, (commit) => answerWhy(source, { commit }))] as const;
  yield ['why of an object', timedReads(asked, (query) => answerWhy(source, query))] as const;
  yield ['who of an object', timedReads(asked, (query) => answerWho(source, query))] as const;
  yield ['why of a tenth of all commits', timedReads(busyAsked, (query) => answerWhy(source, query))] as const;
  yield ['who of a tenth of all commits', timedReads(busyAsked, (query) => answerWho(source, query))] as const;
}

/** As the query service makes them, text included; a slice is what holds up whoever else wants the thread. */
async function lists(past: Past, living: number) {
  const times: number[] = [];
  const slices: number[] = [];
  const cpu: number[] = [];
  for (const revision of randomRevisions(past, LISTS)) {
    const view = pastView(past, { revision }, Infinity);
    const before = process.threadCpuUsage();
    const began = performance.now();
    let slice = began;
    const clock: Clock = {
      ...systemClock,
      async sleep(delayMs) {
        slices.push(performance.now() - slice);
        await systemClock.sleep(delayMs);
        slice = performance.now();
      },
    };
    for await (const _ of pastList(view, { kind: 'ConfigMap' }, { kind: 'ConfigMap' }, clock));
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
    slice_p99_ms: round(percentile(slices, 0.99)),
    longest_slice_ms: round(Math.max(...slices)),
    cpu_p50_ms: round(percentile(cpu, 0.5)),
    cpu_max_ms: round(Math.max(...cpu)),
  };
}
