/** Verifies the log of the cell that runs under a data directory, reading it as the control plane does: also while that stands still. */
import { CellClient } from '../bus/cell-client.ts';
import type { Bus } from '../bus/connection.ts';
import { systemClock } from '../foundation/clock.ts';
import { systemIdentifiers } from '../foundation/identifiers.ts';
import { verifyDeep, type DeepVerification, type Uncompared } from '../history/verify-deep.ts';
import { verifyHistory, type HistoryVerification } from '../history/verify-history.ts';
import type { LiveState } from '../history/verify-live.ts';
import { verifyLog, type Verification } from '../history/verify.ts';
import { openCheckpoints } from '../log/checkpoint-bucket.ts';
import type { Checkpoint } from '../log/checkpoint.ts';
import { LogDamageError } from '../log/entry.ts';
import type { EventLog } from '../log/event-log.ts';
import { Fold } from '../state/fold.ts';
import type { StateDigest, StateRecords } from '../state/state-digest.ts';
import { readUntil } from '../writer/catch-up.ts';
import { WRITER_LIMITS } from '../writer/limits.ts';
import { withCellLog } from './cell-log.ts';
import { publicCheckpointKey } from './checkpoint-key.ts';
import { dataDirectory, historyFileOf } from './data-directory.ts';

export interface VerifyCellOptions {
  /** The cell's data directory. */
  readonly data: string;
  /** Checkpoints that the log must contain. */
  readonly against: readonly Checkpoint[];
  /** Whether the read model and the writer's memory are compared with the log too. */
  readonly deep: boolean;
  readonly signal: AbortSignal;
  onProgress?(entry: number, until: number): void;
}

/** A verification and whose it is. */
export interface CellVerification extends Verification {
  readonly cell: string;
  readonly lineage: string;
  /** Public key that this data directory's control planes sign checkpoints with; absent where they never did. */
  readonly key?: string;
  /** What was compared with the log, where that was asked for and the log is right. */
  readonly deep?: CellDeepVerification;
}

/** The history file is compared as far as the log was verified. */
export interface CellDeepVerification extends DeepVerification {
  readonly history: HistoryVerification | Uncompared;
}

/** Rejects with CellNotRunningError and the connection's errors. */
export function verifyCell(options: VerifyCellOptions): Promise<CellVerification> {
  const { data, against, signal } = options;
  return withCellLog(data, 'verify', async (log, bus) => {
    const { cell, connection } = bus;
    // First the checkpoints, then the log's end: each of them must lie before it.
    const checkpoints = await (await openCheckpoints({ connection, cell })).list();
    const until = await log.lastNumber();
    const fold = new Fold();
    const entries = read(log, signal)(1, until);
    const onProgress = (entry: number) => options.onProgress?.(entry, until);
    const verification = await verifyLog({ entries, cell, checkpoints, against, fold, onProgress });
    const deep = options.deep && !verification.damage ? await compare(options, { fold, log, bus }) : undefined;
    const key = publicCheckpointKey(dataDirectory(data));
    const whose = { cell, lineage: log.lineage, ...(key === undefined ? {} : { key }) };
    if (deep === undefined || !('damage' in deep)) return { ...whose, ...verification, ...(deep ? { deep } : {}) };
    return { ...whose, ...verification, damage: deep.damage };
  });
}

/** All checkpoints that the cell keeps. Rejects as verifyCell does. */
export function keptCheckpoints(data: string): Promise<readonly Checkpoint[]> {
  return withCellLog(data, 'checkpoint', async (_log, { connection, cell }) => {
    return (await openCheckpoints({ connection, cell })).list();
  });
}

const read = (log: EventLog, signal: AbortSignal) => (fromNumber: number, until: number) =>
  readUntil(log, fromNumber, until, { clock: systemClock, readBackMs: WRITER_LIMITS.readBackMs, signal });

type Damaged = Required<Pick<Verification, 'damage'>>;

async function compare(
  { data, signal }: VerifyCellOptions,
  { fold, log, bus }: { readonly fold: Fold; readonly log: EventLog; readonly bus: Bus },
): Promise<CellDeepVerification | Damaged> {
  const { readModel } = dataDirectory(data);
  const shared = { read: read(log, signal), clock: systemClock, signal };
  const through = fold.state.position.entry;
  try {
    const lastNumber = () => log.lastNumber();
    const deep = await verifyDeep({ ...shared, fold, lastNumber, readModelFile: readModel, live: liveState(bus) });
    return { ...deep, history: await verifyHistory({ ...shared, file: historyFileOf(readModel), through }) };
  } catch (error) {
    if (!(error instanceof LogDamageError)) throw error;
    return { damage: { entry: error.entry, revision: error.revision, message: error.message } };
  }
}

/** The writer's memory, asked over the bus. */
function liveState(bus: Bus): LiveState {
  const { queries } = new CellClient({ bus, clock: systemClock, identifiers: systemIdentifiers });
  return {
    digest: async () => (await queries.ask('state', {})) as StateDigest,
    records: async (objects) => (await queries.ask('state', { objects: [...objects] })) as StateRecords,
  };
}
