/** `up --accept-loss`: where the log is damaged, or shorter than somebody has seen it, begins a new lineage from its last good entry. */
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import type { WorkPosition } from '../agent/control-plane-link.ts';
import { systemIdentifiers } from '../foundation/identifiers.ts';
import { beginLineage } from '../log/begin-lineage.ts';
import { LogDamageError } from '../log/entry.ts';
import type { EventLog } from '../log/event-log.ts';
import type { JetStreamLogOptions } from '../log/jetstream-log.ts';
import { loadReadModel } from '../read-model/index.ts';
import { Fold } from '../state/fold.ts';
import { Batch } from '../writer/batch.ts';
import { catchUp } from '../writer/catch-up.ts';
import { WRITER_LIMITS } from '../writer/limits.ts';
import { readJson, type DataDirectory } from './data-directory.ts';
import { contradiction } from './known-positions.ts';

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
  const loss = (await damageOf(fold, options)) ?? shortening(fold, known);
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

/** Folds as far as the log is good; what is wrong after that. */
async function damageOf(fold: Fold, { log, clock, signal }: AcceptLossOptions): Promise<LogDamageError | undefined> {
  try {
    await catchUp(fold, log, await log.lastNumber(), { clock, readBackMs: WRITER_LIMITS.readBackMs, signal });
    return undefined;
  } catch (error) {
    if (error instanceof LogDamageError) return error;
    throw error;
  }
}

function shortening(fold: Fold, known: readonly KnownPosition[]): LogDamageError | undefined {
  for (const seen of known) {
    const found = contradiction(fold.state.position, seen, seen.by);
    if (found !== undefined) return found;
  }
  return undefined;
}

interface KnownPosition extends WorkPosition {
  /** Who was there. */
  readonly by: string;
}

/** How far this machine's control planes and agents say they have seen the log. */
function knownPositions(directory: DataDirectory): readonly KnownPosition[] {
  const known: KnownPosition[] = [];
  for (const file of [directory.readModel, join(directory.root, 'standby', 'read-model.sqlite')]) {
    const position = readModelPosition(file);
    if (position) known.push({ ...position, by: `the read model ${file}` });
  }
  for (const name of readdirSync(directory.root).filter((entry) => entry.startsWith('agent-'))) {
    const saved = readJson<{ readonly mark?: { readonly position: WorkPosition } }>(
      join(directory.root, name, 'work.json'),
    );
    if (saved?.mark) known.push({ ...saved.mark.position, by: `the node of ${name}` });
  }
  return known;
}

/** Nothing where there is no readable read model: it is disposable. */
function readModelPosition(file: string): WorkPosition | undefined {
  try {
    using stored = loadReadModel(file);
    return stored?.position;
  } catch {
    return undefined;
  }
}
