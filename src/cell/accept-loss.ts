/** `up --accept-loss`: where the log is damaged, or shorter than somebody has seen it, begins a new lineage from its last good entry. */
import { systemIdentifiers } from '../foundation/identifiers.ts';
import { beginLineage } from '../log/begin-lineage.ts';
import type { EventLog } from '../log/event-log.ts';
import type { JetStreamLogOptions } from '../log/jetstream-log.ts';
import { Fold } from '../state/fold.ts';
import type { DataDirectory } from './data-directory.ts';
import { knownPositions } from './known-positions.ts';
import { lineageAfterLoss } from './lineage-after-loss.ts';
import { findLoss } from './loss.ts';

export interface AcceptLossOptions extends JetStreamLogOptions {
  /** The cell's current lineage. */
  readonly log: EventLog;
  readonly directory: DataDirectory;
  readonly signal: AbortSignal;
}

/** The new lineage's log; the same log where nothing is lost. Raises LogUnavailableError, LineageError. */
export async function acceptLoss(options: AcceptLossOptions): Promise<EventLog> {
  const { log, clock, logger, directory } = options;
  const fold = new Fold();
  const known = knownPositions(directory);
  const loss = await findLoss(fold, known, options);
  if (loss === undefined) {
    logger.info('the log is whole: there is no loss to accept');
    return log;
  }
  const after = lineageAfterLoss({
    state: fold.state,
    known,
    now: clock.now(),
    identifiers: systemIdentifiers,
    writer: `accept-loss-${process.pid}`,
  });
  const { lastGoodEntry, firstRevision } = after;
  logger.warn('a loss is accepted: a new lineage begins', { loss: loss.message, lastGoodEntry, firstRevision });
  return beginLineage({ ...options, ...after, from: log, identifiers: systemIdentifiers });
}
