/** Notices that the cell has gone on in another lineage: a log left behind takes no entries and says nothing. */
import type { EventLog } from '../log/event-log.ts';
import { currentLineage, type JetStreamLogOptions } from '../log/jetstream-log.ts';

/** How often a process asks which lineage is current: an operator begins one by hand, so seconds do not matter. */
export const LINEAGE_CHECK_MS = 5_000;

/** The cell goes on in another lineage: this process must begin anew. */
export class LineageChangedError extends Error {
  override readonly name = 'LineageChangedError';
}

/** Resolves with the error once another lineage is current; never before, and not at all once aborted. */
export async function untilLineageChanges(
  log: EventLog,
  { connection, cell, clock, logger }: JetStreamLogOptions,
  signal: AbortSignal,
): Promise<LineageChangedError | undefined> {
  while (!signal.aborted) {
    await clock.sleep(LINEAGE_CHECK_MS, signal).catch(() => undefined);
    if (signal.aborted) return undefined;
    try {
      const current = await currentLineage(connection, cell);
      if (current !== undefined && current !== log.lineage) {
        return new LineageChangedError(`the cell goes on in lineage ${current}, not ${log.lineage}`);
      }
    } catch (error) {
      logger.debug('cannot ask which lineage is current', { error });
    }
  }
  return undefined;
}
