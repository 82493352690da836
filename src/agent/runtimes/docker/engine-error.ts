/** Turns whatever dockerode rejects with into the port's typed error, keeping the HTTP status for the few that decide upon it. */
import { RuntimeError } from '../container-runtime.ts';

const NOT_FOUND = 404;
const UNAVAILABLE = 503;

/** A call to the engine failed; `status` is absent when there was no answer at all. */
export class EngineError extends RuntimeError {
  readonly status: number | undefined;

  constructor(code: RuntimeError['code'], message: string, options: ErrorOptions & { readonly status?: number } = {}) {
    super(code, message, options);
    this.status = options.status;
  }
}

/** What docker-modem puts on its errors. */
interface ModemFailure {
  readonly statusCode?: number;
  readonly json?: { readonly message?: string } | null;
  readonly message?: string;
}

/** What docker-modem puts before the engine's own words where it keeps them nowhere else. For people only. */
const MODEM_PREFIX = /^\(HTTP code \d+\) .*? - /;

/** @param call what was asked, for people: "starting container 4711" */
export function toEngineError(error: unknown, call: string): EngineError {
  if (error instanceof EngineError) return error;
  const failure: ModemFailure = typeof error === 'object' && error !== null ? error : { message: String(error) };
  const { statusCode: status } = failure;
  const reason = failure.json?.message ?? failure.message?.replace(MODEM_PREFIX, '') ?? 'no reason given';
  if (status === undefined) {
    return new EngineError('unavailable', `${call}: the Docker engine does not answer: ${reason}`, { cause: error });
  }
  return new EngineError(codeOf(status), `${call}: ${reason.trim()}`, { cause: error, status });
}

function codeOf(status: number): RuntimeError['code'] {
  if (status === NOT_FOUND) return 'gone';
  return status === UNAVAILABLE ? 'unavailable' : 'refused';
}

/** Whether the engine answered with this status. */
export function hasStatus(error: unknown, status: number): boolean {
  return error instanceof EngineError && error.status === status;
}
