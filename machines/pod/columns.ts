/** The table of pods, its words exactly as Kubernetes' printer computes them. */
import type { PrinterColumn } from '../kind.ts';
import { isBeingDeleted } from '../metadata.ts';
import { age, duration } from '../table.ts';
import { NODE_LOST } from './conditions.ts';
import { assignedPort, isReady, isTerminal } from './facts.ts';
import type { ContainerStatus, PodContext, PodRecord } from './status.ts';

const NONE = '<none>';

/** The one word that says how the pod is; the first container with something to say wins. */
export function statusWord(record: PodRecord): string {
  const { metadata, status } = record.context;
  const statuses = status.containerStatuses ?? [];
  if (isBeingDeleted(metadata) && status.reason === NODE_LOST) return 'Unknown';
  if (isBeingDeleted(metadata) && !isTerminal(record)) return 'Terminating';
  const word = statuses.map(containerWord).find((found) => found !== undefined) ?? status.reason ?? status.phase;
  const runs = statuses.some(({ ready, state }) => ready && 'running' in state);
  if (word === 'Completed' && runs) return isReady(record) ? 'Running' : 'NotReady';
  return word;
}

function containerWord({ state }: ContainerStatus): string | undefined {
  if ('waiting' in state) return state.waiting.reason || undefined;
  if (!('terminated' in state)) return undefined;
  const { reason, signal, exitCode } = state.terminated;
  if (reason !== '') return reason;
  return signal === undefined || signal === 0 ? `ExitCode:${exitCode}` : `Signal:${signal}`;
}

function readyCell({ context }: PodRecord): string {
  const ready = (context.status.containerStatuses ?? []).filter((status) => status.ready).length;
  return `${ready}/${context.spec.containers.length}`;
}

/** `3 (2m ago)`: how often, and how long ago the latest run ended. */
function restarts({ context }: PodRecord, now: number): string {
  let count = 0;
  let latest: number | undefined;
  for (const { restartCount, lastState } of context.status.containerStatuses ?? []) {
    count += restartCount;
    const { terminated } = lastState;
    if (terminated !== undefined) latest = Math.max(latest ?? 0, Date.parse(terminated.finishedAt));
  }
  return count === 0 || latest === undefined ? String(count) : `${count} (${duration(now - latest)} ago)`;
}

/** With the port where the pod has none but that of its node. */
function address(record: PodRecord): string {
  const { podIP } = record.context.status;
  const port = assignedPort(record);
  if (podIP === undefined) return port === undefined ? NONE : `:${port}`;
  return port === undefined ? podIP : `${podIP}:${port}`;
}

export const podColumns: readonly PrinterColumn<PodContext>[] = [
  { name: 'NAME', cell: (record) => record.name },
  { name: 'READY', cell: readyCell },
  { name: 'STATUS', cell: statusWord },
  { name: 'RESTARTS', cell: restarts },
  { name: 'AGE', cell: age },
  { name: 'IP', wide: true, cell: address },
  { name: 'NODE', wide: true, cell: ({ context }) => context.spec.nodeName ?? NONE },
  { name: 'NOMINATED NODE', wide: true, cell: () => NONE },
  { name: 'READINESS GATES', wide: true, cell: () => NONE },
];
