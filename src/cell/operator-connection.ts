/** How a user's program on this machine reaches its cell: the operator's credentials under the data directory. */
import { connectBus, type Bus } from '../bus/connection.ts';
import { readCredentials, type Credentials } from '../bus/credentials.ts';
import { credentialsFile, OPERATOR } from './bus-users.ts';
import { dataDirectory } from './data-directory.ts';
import { runningCell, type RunningCell } from './running-cell.ts';

/** Nothing runs there. */
export class CellNotRunningError extends Error {
  override readonly name = 'CellNotRunningError';
}

/** File of the operator's credentials. */
export function operatorCredentialsFile(data: string): string {
  return credentialsFile(dataDirectory(data), { role: 'operator', actor: OPERATOR });
}

/** Makes sure that a cell runs under a data directory. Raises CellNotRunningError. */
export function requireRunning(data: string): RunningCell {
  const directory = dataDirectory(data);
  const running = runningCell(directory);
  if (running !== undefined) return running;
  throw new CellNotRunningError(
    `no cell runs under ${directory.root}: start one with "periplus up --detach --data ${directory.root}", or name another with --data`,
  );
}

/** Credentials of the cell that runs under a data directory. Raises CellNotRunningError or CredentialsFileError. */
export function operatorCredentials(data: string): Credentials {
  requireRunning(data);
  return readCredentials(operatorCredentialsFile(data));
}

/** Connects. Rejects with this file's error or the connection's. */
export function connectOperator(credentials: Credentials): Promise<Bus> {
  return connectBus(credentials, { name: `client ${process.pid}` });
}
