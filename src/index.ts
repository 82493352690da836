/** The library: a cell's commands, queries, watches and log for TypeScript programs, typed by kind. */
import { CellClient } from './bus/cell-client.ts';
import { readCredentials, type Credentials } from './bus/credentials.ts';
import { defaultDataDirectory } from './cell/default-data-directory.ts';
import { connectOperator, operatorCredentials } from './cell/operator-connection.ts';
import { systemClock } from './foundation/clock.ts';
import { systemIdentifiers } from './foundation/identifiers.ts';

export type { Event, Manifests, ObjectKind, Objects, Outcome, Refusal } from '../machines/index.ts';
export type { CloudEvent } from './bus/cloud-event.ts';
export type { ApplyOutcome } from './bus/apply-all.ts';
export type { CellClient, DeleteOptions, ObjectOf, When } from './bus/cell-client.ts';
export { NotDecidedError, RefusedError, type Applied } from './bus/outcome-errors.ts';
export type { SentCommand, Where } from './bus/sent-command.ts';
export { NoWriterError, OutcomeUnknownError } from './bus/command-client.ts';
export { BusCredentialsError, BusUnavailableError } from './bus/connection.ts';
export { CredentialsFileError, type Credentials } from './bus/credentials.ts';
export { QueryFailedError } from './bus/query-client.ts';
export type { RecordsAnswer } from './bus/history-messages/records.ts';
export type { AnyObject, ListAnswer, StatusAnswer } from './bus/query-messages.ts';
export {
  NodeNotConnectedError,
  SessionRefusedError,
  type ContainerTarget,
  type ExecHandle,
} from './bus/session-client.ts';
export { SessionBrokenError } from './bus/session.ts';
export type { WatchEvent } from './bus/watch.ts';
export type { Recorded } from './bus/history-messages/recorded.ts';
export type { WhoAnswer } from './bus/history-messages/who.ts';
export type { WhyNotAnswer } from './bus/history-messages/why-not.ts';
export type { WhyAnswer } from './bus/history-messages/why.ts';
export { CellNotRunningError } from './cell/operator-connection.ts';
export type { Entry } from './log/entry.ts';

/** Which cell, and as whom. */
export interface ConnectOptions {
  /** The cell's data directory on this machine; the user's own cell when absent. */
  readonly data?: string;
  /** Credentials, or the path of a file with them, instead of a data directory: for cells on other machines. */
  readonly credentials?: Credentials | string;
  /** How long commands and queries are repeated while nobody answers, milliseconds. */
  readonly deadlineMs?: number;
}

/**
 * Connects to a cell. Rejects with CellNotRunningError, CredentialsFileError, BusCredentialsError or BusUnavailableError.
 *
 * @example
 * ```ts
 * import { connect } from 'periplus';
 *
 * const cell = await connect();
 * await cell.apply({
 *   apiVersion: 'v1',
 *   kind: 'ConfigMap',
 *   metadata: { name: 'greeting' },
 *   data: { text: 'hello' },
 * });
 * const greeting = await cell.get('ConfigMap', 'greeting');
 * console.log(greeting?.data?.text);
 * for await (const event of cell.watch('Pod', { namespace: 'default' })) {
 *   if (event.type === 'SYNCED') break;
 *   console.log(event.type, event.object.metadata.name, event.object.status.phase);
 * }
 * await cell.close();
 * ```
 */
export async function connect(options: ConnectOptions = {}): Promise<CellClient> {
  const bus = await connectOperator(credentialsOf(options));
  const { deadlineMs } = options;
  return new CellClient({
    bus,
    clock: systemClock,
    identifiers: systemIdentifiers,
    ...(deadlineMs === undefined ? {} : { deadlineMs }),
  });
}

function credentialsOf({ credentials, data }: ConnectOptions): Credentials {
  if (typeof credentials === 'string') return readCredentials(credentials);
  return credentials ?? operatorCredentials(data ?? defaultDataDirectory());
}
