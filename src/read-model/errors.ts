/** What can go wrong with the read model, told apart by what the caller should do. */
import Database from 'better-sqlite3';

/** The read model cannot be written or read now (disk full, busy, worker gone); the projector tries again by itself. Retryable. */
export class ReadModelUnavailableError extends Error {
  override readonly name = 'ReadModelUnavailableError';
  readonly retryable = true;
}

/** The file is not a read model any more. Terminal: discard it and start again from the log. */
export class ReadModelDamagedError extends Error {
  override readonly name = 'ReadModelDamagedError';
  readonly retryable = false;
}

/** The read model did not reach a revision in time. `cause` is the projector's present trouble, if it has one. Retryable. */
export class ReadModelBehindError extends Error {
  override readonly name = 'ReadModelBehindError';
  readonly retryable = true;
}

/** SQLite's primary result codes that time or an operator can heal. */
const RETRYABLE_CODES = [
  'SQLITE_FULL',
  'SQLITE_IOERR',
  'SQLITE_BUSY',
  'SQLITE_LOCKED',
  'SQLITE_NOMEM',
  'SQLITE_READONLY',
  'SQLITE_CANTOPEN',
  'SQLITE_PERM',
];

/** What crosses from the worker: errors lose their class on the way. */
export interface SqliteTrouble {
  /** SQLite's result code; empty for an error that is not SQLite's. */
  readonly code: string;
  readonly message: string;
}

export function troubleOf(error: unknown): SqliteTrouble {
  return {
    code: error instanceof Database.SqliteError ? error.code : '',
    message: error instanceof Error ? error.message : String(error),
  };
}

/** The codes that say the file is no database of ours. */
const DAMAGE_CODES = ['SQLITE_CORRUPT', 'SQLITE_NOTADB', 'SQLITE_FORMAT'];

/** Whether trying again may help. */
export function isRetryable(code: string): boolean {
  return isOneOf(code, RETRYABLE_CODES);
}

/** Whether the code is about the file at all, retryable or not; anything else is a bug in our query. */
export function isFileTrouble(code: string): boolean {
  return isRetryable(code) || isOneOf(code, DAMAGE_CODES);
}

/** Extended codes (`SQLITE_IOERR_WRITE`) begin with their primary one. */
function isOneOf(code: string, primaries: readonly string[]): boolean {
  return primaries.some((primary) => code === primary || code.startsWith(`${primary}_`));
}

/** The typed error of a trouble; `doing` says what was being done. */
export function readModelError(doing: string, trouble: SqliteTrouble, cause?: unknown) {
  const code = trouble.code === '' ? '' : ` (${trouble.code})`;
  if (trouble.code === 'SQLITE_FULL') {
    const message = `${doing}: no space left for the read model${code}; it goes on by itself once there is`;
    return new ReadModelUnavailableError(message, { cause: cause ?? trouble });
  }
  const message = `${doing}: ${trouble.message}${code}`;
  return isRetryable(trouble.code)
    ? new ReadModelUnavailableError(message, { cause: cause ?? trouble })
    : new ReadModelDamagedError(message, { cause: cause ?? trouble });
}
