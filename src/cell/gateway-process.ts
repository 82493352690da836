/** Runs the Kubernetes API until told to end: a follower of the log of its own, so that nothing it is sent can hurt the writer. */
import { CellClient } from '../bus/cell-client.ts';
import { CommandClient } from '../bus/command-client.ts';
import { connectBus } from '../bus/connection.ts';
import { readCredentials } from '../bus/credentials.ts';
import { Requester } from '../bus/requester.ts';
import { systemClock } from '../foundation/clock.ts';
import { systemIdentifiers } from '../foundation/identifiers.ts';
import type { Logger } from '../foundation/logger.ts';
import { startGateway } from '../gateway/index.ts';
import { LogUnavailableError, type EventLog } from '../log/event-log.ts';
import { currentLineage, JetStreamLog, type JetStreamLogOptions } from '../log/jetstream-log.ts';
import { loadReadModel } from '../read-model/index.ts';
import { CellState } from '../state/cell-state.ts';
import { credentialsFile, GATEWAY } from './bus-users.ts';
import type { DataDirectory } from './data-directory.ts';
import { untilLineageChanges } from './lineage-watch.ts';
import { trustedState } from './start-state.ts';
import { untilToldToEnd } from './supervised-process.ts';
import { PERIPLUS_VERSION } from './version.ts';

export interface GatewayArguments {
  /** The port wanted; the last one, or Kubernetes' own, where absent. */
  readonly 'api-port'?: string | undefined;
}

/** How often a log is looked for that a control plane is about to make. */
const LOG_WAIT_MS = 200;
/** A request waits for its command no longer than a client waits for an answer. */
const COMMAND_DEADLINE_MS = 20_000;

export async function runGatewayProcess(
  directory: DataDirectory,
  { 'api-port': port }: GatewayArguments,
  logger: Logger,
): Promise<void> {
  const credentials = readCredentials(credentialsFile(directory, { role: 'gateway', actor: GATEWAY }));
  const told = untilToldToEnd().then(() => undefined);
  // A bus that never answers must not keep a process that was told to end.
  const bus = await Promise.race([connectBus(credentials, { name: 'gateway', waitForServer: true }), told]);
  if (bus === undefined) return;
  const { connection, cell, subjects, actor } = bus;
  const shared = { connection, inboxPrefix: subjects.inbox(actor), cell, clock: systemClock, logger };
  const log = await Promise.race([untilThereIsALog(shared), told]);
  if (log === undefined) return;
  const clients = { bus, clock: systemClock, identifiers: systemIdentifiers };
  const client = new CellClient(clients);
  const requester = new Requester(bus, systemClock, systemIdentifiers.uuid());
  const gateway = await startGateway({
    ...clients,
    state: (await keptState(directory, log, logger)) ?? new CellState(),
    log,
    client,
    submitter: new CommandClient({ bus, requester, clock: systemClock, deadlineMs: COMMAND_DEADLINE_MS }),
    directory: directory.gateway,
    ...(port === undefined ? {} : { port: Number(port) }),
    version: PERIPLUS_VERSION,
    logger,
  });
  const stop = new AbortController();
  const changed = untilLineageChanges(log, shared, stop.signal);
  try {
    const error = await Promise.race([told, changed, gateway.ended]);
    if (error) throw error;
  } finally {
    stop.abort();
    await gateway.close();
    await bus.close();
  }
}

/** The cell's current lineage, once there is one: making the first is the control plane's. */
async function untilThereIsALog(options: JetStreamLogOptions): Promise<JetStreamLog> {
  const { connection, cell, clock, logger } = options;
  for (;;) {
    try {
      const lineage = await currentLineage(connection, cell);
      if (lineage !== undefined) return new JetStreamLog(options, lineage);
    } catch (error) {
      if (!(error instanceof LogUnavailableError) || connection.isClosed()) throw error;
      logger.info('cannot ask for the log yet', { error });
    }
    await clock.sleep(LOG_WAIT_MS);
  }
}

/** The control plane's read model, where it checks out against the log; else the log is replayed from its beginning. */
async function keptState(directory: DataDirectory, log: EventLog, logger: Logger): Promise<CellState | undefined> {
  try {
    using stored = loadReadModel(directory.readModel);
    return await trustedState(stored, log, logger);
  } catch (error) {
    if (error instanceof LogUnavailableError) throw error;
    logger.info('the read model cannot be read: replaying the log', { error });
    return undefined;
  }
}
