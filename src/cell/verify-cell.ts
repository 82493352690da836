/** Verifies the log of the cell that runs under a data directory, reading it as the control plane does: also while that stands still. */
import { systemClock } from '../foundation/clock.ts';
import { verifyLog, type Verification } from '../history/verify.ts';
import { openCheckpoints } from '../log/checkpoint-bucket.ts';
import type { Checkpoint } from '../log/checkpoint.ts';
import { readUntil } from '../writer/catch-up.ts';
import { WRITER_LIMITS } from '../writer/limits.ts';
import { withCellLog } from './cell-log.ts';
import { publicCheckpointKey } from './checkpoint-key.ts';
import { dataDirectory } from './data-directory.ts';

export interface VerifyCellOptions {
  /** The cell's data directory. */
  readonly data: string;
  /** Checkpoints that the log must contain. */
  readonly against: readonly Checkpoint[];
  readonly signal: AbortSignal;
  onProgress?(entry: number, until: number): void;
}

/** A verification and whose it is. */
export interface CellVerification extends Verification {
  readonly cell: string;
  readonly lineage: string;
  /** Public key that this data directory's control planes sign checkpoints with; absent where they never did. */
  readonly key?: string;
}

/** Rejects with CellNotRunningError and the connection's errors. */
export function verifyCell(options: VerifyCellOptions): Promise<CellVerification> {
  const { data, against, signal } = options;
  return withCellLog(data, 'verify', async (log, { connection, cell }) => {
    // First the checkpoints, then the log's end: each of them must lie before it.
    const checkpoints = await (await openCheckpoints({ connection, cell })).list();
    const until = await log.lastNumber();
    const entries = readUntil(log, 1, until, { clock: systemClock, readBackMs: WRITER_LIMITS.readBackMs, signal });
    const onProgress = (entry: number) => options.onProgress?.(entry, until);
    const verification = await verifyLog({ entries, cell, checkpoints, against, onProgress });
    const key = publicCheckpointKey(dataDirectory(data));
    return { cell, lineage: log.lineage, ...(key === undefined ? {} : { key }), ...verification };
  });
}

/** All checkpoints that the cell keeps. Rejects as verifyCell does. */
export function keptCheckpoints(data: string): Promise<readonly Checkpoint[]> {
  return withCellLog(data, 'checkpoint', async (_log, { connection, cell }) => {
    return (await openCheckpoints({ connection, cell })).list();
  });
}
