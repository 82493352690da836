/** Runs one control plane until told to end: connects, makes sure the bus is durable, finds the log, and where asked accepts its loss. */
import { mkdirSync } from 'node:fs';
import { dirname } from 'node:path';
import { connectBus } from '../bus/connection.ts';
import { readCredentials } from '../bus/credentials.ts';
import { requireDurable } from '../bus/server-monitoring.ts';
import { systemClock } from '../foundation/clock.ts';
import type { Logger } from '../foundation/logger.ts';
import { openCheckpoints } from '../log/checkpoint-bucket.ts';
import { openLog } from '../log/jetstream-log.ts';
import { acceptLoss } from './accept-loss.ts';
import { credentialsFile } from './bus-users.ts';
import { checkpointKey } from './checkpoint-key.ts';
import { runControlPlane } from './control-plane.ts';
import { readJson, readModelFileOf, type DataDirectory } from './data-directory.ts';
import { knownPositions } from './known-positions.ts';
import { untilLineageChanges } from './lineage-watch.ts';
import { requireNothingLost } from './loss.ts';
import type { RunningCell } from './running-cell.ts';
import { snapshotTaker } from './snapshots-process.ts';
import { untilToldToEnd } from './supervised-process.ts';

export interface ControlPlaneArguments {
  readonly name: string;
  readonly 'accept-loss': boolean;
  readonly 'accept-unsynced': boolean;
}

export async function runControlPlaneProcess(
  directory: DataDirectory,
  given: ControlPlaneArguments,
  logger: Logger,
): Promise<void> {
  const credentials = readCredentials(credentialsFile(directory, { role: 'control-plane' }));
  const end = new AbortController();
  const told = untilToldToEnd();
  void told.then((why) => end.abort(why));
  // A bus that never answers must not keep a process that was told to end.
  const bus = await Promise.race([
    connectBus(credentials, { name: given.name, waitForServer: true }),
    told.then(() => undefined),
  ]);
  if (bus === undefined) return;
  await requireDurableBus(directory, given['accept-unsynced'], logger);
  const shared = {
    connection: bus.connection,
    inboxPrefix: bus.subjects.inbox(bus.actor),
    cell: bus.cell,
    clock: systemClock,
    logger,
  };
  const opened = await openLog(shared);
  const readModelFile = readModelFileOf(directory, given.name);
  const log = given['accept-loss']
    ? await acceptLoss({ ...shared, log: opened, directory, signal: end.signal })
    : opened;
  await requireNothingLost(knownPositions(directory), { log, clock: systemClock, signal: end.signal });
  const stop = new AbortController();
  const running = AbortSignal.any([end.signal, stop.signal]);
  const changed = untilLineageChanges(log, shared, running).then((error) => {
    stop.abort(error);
    return error;
  });
  mkdirSync(dirname(readModelFile), { recursive: true, mode: 0o700 });
  try {
    const checkpoints = await openCheckpoints(shared);
    const snapshots = { directory: directory.snapshots, taker: snapshotTaker(directory, given.name) };
    const own = { readModelFile, snapshots, checkpoints, checkpointKey: checkpointKey(directory) };
    await runControlPlane({ name: given.name, bus, log, ...own, clock: systemClock, logger }, running);
  } finally {
    stop.abort();
  }
  const error = await changed;
  if (error) throw error;
  await bus.close();
}

/** The supervisor writes where its server can be asked once all is started, which may be after us. */
async function requireDurableBus(
  directory: DataDirectory,
  acceptLossOnPowerFailure: boolean,
  logger: Logger,
): Promise<void> {
  const running = readJson<RunningCell>(directory.running);
  if (running === undefined)
    throw new Error(`nothing says where the bus of ${directory.root} is: start it with "periplus up"`);
  await requireDurable([running.monitoringUrl], { acceptLossOnPowerFailure, logger });
}
