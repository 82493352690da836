/** How long one pod takes in an idle cell, from the command to the event that says it runs; beside what the disk takes to sync. */
import { keyText } from '../../machines/index.ts';
import type { CloudEvent } from '../../src/bus/cloud-event.ts';
import { connectOperator, operatorCredentials } from '../../src/cell/operator-connection.ts';
import { systemClock } from '../../src/foundation/clock.ts';
import { startCell } from './cell.ts';
import { syncTimes } from './machine.ts';
import type { BenchmarkContext } from './report.ts';
import { percentile, round } from './statistics.ts';
import { podManifest } from './workload.ts';

/** The first ones are the cold ones: code is not compiled yet. */
const COLD_PODS = 20;
const WARM_PODS = 200;
/** Between two pods, so that the cell is idle again. */
const REST_MS = 20;
const SYNCS = 400;

export async function onePod({ row, note, keep }: BenchmarkContext): Promise<void> {
  const cell = await startCell({ nodes: 1, runtime: 'hollow', keep });
  note(`data in ${cell.directory}`);
  const bus = await connectOperator(operatorCredentials(cell.directory));
  const waiting = new Map<string, () => void>();
  bus.connection.subscribe(bus.subjects.eventsOf('Pod'), {
    callback: (_, message) => {
      const { type, subject } = message.json<CloudEvent>();
      waiting.get(`${subject} ${type}`)?.();
    },
  });
  await bus.connection.flush();
  const seen = (name: string, type: string) =>
    new Promise<void>((resolve) =>
      waiting.set(`${keyText({ kind: 'Pod', namespace: 'default', name })} periplus.${type}`, resolve),
    );

  const measure = async (when: string, pods: number) => {
    const answered: number[] = [];
    const running: number[] = [];
    const syncsBefore = syncTimes(cell.directory, SYNCS / 2);
    for (let pod = 0; pod < pods; pod++) {
      const name = `${when}-${pod}`;
      const runs = seen(name, 'PodBecameRunning');
      const began = performance.now();
      const answer = cell.client.create(podManifest(name)).then(() => answered.push(performance.now() - began));
      await runs;
      running.push(performance.now() - began);
      await answer;
      const gone = seen(name, 'PodRemoved');
      await cell.client.delete('Pod', name);
      await gone;
      waiting.clear();
      await systemClock.sleep(REST_MS);
    }
    const syncs = [...syncsBefore, ...syncTimes(cell.directory, SYNCS / 2)];
    row({
      when,
      pods,
      running_p50_ms: round(percentile(running, 0.5)),
      running_p99_ms: round(percentile(running, 0.99)),
      answered_p50_ms: round(percentile(answered, 0.5)),
      fdatasync_p50_ms: round(percentile(syncs, 0.5)),
      fdatasync_p99_ms: round(percentile(syncs, 0.99)),
      times_fdatasync_p50: round(percentile(running, 0.5) / percentile(syncs, 0.5)),
    });
  };
  await measure('cold', COLD_PODS);
  await measure('warm', WARM_PODS);
  await bus.close();
  await cell.stop();
}
