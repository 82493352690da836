/** Verifies the log of the cell that runs under a data directory, reading it as the control plane does: also while that stands still. */
import { connectBus } from '../bus/connection.ts';
import { readCredentials } from '../bus/credentials.ts';
import { systemClock } from '../foundation/clock.ts';
import { silentLogger } from '../foundation/logger.ts';
import { verifyLog, type Verification } from '../history/verify.ts';
import { openLog } from '../log/jetstream-log.ts';
import { credentialsFile } from './bus-users.ts';
import { dataDirectory } from './data-directory.ts';
import { requireRunning } from './operator-connection.ts';

export interface VerifyCellOptions {
  /** The cell's data directory. */
  readonly data: string;
  readonly signal: AbortSignal;
  onProgress?(entry: number, until: number): void;
}

/** A verification and whose it is. */
export interface CellVerification extends Verification {
  readonly cell: string;
  readonly lineage: string;
}

/** Rejects with CellNotRunningError and the connection's errors. */
export async function verifyCell(options: VerifyCellOptions): Promise<CellVerification> {
  requireRunning(options.data);
  const credentials = readCredentials(credentialsFile(dataDirectory(options.data), { role: 'control-plane' }));
  const bus = await connectBus(credentials, { name: `verify ${process.pid}` });
  try {
    const { connection, cell, subjects, actor } = bus;
    const log = await openLog({
      connection,
      inboxPrefix: subjects.inbox(actor),
      cell,
      clock: systemClock,
      logger: silentLogger,
    });
    const verification = await verifyLog({
      log,
      clock: systemClock,
      signal: options.signal,
      onProgress: (entry, until) => options.onProgress?.(entry, until),
    });
    return { cell, lineage: log.lineage, ...verification };
  } finally {
    await bus.close();
  }
}
