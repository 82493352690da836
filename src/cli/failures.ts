/** Turns whatever a command raised into one line for people and an exit code. */
import { NotDecidedError, RefusedError } from '../bus/outcome-errors.ts';
import { NoWriterError, OutcomeUnknownError } from '../bus/command-client.ts';
import { BusCredentialsError, BusUnavailableError } from '../bus/connection.ts';
import { CredentialsFileError } from '../bus/credentials.ts';
import { QueryFailedError } from '../bus/query-client.ts';
import { NoResponderError, RequestTimeoutError } from '../bus/requester.ts';
import { NodeNotConnectedError, SessionRefusedError } from '../bus/session-client.ts';
import { SessionBrokenError } from '../bus/session.ts';
import { CellNotRunningError } from '../cell/operator-connection.ts';
import { DataDirectoryError } from '../cell/data-directory.ts';
import { RefusedOperationError } from '../cell/refused-operation.ts';
import { CellStartError } from '../cell/up-options.ts';
import { ExportFileError } from '../history/export-format.ts';
import { LogDamageError } from '../log/entry.ts';
import { CommandFailure, EXIT } from './exit-codes.ts';

export interface Failure {
  readonly message: string;
  readonly exitCode: number;
}

/** Undefined for what is our own bug: that is raised with its stack. */
export function failureOf(error: unknown): Failure | undefined {
  if (error instanceof CommandFailure) return { message: line(error.message), exitCode: error.exitCode };
  if (error instanceof RefusedError) return failed(`Error from server (${error.refusal.reason}): ${error.message}`);
  if (error instanceof NotDecidedError) return failed(`error: not decided (${error.why}): ${error.message}`);
  if (error instanceof QueryFailedError) return failed(line(error.message));
  if (error instanceof CellNotRunningError) return { message: line(error.message), exitCode: EXIT.noCell };
  if (error instanceof SessionRefusedError) return failed(`Error from server (BadRequest): ${error.message}`);
  if (error instanceof NodeNotConnectedError) return failed(line(error.message));
  if (error instanceof SessionBrokenError || error instanceof CellStartError || error instanceof DataDirectoryError)
    return failed(line(error.message));
  const toldInFull = [RefusedOperationError, ExportFileError, LogDamageError];
  if (toldInFull.some((type) => error instanceof type)) return failed(line((error as Error).message));
  if (error instanceof CredentialsFileError || error instanceof BusCredentialsError) return failed(line(error.message));
  const silent = [NoResponderError, RequestTimeoutError, BusUnavailableError, NoWriterError, OutcomeUnknownError];
  if (silent.some((type) => error instanceof type)) {
    const said = line((error as Error).message);
    return { message: `${said}; see "periplus status" and the logs under DATA/logs`, exitCode: EXIT.noAnswer };
  }
  return undefined;
}

function failed(message: string): Failure {
  return { message, exitCode: EXIT.failed };
}

function line(message: string): string {
  return message === '' ? '' : `error: ${message}`;
}
