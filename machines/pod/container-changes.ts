/** Says what happened to a container from what its agent sees now and what was known: a level becomes events. Pure. */
import type { ContainerReport, TerminatedReport } from './commands.ts';
import type { ContainerEvent } from './container-events.ts';
import type { ContainerProgress, ContainerStatus } from './status.ts';

/** What happened, without the commit's time. */
export type ContainerChange = { readonly [Type in ContainerEvent['type']]: ChangeOf<Type> }[ContainerEvent['type']];
type ChangeOf<Type extends ContainerEvent['type']> = Pick<
  Extract<ContainerEvent, { readonly type: Type }>,
  'type' | 'data'
>;

/** How Kubernetes tells the end of a run that nobody saw. */
const UNSEEN_REASON = 'ContainerStatusUnknown';
const UNSEEN_MESSAGE = 'The container could not be located when its agent looked for it';
const UNSEEN_EXIT_CODE = 137;

/** A container as it is known. */
export interface KnownContainer {
  readonly status: ContainerStatus;
  readonly progress: ContainerProgress;
}

/** Nothing for a report that is no news. */
export function containerChanges(known: KnownContainer, report: ContainerReport, now: number): ContainerChange[] {
  if (report.number <= known.progress.number) return [];
  const changes = changesOf(known, report, now);
  if (changes.length > 0) return changes;
  // The number before may still arrive, and must then be known to be late.
  if (report.number === known.progress.number + 1) return [];
  return [{ type: 'ContainerConfirmed', data: { container: report.name, number: report.number } }];
}

function changesOf(known: KnownContainer, report: ContainerReport, now: number): ContainerChange[] {
  const { state } = report;
  if ('running' in state) return runningChanges(known, report, state.running.startedAt, now);
  if ('terminated' in state) {
    if (report.attempt <= known.status.restartCount && !isNews(known, state.terminated)) return [];
    const isEarlier = (report.lastTerminated?.finishedAt ?? Infinity) < state.terminated.finishedAt;
    const before = isEarlier ? earlierExit(known, report, report.attempt - 1) : [];
    return [...before, exit(known, report, state.terminated, report.attempt)];
  }
  const before = endOf(known, report, { attempt: report.attempt, now });
  const { waiting } = state;
  const { state: shown } = known.status;
  const same =
    'waiting' in shown && shown.waiting.reason === waiting.reason && shown.waiting.message === waiting.message;
  if (same && before.length === 0) return [];
  return [...before, { type: 'ContainerWaiting', data: { container: report.name, number: report.number, ...waiting } }];
}

function runningChanges(
  known: KnownContainer,
  report: ContainerReport,
  startedAt: number,
  now: number,
): ContainerChange[] {
  const { status } = known;
  const { name: container, number, attempt, ready } = report;
  const sameRun = 'running' in status.state && status.restartCount === attempt;
  if (sameRun && status.ready === ready) return [];
  if (sameRun)
    return [{ type: ready ? 'ContainerBecameReady' : 'ContainerBecameUnready', data: { container, number } }];
  const { containerId } = report;
  const data = { container, number, attempt, startedAt, ready, ...imageNews(status, report) };
  const before = endOf(known, report, { attempt: attempt - 1, now });
  return [...before, { type: 'ContainerStarted', data: containerId === undefined ? data : { ...data, containerId } }];
}

/** The end of the run that was known to be running, seen or not, or of one that came and went unseen. */
function endOf(
  known: KnownContainer,
  report: ContainerReport,
  { attempt, now }: { readonly attempt: number; readonly now: number },
): ContainerChange[] {
  const seen = earlierExit(known, report, attempt);
  if (seen.length > 0 || !('running' in known.status.state)) return seen;
  const { restartCount } = known.status;
  const unseen = { exitCode: UNSEEN_EXIT_CODE, reason: UNSEEN_REASON, message: UNSEEN_MESSAGE, finishedAt: now };
  return [
    {
      type: 'ContainerExited',
      data: { container: report.name, number: report.number, attempt: restartCount, ...unseen },
    },
  ];
}

function earlierExit(known: KnownContainer, report: ContainerReport, attempt: number): ContainerChange[] {
  const { lastTerminated } = report;
  if (lastTerminated === undefined || !isNews(known, lastTerminated)) return [];
  return [exit(known, report, lastTerminated, Math.max(0, attempt))];
}

/**
 * Ends are told apart by their time, which is the agent's. What was known to be running has an end to come, whatever the
 * clocks say: the end of a run that nobody saw was given the cell's time.
 */
function isNews({ status, progress }: KnownContainer, { finishedAt }: TerminatedReport): boolean {
  const { exitedAt } = progress;
  return exitedAt === undefined || finishedAt > exitedAt || ('running' in status.state && finishedAt !== exitedAt);
}

function exit(
  known: KnownContainer,
  report: ContainerReport,
  ended: TerminatedReport,
  attempt: number,
): ContainerChange {
  const { name: container, number } = report;
  return {
    type: 'ContainerExited',
    data: { container, number, attempt, ...ended, ...imageNews(known.status, report) },
  };
}

/** Image and its identity, where they are not what was known. */
function imageNews(status: ContainerStatus, { image, imageId }: ContainerReport) {
  return {
    ...(image === status.image ? {} : { image }),
    ...(imageId === undefined || imageId === status.imageID ? {} : { imageId }),
  };
}
