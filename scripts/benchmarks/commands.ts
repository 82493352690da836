/** Commands through the bus, answered when they are on disk: one by one, several in flight, and many in a message; beside raw appends. */
import type { CommandDraft } from '../../machines/index.ts';
import { startCell, type BenchCell } from './cell.ts';
import { total } from './processes.ts';
import { rawAppends } from './raw-log.ts';
import type { BenchmarkContext } from './report.ts';
import { percentile, round } from './statistics.ts';

/** In flight, commands in a message, messages. */
const ROUNDS = [
  { inFlight: 1, inMessage: 1, messages: 1_000 },
  { inFlight: 16, inMessage: 1, messages: 8_000 },
  { inFlight: 64, inMessage: 1, messages: 20_000 },
  { inFlight: 4, inMessage: 100, messages: 400 },
];
type Traffic = (typeof ROUNDS)[number];

export async function commands({ row, note, keep }: BenchmarkContext): Promise<void> {
  const raw = await rawAppends();
  for (const line of raw) row({ raw_log: 'append', ...line });
  const cell = await startCell({ nodes: 1, runtime: 'hollow', keep });
  note(`data in ${cell.directory}`);
  for (const when of ['cold', 'warm']) {
    for (const traffic of ROUNDS) row({ when, ...(await measure(cell, traffic, when, raw)) });
  }
  await cell.stop();
}

async function measure(cell: BenchCell, { inFlight, inMessage, messages }: Traffic, when: string, raw: readonly Raw[]) {
  let next = 0;
  const times: number[] = [];
  const before = total(cell.usage(), (usage) => usage.cpuMs);
  const began = performance.now();
  const lane = async () => {
    while (next < messages) {
      const message = next++;
      const from = performance.now();
      const drafts = Array.from({ length: inMessage }, (_, index) =>
        creation(`${when}-${inFlight}-${message}-${index}`),
      );
      const outcomes = await cell.client.submit(drafts);
      if (outcomes.some(({ outcome }) => outcome !== 'accepted')) throw new Error('a creation was not accepted');
      times.push(performance.now() - from);
    }
  };
  await Promise.all(Array.from({ length: inFlight }, lane));
  const tookMs = performance.now() - began;
  const count = messages * inMessage;
  const rate = (count * 1000) / tookMs;
  const together = Math.min(inFlight * inMessage, 256);
  const limit = raw.findLast(({ commits_an_entry }) => commits_an_entry <= together)?.commits_per_s ?? 1;
  return {
    in_flight: inFlight,
    in_a_message: inMessage,
    commands: count,
    commands_per_s: round(rate),
    share_of_raw_log: round(rate / limit),
    p50_ms: round(percentile(times, 0.5)),
    p99_ms: round(percentile(times, 0.99)),
    cpu_us_a_command: round(((total(cell.usage(), (usage) => usage.cpuMs) - before) * 1000) / count),
  };
}

type Raw = Awaited<ReturnType<typeof rawAppends>>[number];

/** Of about the size the raw appends use. */
function creation(name: string): CommandDraft {
  const manifest = { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name }, data: { text: 'x'.repeat(100) } };
  return {
    id: `bench/${name}`,
    kind: 'ConfigMap',
    namespace: 'default',
    name,
    verb: 'create',
    arguments: { manifest },
  };
}
