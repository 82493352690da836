/** Kubernetes' back-off as its kubelet keeps it, per container and image: each failure doubles the wait, long peace forgets it. Pure. */

/** Bounds of a back-off, milliseconds. */
export interface BackOffLimits {
  readonly initialMs: number;
  readonly maximumMs: number;
}

/** Of restarts and of pulls alike, as Kubernetes documents them: 10 s doubling to 5 minutes. */
export const KUBERNETES_BACK_OFF: BackOffLimits = { initialMs: 10_000, maximumMs: 300_000 };

/** Twice the longest wait without a failure (10 minutes for Kubernetes' limits) and the next failure counts as the first. */
const FORGOTTEN_AFTER_MAXIMA = 2;

export interface BackOff {
  readonly delayMs: number;
  /** When it was last raised, Unix milliseconds. */
  readonly raisedAt: number;
}

function isForgotten(backOff: BackOff, eventAt: number, limits: BackOffLimits): boolean {
  return eventAt - backOff.raisedAt > limits.maximumMs * FORGOTTEN_AFTER_MAXIMA;
}

/** When something that failed at `failedAt` may be tried again, Unix milliseconds; the first failure may be at once. */
export function dueAt(backOff: BackOff | undefined, failedAt: number, limits = KUBERNETES_BACK_OFF): number {
  if (backOff === undefined || isForgotten(backOff, failedAt, limits)) return failedAt;
  return failedAt + backOff.delayMs;
}

/** The back-off after trying again what failed at `failedAt`. */
export function raise(
  backOff: BackOff | undefined,
  times: { readonly failedAt: number; readonly now: number },
  limits = KUBERNETES_BACK_OFF,
): BackOff {
  if (backOff === undefined || isForgotten(backOff, times.failedAt, limits)) {
    return { delayMs: limits.initialMs, raisedAt: times.now };
  }
  return { delayMs: Math.min(backOff.delayMs * 2, limits.maximumMs), raisedAt: times.now };
}

const SECONDS_PER_MINUTE = 60;

/** A span as Go prints it, in which Kubernetes' messages are written: `10s`, `1m20s`, `5m0s`. */
export function formatDuration(ms: number): string {
  const seconds = Math.round(ms / 1000);
  const minutes = Math.floor(seconds / SECONDS_PER_MINUTE);
  return minutes === 0 ? `${seconds}s` : `${minutes}m${seconds % SECONDS_PER_MINUTE}s`;
}
