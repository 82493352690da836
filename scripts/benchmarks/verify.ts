/** Proving a log of 1,000,000 commits: a live one, with read model and memory, and an exported one; each beside merely reading it. */
import { cpSync, mkdtempSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { exportCell } from '../../src/cell/export-cell.ts';
import { verifyCell } from '../../src/cell/verify-cell.ts';
import { withCellLog } from '../../src/cell/cell-log.ts';
import { systemClock } from '../../src/foundation/clock.ts';
import { openExport } from '../../src/history/export-file.ts';
import { isSame } from '../../src/history/verify-deep.ts';
import { verifyExport } from '../../src/history/verify-export.ts';
import { isProven, type Verification } from '../../src/history/verify.ts';
import type { StoredEntry } from '../../src/log/event-log.ts';
import { readUntil } from '../../src/writer/catch-up.ts';
import { WRITER_LIMITS } from '../../src/writer/limits.ts';
import { startCell } from './cell.ts';
import { keptLargeCell } from './kept-large-cell.ts';
import type { BenchmarkContext } from './report.ts';
import { round } from './statistics.ts';

const ROUNDS = ['first', 'second'];

export async function verify(context: BenchmarkContext): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'periplus-bench-verify-'));
  const data = join(folder, 'cell');
  cpSync(await keptLargeCell(context.note), data, { recursive: true });
  const cell = await startCell({ nodes: 1, runtime: 'hollow', keep: true, directory: data });
  try {
    for (const when of ROUNDS) await measure(when, data, join(folder, `${when}.export`), context);
  } finally {
    await cell.stop();
    if (!context.keep) rmSync(folder, { recursive: true, force: true });
  }
}

async function measure(when: string, data: string, file: string, { row, note }: BenchmarkContext): Promise<void> {
  const { signal } = new AbortController();
  const rawLive = await timed(() => readLive(data, signal));
  const plain = await timed(() => verifyCell({ data, against: [], deep: false, signal }));
  const deep = await timed(() => verifyCell({ data, against: [], deep: true, signal }));
  if (deep.result.deep === undefined || !isSame(deep.result.deep)) throw new Error(JSON.stringify(deep.result));
  await exportCell({ data, target: { file }, signal });
  const rawExport = await timed(() => readExport(file));
  const exported = await timed(() => verifyExport({ file, signal }));
  note(`the export has ${round(statSync(file).size / 1e6)} MB`);
  const say = (what: string, verifying: Timed<Verification>, rawMs: number) => {
    if (!isProven(verifying.result)) throw new Error(JSON.stringify(verifying.result));
    const { commits } = verifying.result;
    row({
      what,
      when,
      commits,
      seconds: round(verifying.ms / 1000),
      commits_per_s: round((commits * 1000) / verifying.ms),
      // Of this process; on a busy machine the better measure.
      commits_per_cpu_s: round((commits * 1000) / verifying.cpuMs),
      raw_read_commits_per_s: round((commits * 1000) / rawMs),
    });
  };
  say('live', plain, rawLive.ms);
  say('live, deep', deep, rawLive.ms);
  say('export', exported, rawExport.ms);
}

interface Timed<Result> {
  readonly result: Result;
  readonly ms: number;
  readonly cpuMs: number;
}

async function timed<Result>(work: () => Promise<Result>): Promise<Timed<Result>> {
  const began = performance.now();
  const before = process.cpuUsage();
  const result = await work();
  const { user, system } = process.cpuUsage(before);
  return { result, ms: performance.now() - began, cpuMs: (user + system) / 1000 };
}

/** Bytes, so that the read is not for nothing. */
function readLive(data: string, signal: AbortSignal): Promise<number> {
  return withCellLog(data, 'bench', async (log) => {
    const reading = { clock: systemClock, readBackMs: WRITER_LIMITS.readBackMs, signal };
    return bytesOf(readUntil(log, 1, await log.lastNumber(), reading));
  });
}

async function readExport(file: string): Promise<number> {
  await using opened = await openExport(file);
  return await bytesOf(opened.entries());
}

async function bytesOf(entries: AsyncIterable<readonly StoredEntry[]>): Promise<number> {
  let bytes = 0;
  for await (const batch of entries) for (const { payload } of batch) bytes += payload.length;
  return bytes;
}
