/** How long whoever failed waits before the next attempt: doubling, so that what stays broken costs little. Pure. */

/** Bounds of a wait that doubles, milliseconds. */
export interface DoublingLimits {
  readonly minimumMs: number;
  readonly maximumMs: number;
}

/** The wait after so many failures in a row, milliseconds; none without a failure. */
export function doublingWaitMs(failures: number, { minimumMs, maximumMs }: DoublingLimits): number {
  return failures <= 0 ? 0 : Math.min(minimumMs * 2 ** (failures - 1), maximumMs);
}
