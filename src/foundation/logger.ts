/** Structured logs: a constant message plus fields, one JSON line each. */
import pino from 'pino';

export type LogFields = Readonly<Record<string, unknown>>;

export interface Logger {
  debug(message: string, fields?: LogFields): void;
  info(message: string, fields?: LogFields): void;
  warn(message: string, fields?: LogFields): void;
  error(message: string, fields?: LogFields): void;
  /** A logger that adds the fields to every line. */
  with(fields: LogFields): Logger;
}

function wrap(logger: pino.Logger): Logger {
  return {
    debug: (message, fields) => logger.debug(fields ?? {}, message),
    info: (message, fields) => logger.info(fields ?? {}, message),
    warn: (message, fields) => logger.warn(fields ?? {}, message),
    error: (message, fields) => logger.error(fields ?? {}, message),
    with: (fields) => wrap(logger.child(fields)),
  };
}

/** Lines kept for a file that cannot be written now; later ones are dropped. */
const WAITING_MAX_BYTES = 64 * 1024;

/** Logs to a file descriptor (standard error by default), synchronously, so that the last line before a crash is there. */
export function createLogger(options: {
  readonly part: string;
  readonly level?: string;
  readonly descriptor?: number;
}): Logger {
  const destination = pino.destination({ dest: options.descriptor ?? 2, sync: true, maxLength: WAITING_MAX_BYTES });
  // A full disk may cost lines of the log, but not the process: it is the one that must go on when there is room again.
  destination.on('error', () => undefined);
  const level = options.level ?? 'info';
  return wrap(
    pino(
      {
        base: { part: options.part },
        level,
        timestamp: pino.stdTimeFunctions.isoTime,
        errorKey: 'error',
        serializers: { error: pino.stdSerializers.err },
      },
      destination,
    ),
  );
}

/** Swallows everything; for tests and simulations. */
export const silentLogger: Logger = { debug() {}, info() {}, warn() {}, error() {}, with: () => silentLogger };
