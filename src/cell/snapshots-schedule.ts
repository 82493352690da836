/** Takes a snapshot whenever the log has grown by enough entries since the last one; only where the log is written. */
import { settingsOf } from '../../machines/index.ts';
import type { Clock } from '../foundation/clock.ts';
import type { Logger } from '../foundation/logger.ts';
import type { Fold } from '../state/fold.ts';

/** A full disk or a bus that is away for a moment should not have every entry try again. */
export const SNAPSHOT_RETRY_MS = 60_000;

/** Whoever takes snapshots. */
export interface SnapshotTaker {
  /** Entry of the newest snapshot of a lineage; 0 where there is none. */
  newest(lineage: string): number;
  /** Takes one of wherever the read model is, keeping so many. Ends with the signal. */
  take(keep: number, signal: AbortSignal): Promise<void>;
}

export interface SnapshotScheduleOptions {
  readonly fold: Fold;
  readonly taker: SnapshotTaker;
  readonly clock: Clock;
  readonly logger: Logger;
}

/** Runs until the signal is aborted. */
export function scheduleSnapshots({ fold, taker, clock, logger }: SnapshotScheduleOptions, signal: AbortSignal): void {
  const newestOfLog = () => taker.newest(fold.state.position.lineage);
  let newest = newestOfLog();
  let isTaking = false;
  let notBefore = 0;
  const take = async (keep: number) => {
    isTaking = true;
    try {
      await taker.take(keep, signal);
      newest = newestOfLog();
    } catch (error) {
      if (!signal.aborted) logger.error('cannot take a snapshot', { error });
      notBefore = clock.monotonic() + SNAPSHOT_RETRY_MS;
    }
    isTaking = false;
  };
  const unsubscribe = fold.subscribe(({ entry }) => {
    const { snapshotEntries, snapshotsKept } = settingsOf(fold.state);
    if (isTaking || entry.number - newest < snapshotEntries || clock.monotonic() < notBefore) return;
    void take(snapshotsKept);
  });
  signal.addEventListener('abort', unsubscribe, { once: true });
}
