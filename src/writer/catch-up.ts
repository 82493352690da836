/** Folds what is in the log but not yet in the state: at start, after losing an append, and for as long as somebody else writes. */
import type { Clock } from '../foundation/clock.ts';
import { LogDamageError } from '../log/entry.ts';
import { LogUnavailableError, type EventLog } from '../log/event-log.ts';
import type { Fold } from '../state/fold.ts';

/** The log ends before what was already folded from it: data was lost. An operator must restore, or accept the loss. */
export class LogShortenedError extends LogDamageError {
  constructor(options: { readonly entry: number; readonly revision: number; readonly lastNumber: number }) {
    super({
      ...options,
      what: `the log ends at entry ${options.lastNumber}, but entry ${options.entry} was already read from it`,
    });
  }
}

/**
 * Folds entries until the state has reached the number. Raises LogDamageError for a wrong entry, and for one that the
 * server says exists and that cannot be read within the limit (JetStream skips damaged messages without a word).
 */
export async function catchUp(
  fold: Fold,
  log: EventLog,
  until: number,
  options: { readonly clock: Clock; readonly readBackMs: number; readonly signal: AbortSignal },
): Promise<void> {
  const { state } = fold;
  while (state.position.entry < until) {
    const stop = new AbortController();
    const signal = AbortSignal.any([stop.signal, options.signal]);
    let watchdog = options.clock.after(options.readBackMs, () => stop.abort());
    try {
      for await (const batch of log.read(state.position.entry + 1, signal)) {
        for (const stored of batch) {
          if (state.position.entry >= until) return;
          fold.apply(stored);
        }
        if (state.position.entry >= until) return;
        watchdog.cancel();
        watchdog = options.clock.after(options.readBackMs, () => stop.abort());
      }
    } catch (error) {
      if (!stop.signal.aborted) throw error;
    } finally {
      watchdog.cancel();
      stop.abort();
    }
    options.signal.throwIfAborted();
    await requireReadable(fold, log);
  }
}

/** Raises LogDamageError when the server says that there is no such entry. One that does not answer says nothing. */
async function requireReadable(fold: Fold, log: EventLog): Promise<void> {
  const { position } = fold.state;
  const next = await log.get(position.entry + 1).catch((error: unknown) => {
    if (error instanceof LogUnavailableError) return 'unavailable' as const;
    throw error;
  });
  if (next === undefined) {
    const at = { entry: position.entry + 1, revision: position.revision + 1 };
    throw new LogDamageError({ ...at, what: 'the server counts it, but it cannot be read' });
  }
}
