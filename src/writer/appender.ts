/** Appends one entry and ends every uncertainty about it: an append is appended, or somebody else's entry stands there, or it never will. */
import type { Clock } from '../foundation/clock.ts';
import type { Logger } from '../foundation/logger.ts';
import { hashOf } from '../log/entry.ts';
import type { EventLog, StoredEntry } from '../log/event-log.ts';
import type { PreparedEntry } from './batch.ts';
import type { WriterLimits } from './limits.ts';

/**
 * `appended`: the prepared entry is in the log. `barrier`: an empty entry of ours is there instead: decide the batch again.
 * `lost`: another writer's entry is there, or the log is not what we folded.
 */
export type Settled =
  | { readonly outcome: 'appended' }
  | { readonly outcome: 'barrier'; readonly barrier: PreparedEntry }
  | { readonly outcome: 'lost'; readonly lastNumber: number };

export interface AppenderOptions {
  readonly log: EventLog;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly limits: WriterLimits;
  /** Makes an empty entry for the same number. */
  prepareBarrier(): PreparedEntry;
  /** Called before each further attempt while the outcome is unknown. */
  whileUnknown(): void;
}

/** Appends and resolves once it is certain what stands at the entry's number. Rejects only when the signal is aborted. */
export async function appendForCertain(
  prepared: PreparedEntry,
  options: AppenderOptions,
  signal: AbortSignal,
): Promise<Settled> {
  const { log, limits } = options;
  const { number } = prepared.entry;
  const first = await log.append(number, prepared.payload);
  if (first.outcome === 'appended') return { outcome: 'appended' };
  if (first.outcome === 'refused') return { outcome: 'lost', lastNumber: first.lastNumber };
  options.logger.warn('the outcome of an append is unknown: finding out with empty entries', {
    entry: number,
    error: first.cause,
  });
  // The same one each time: an outage of days leaves no heap of them, and whichever copy was stored is recognised.
  const barrier = options.prepareBarrier();
  let waitMs = limits.unknownRetryMinMs;
  for (;;) {
    signal.throwIfAborted();
    options.whileUnknown();
    const next = await log.append(number, barrier.payload);
    if (next.outcome === 'appended') return { outcome: 'barrier', barrier };
    if (next.outcome === 'refused') return settle(next.lastNumber, prepared, barrier, options, signal);
    await options.clock.sleep(waitMs, signal);
    waitMs = Math.min(waitMs * 2, limits.unknownRetryMaxMs);
  }
}

/** Something stands at our number: mine, my barrier, or another's. */
async function settle(
  lastNumber: number,
  prepared: PreparedEntry,
  barrier: PreparedEntry,
  options: AppenderOptions,
  signal: AbortSignal,
): Promise<Settled> {
  if (lastNumber < prepared.entry.number) return { outcome: 'lost', lastNumber };
  const stored = await readBack(prepared.entry.number, options, signal);
  const hash = stored && hashOf(stored.payload);
  if (hash === prepared.hash) return { outcome: 'appended' };
  return barrier.hash === hash ? { outcome: 'barrier', barrier } : { outcome: 'lost', lastNumber };
}

/** Reads an entry that the server says exists; undefined when it still cannot be read after the limit. */
async function readBack(
  number: number,
  options: AppenderOptions,
  signal: AbortSignal,
): Promise<StoredEntry | undefined> {
  const until = options.clock.monotonic() + options.limits.readBackMs;
  for (;;) {
    signal.throwIfAborted();
    options.whileUnknown();
    try {
      const stored = await options.log.get(number);
      if (stored !== undefined) return stored;
      if (options.clock.monotonic() > until) return undefined;
    } catch (error) {
      options.logger.warn('cannot read back an entry yet', { entry: number, error });
    }
    await options.clock.sleep(options.limits.unknownRetryMinMs, signal);
  }
}
