/** The machine a benchmark ran on, its load, and what its disk can do: without them no figure means anything. */
import { closeSync, fdatasyncSync, openSync, rmSync, writeSync } from 'node:fs';
import { cpus, loadavg, release, totalmem } from 'node:os';
import { join } from 'node:path';

export function describeMachine() {
  const processors = cpus();
  return {
    processors: processors.length,
    model: processors[0]?.model ?? 'unknown',
    memory_gb: Math.round(totalmem() / 1024 ** 3),
    kernel: release(),
    node: process.version,
    nats_server: process.env['PERIPLUS_NATS_SERVER'] ?? 'from the PATH',
    load: load(),
    at: new Date().toISOString(),
  };
}

/** The load average of the last minute. */
export function load(): number {
  return Number((loadavg()[0] ?? 0).toFixed(2));
}

/** How long writing and syncing 4 KB takes here, once per round; milliseconds. */
export function syncTimes(directory: string, rounds: number): readonly number[] {
  const file = join(directory, 'fdatasync.probe');
  const descriptor = openSync(file, 'w');
  const block = Buffer.alloc(4096, 1);
  const times: number[] = [];
  for (let round = 0; round < rounds; round++) {
    const began = performance.now();
    writeSync(descriptor, block);
    fdatasyncSync(descriptor);
    times.push(performance.now() - began);
  }
  closeSync(descriptor);
  rmSync(file);
  return times;
}
