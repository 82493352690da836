/** How long a control plane with a large cell takes to start from its read model: 150,000 objects, 1,000,000 commits. */
import { readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { dataDirectory, readJson } from '../../src/cell/data-directory.ts';
import type { RunningCell } from '../../src/cell/running-cell.ts';
import { startCell, until } from './cell.ts';
import { startedAt, usageOf } from './processes.ts';
import { keptLargeCell } from './kept-large-cell.ts';
import type { BenchmarkContext } from './report.ts';
import { round } from './statistics.ts';

const STARTS = ['first', 'second', 'third'];

export async function start({ row, note }: BenchmarkContext): Promise<void> {
  const root = await keptLargeCell(note);
  for (const when of STARTS) row({ when, ...(await measure(root)) });
}

/** From the process's start to its becoming the writer, as its own log says. */
async function measure(root: string) {
  const directory = dataDirectory(root);
  const logFile = join(directory.logs, 'control-plane.log');
  rmSync(logFile, { force: true });
  const cell = await startCell({ nodes: 1, runtime: 'hollow', keep: true, directory: root });
  const { processes } = readJson<RunningCell>(directory.running) as RunningCell;
  const pid = processes['control-plane'] ?? 0;
  const began = startedAt(pid);
  const lines = await until('the writer', () => {
    const written = readFileSync(logFile, 'utf8')
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line) as LogLine);
    return written.some(isWriter) ? written : undefined;
  });
  const status = await cell.client.status();
  const usage = usageOf({ pid });
  await cell.stop();
  const at = (is: (line: LogLine) => boolean) => Date.parse(lines.find(is)?.time ?? '') - began;
  const seconds = round(at(isWriter) / 1000);
  return {
    objects: Object.values(status.objects).reduce((sum, count) => sum + count, 0),
    revision: status.readModelRevision,
    loaded_seconds: round(at(isBeginning) / 1000),
    writer_seconds: seconds,
    cpu_seconds: round((usage['pid']?.cpuMs ?? 0) / 1000),
    resident_mb: Math.round(usage['pid']?.residentMb ?? 0),
    from: (lines.find(isBeginning)?.position?.entry ?? 0) > 0 ? 'the read model' : 'the log',
  };
}

interface LogLine {
  /** RFC 3339. */
  readonly time: string;
  readonly msg: string;
  readonly position?: { readonly entry: number };
}

function isBeginning({ msg }: LogLine): boolean {
  return msg === 'the fold begins';
}

function isWriter({ msg }: LogLine): boolean {
  return msg === 'this process is the writer';
}
