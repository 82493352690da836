/** What waits to be told of a pod: merged per container while it waits, so that it stays small however long the bus is away. Pure. */
import type { PodNotice, ReportArguments } from '../../machines/pod/index.ts';
import type { ContainerLevel } from './container-level.ts';
import type { WorkPod } from './control-plane-link.ts';

/** News that nobody could be told for so long is not news; states are never dropped. */
export const NOTICES_PER_REPORT_MAX = 16;

/** The longest message a report's schema lets through. */
const NOTICE_MESSAGE_MAX = 1024;

export type SandboxLevel = NonNullable<ReportArguments['sandbox']>;

/** What a pod's worker has to tell: only what changed. */
export interface PodUpdate {
  readonly sandbox?: SandboxLevel;
  readonly containers: readonly ContainerLevel[];
  readonly notices: readonly PodNotice[];
  readonly cleanedUp?: boolean;
}

export interface WaitingReport {
  /** As last seen: names the pod, and the revision that led to all this. */
  work: WorkPod;
  sandbox: SandboxLevel | undefined;
  readonly containers: Map<string, ContainerLevel>;
  notices: PodNotice[];
  cleanedUp: boolean;
}

export function newWaitingReport(work: WorkPod): WaitingReport {
  return { work, sandbox: undefined, containers: new Map(), notices: [], cleanedUp: false };
}

/** The later level of a container replaces the earlier; how its last run ended is part of every level. */
export function mergeUpdate(waiting: WaitingReport, work: WorkPod, update: PodUpdate): void {
  waiting.work = work;
  waiting.sandbox = update.sandbox ?? waiting.sandbox;
  for (const level of update.containers) waiting.containers.set(level.name, level);
  for (const notice of update.notices) addNotice(waiting, notice);
  waiting.cleanedUp ||= update.cleanedUp ?? false;
}

function addNotice(waiting: WaitingReport, notice: PodNotice): void {
  const message = notice.message.slice(0, NOTICE_MESSAGE_MAX);
  const known = waiting.notices.some(
    (other) => other.reason === notice.reason && other.container === notice.container && other.message === message,
  );
  if (known) return;
  waiting.notices.push({ ...notice, message });
  if (waiting.notices.length > NOTICES_PER_REPORT_MAX) waiting.notices.shift();
}

/** About how many bytes a report takes; for keeping messages small, not exact. */
export function estimateBytes(waiting: WaitingReport): number {
  let bytes = REPORT_BASE_BYTES + waiting.notices.length * NOTICE_BYTES;
  for (const { state, lastTerminated } of waiting.containers.values()) {
    bytes += CONTAINER_BYTES + linesBytes(lastTerminated) + ('terminated' in state ? linesBytes(state.terminated) : 0);
  }
  return bytes;
}

const REPORT_BASE_BYTES = 400;
const CONTAINER_BYTES = 600;
const NOTICE_BYTES = 200;

/** A character of text takes up to three bytes, and control characters six once written as JSON. */
const JSON_BYTES_PER_CHARACTER = 3;

function linesBytes(terminated: { readonly lastLines?: string | undefined } | undefined): number {
  return (terminated?.lastLines?.length ?? 0) * JSON_BYTES_PER_CHARACTER;
}
