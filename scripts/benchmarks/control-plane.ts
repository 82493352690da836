/** What the control plane costs: many pods over 50 hollow nodes, from one command to all Running and Ready. */
import { systemClock } from '../../src/foundation/clock.ts';
import { startCell, type BenchCell } from './cell.ts';
import { total } from './processes.ts';
import { bringUp, takeAway } from './replicas.ts';
import type { BenchmarkContext } from './report.ts';
import { round } from './statistics.ts';

const NODES = 50;
const SIZES = [1_000, 3_000];
/** What is put off (the agents' files) belongs to the bill. */
const SETTLE_MS = 2_000;
/** A Kubernetes control plane on this kind of machine, at 1,000 and at 3,000 pods. */
const KUBERNETES = { podsPerSecond: [89, 84], cpuMsAPod: 20, residentMb: [820, 1360] };

export async function controlPlane({ row, note, keep }: BenchmarkContext): Promise<void> {
  for (const [index, pods] of SIZES.entries()) {
    const cell = await startCell({ nodes: NODES, runtime: 'hollow', keep });
    note(`${pods} pods, data in ${cell.directory}`);
    for (const when of ['cold', 'warm']) {
      const figures = await measure(cell, `${when}-${pods}`, pods);
      row({
        when,
        pods,
        ...figures,
        times_kubernetes_rate: round(figures.pods_per_s / (KUBERNETES.podsPerSecond[index] ?? 1)),
        times_less_cpu: round(KUBERNETES.cpuMsAPod / figures.cpu_ms_a_pod),
        times_less_memory: round((KUBERNETES.residentMb[index] ?? 0) / figures.resident_mb),
      });
      const goneMs = await takeAway(cell, `${when}-${pods}`);
      note(`gone after ${round(goneMs)} ms`);
    }
    await cell.stop();
  }
}

async function measure(cell: BenchCell, name: string, pods: number) {
  const { supervisor: _, ...before } = cell.usage();
  const tookMs = await bringUp(cell, name, pods);
  await systemClock.sleep(SETTLE_MS);
  // The supervisor only waits; what a control plane costs is the bus, the control plane and the agents.
  const { supervisor, ...after } = cell.usage();
  const each = Object.entries(after).map(([process, usage]) => {
    const cpuMs = (usage.cpuMs - (before[process]?.cpuMs ?? 0)) / pods;
    return `${process} ${round(cpuMs)} ms ${Math.round(usage.residentMb)} MB`;
  });
  const cpuMs = total(after, (usage) => usage.cpuMs) - total(before, (usage) => usage.cpuMs);
  return {
    seconds: round(tookMs / 1000),
    pods_per_s: round((pods * 1000) / tookMs),
    cpu_ms_a_pod: round(cpuMs / pods),
    resident_mb: Math.round(total(after, (usage) => usage.residentMb)),
    proportional_mb: Math.round(total(after, (usage) => usage.proportionalMb)),
    peak_mb: Math.round(total(after, (usage) => usage.peakMb)),
    supervisor_mb: Math.round(supervisor?.residentMb ?? 0),
    each: each.join(', '),
  };
}
