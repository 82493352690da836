/** Reads a stream's entries in order for as long as somebody listens, with a new consumer whenever one broke. */
import type { Logger } from '../foundation/logger.ts';
import { LogUnavailableError, type StoredEntry } from './event-log.ts';
import { ErrorCodes, JetStreamRefusalError } from './jetstream-api.ts';
import { Delivery, type DeliveryOptions } from './jetstream-delivery.ts';

/** A restarted server is back after 0.2 s. */
const RETRY_MIN_MS = 50;
/** A cluster that lost its leader needs some seconds; asking twice a second is no load. */
const RETRY_MAX_MS = 500;
/** A server that recovers, or a cluster without a leader, may not know the stream for a while; afterwards it is gone. */
const STREAM_MISSING_LIMIT_MS = 30_000;

export interface ReadOptions extends DeliveryOptions {
  readonly logger: Logger;
  /** Calls back on each reconnect of the connection; returns how to stop. */
  onReconnect(listener: () => void): () => void;
}

/**
 * See EventLog.read. After a break the last entry is asked for once more: the same one is dropped, and a different one,
 * which only a store put back to an older copy has, is passed on with its number, so that whoever folds notices.
 */
export async function* readEntries(
  options: ReadOptions,
  fromNumber: number,
  signal: AbortSignal,
): AsyncGenerator<readonly StoredEntry[]> {
  let last: StoredEntry | undefined;
  while (!signal.aborted) {
    const delivery = await openDelivery(options, last?.number ?? fromNumber, signal);
    if (delivery === undefined) return;
    const end = () => delivery.break();
    const stopWatching = options.onReconnect(end);
    signal.addEventListener('abort', end, { once: true });
    // The signal may have been aborted while the consumer was made.
    if (signal.aborted) end();
    try {
      let repeated = last;
      for (;;) {
        let batch = await delivery.next();
        if (batch === undefined) break;
        if (repeated !== undefined && isSame(batch[0], repeated)) batch = batch.slice(1);
        repeated = undefined;
        last = batch.at(-1) ?? last;
        if (batch.length > 0) yield batch;
      }
    } finally {
      stopWatching();
      signal.removeEventListener('abort', end);
      await delivery.close();
    }
  }
}

function isSame(one: StoredEntry | undefined, other: StoredEntry): boolean {
  return one?.number === other.number && Buffer.compare(one.payload, other.payload) === 0;
}

/** Tries until there is a consumer; undefined when aborted. Raises LogUnavailableError when the log is gone for good. */
async function openDelivery(
  options: ReadOptions,
  fromNumber: number,
  signal: AbortSignal,
): Promise<Delivery | undefined> {
  const { api, clock, logger, stream } = options;
  let waitMs = RETRY_MIN_MS;
  let missingSince: number | undefined;
  while (!signal.aborted) {
    const delivery = new Delivery(options);
    try {
      await delivery.open(fromNumber);
      return delivery;
    } catch (error) {
      await delivery.close();
      if (api.connection.isClosed()) {
        throw new LogUnavailableError(`the connection to the log ${stream} is closed`, { cause: error });
      }
      const missing = error instanceof JetStreamRefusalError && error.is(ErrorCodes.streamNotFound);
      missingSince = missing ? (missingSince ?? clock.monotonic()) : undefined;
      if (missingSince !== undefined && clock.monotonic() - missingSince > STREAM_MISSING_LIMIT_MS) {
        throw new LogUnavailableError(`the log ${stream} does not exist (any more)`, { cause: error });
      }
      logger.warn('cannot read the log, trying again', { stream, entry: fromNumber, error });
    }
    await clock.sleep(waitMs, signal).catch(() => undefined);
    waitMs = Math.min(waitMs * 2, RETRY_MAX_MS);
  }
  return undefined;
}
