/** `up --accept-loss`: where the log is damaged, or shorter than somebody has seen it, begins a new lineage from its last good entry. */
import { systemIdentifiers } from '../foundation/identifiers.ts';
import { beginLineage } from '../log/begin-lineage.ts';
import type { EventLog } from '../log/event-log.ts';
import type { JetStreamLogOptions } from '../log/jetstream-log.ts';
import { Fold } from '../state/fold.ts';
import { Batch } from '../writer/batch.ts';
import { WRITER_LIMITS } from '../writer/limits.ts';
import type { DataDirectory } from './data-directory.ts';
import { knownPositions } from './known-positions.ts';
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
  const { position } = fold.state;
  // Above every revision that anybody can have seen: one commit takes far longer than a microsecond.
  const firstRevision = Math.max(position.revision, clock.now() * 1000, ...known.map(({ revision }) => revision)) + 1;
  logger.warn('a loss is accepted: a new lineage begins', {
    loss: loss.message,
    lastGoodEntry: position.entry,
    firstRevision,
  });
  return beginLineage({
    ...options,
    from: log,
    lastGoodEntry: position.entry,
    lastGoodHash: position.hash,
    identifiers: systemIdentifiers,
    firstEntry: (lineage) =>
      new Batch({
        state: fold.state,
        identifiers: systemIdentifiers,
        limits: WRITER_LIMITS,
        now: clock.now(),
        writer: `accept-loss-${process.pid}`,
        lineage,
        firstRevision,
        lineageStart: {
          continues: log.lineage,
          lastGoodEntry: position.entry,
          lastGoodHash: position.hash,
          why: 'loss-accepted',
        },
      }).prepare().payload,
  });
}
