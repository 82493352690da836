/** The log of the cell that runs under a data directory, read as its control plane does: also while that stands still. */
import { connectBus, type Bus } from '../bus/connection.ts';
import { readCredentials } from '../bus/credentials.ts';
import { systemClock } from '../foundation/clock.ts';
import { silentLogger } from '../foundation/logger.ts';
import { openLog, type JetStreamLog } from '../log/jetstream-log.ts';
import { credentialsFile } from './bus-users.ts';
import { dataDirectory } from './data-directory.ts';
import { requireRunning } from './operator-connection.ts';

/** Does something with the log; `name` is what the server calls the connection. Rejects with CellNotRunningError and the connection's errors. */
export async function withCellLog<Result>(
  data: string,
  name: string,
  use: (log: JetStreamLog, bus: Bus) => Promise<Result>,
): Promise<Result> {
  requireRunning(data);
  const credentials = readCredentials(credentialsFile(dataDirectory(data), { role: 'control-plane' }));
  const bus = await connectBus(credentials, { name: `${name} ${process.pid}` });
  try {
    const { connection, cell, subjects, actor } = bus;
    const inboxPrefix = subjects.inbox(actor);
    return await use(await openLog({ connection, inboxPrefix, cell, clock: systemClock, logger: silentLogger }), bus);
  } finally {
    await bus.close();
  }
}
