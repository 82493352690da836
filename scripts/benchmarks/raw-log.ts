/** The raw limit of the log: JSON, SHA-256 and one synced append at a time with the expected last sequence, and nothing else. */
import { hash } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startBareNats } from './nats.ts';
import { percentile, round } from './statistics.ts';

const SIZES = [1, 16, 64, 256];
/** Enough of each size for a second or so. */
const SINGLE_ENTRIES = 800;
const LARGER_ENTRIES = 120;

export interface RawAppend {
  readonly commits_an_entry: number;
  readonly commits_per_s: number;
  readonly p50_ms: number;
  readonly p99_ms: number;
}

export async function rawAppends(): Promise<readonly RawAppend[]> {
  const store = mkdtempSync(join(tmpdir(), 'periplus-bench-raw-'));
  const nats = await startBareNats(store, { synced: true });
  const streams = (await nats.connection.jetstreamManager()).streams;
  await streams.add({ name: 'raw', subjects: ['raw'], num_replicas: 1 });
  const jetstream = nats.connection.jetstream();
  let expected = 0;
  let previous = '';
  const results: RawAppend[] = [];
  for (const size of SIZES) {
    const entries = size === 1 ? SINGLE_ENTRIES : LARGER_ENTRIES;
    const times: number[] = [];
    const began = performance.now();
    for (let entry = 0; entry < entries; entry++) {
      const from = performance.now();
      const commits = Array.from({ length: size }, (_, index) => commit(entry * size + index));
      const body = JSON.stringify({ version: 1, previous, commits });
      previous = hash('sha256', body, 'base64url');
      const { seq } = await jetstream.publish('raw', body, { expect: { lastSequence: expected } });
      expected = seq;
      times.push(performance.now() - from);
    }
    results.push({
      commits_an_entry: size,
      commits_per_s: round((entries * size * 1000) / (performance.now() - began)),
      p50_ms: round(percentile(times, 0.5)),
      p99_ms: round(percentile(times, 0.99)),
    });
  }
  await nats.stop();
  rmSync(store, { recursive: true, force: true });
  return results;
}

/** About as large as a pod's commit, 600 bytes. */
function commit(number: number) {
  return {
    revision: number,
    id: `command-${number}`,
    kind: 'Pod',
    namespace: 'default',
    name: `p${number >> 2}`,
    events: [{ type: 'PodSomething', data: { node: 'n1', note: 'x'.repeat(300) } }],
    actor: 'system:controller:replication',
    cause: number,
    correlation: 12,
    reason: 'replica missing',
    time: 1_700_000_000_000 + number,
  };
}
