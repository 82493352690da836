/** Follows the log while another process writes it, and holds the writer while this one has the lease. */
import type { Clock } from '../foundation/clock.ts';
import type { Logger } from '../foundation/logger.ts';
import type { EventLog } from '../log/event-log.ts';
import type { Fold } from '../state/fold.ts';
import { LEASE_MS, LEASE_STEP_MS, type Lease } from './lease.ts';
import type { Writer } from './writer.ts';

export interface LeadershipOptions {
  readonly log: EventLog;
  readonly fold: Fold;
  readonly writer: Writer;
  readonly lease: Lease;
  readonly clock: Clock;
  readonly logger: Logger;
  /** Called when this process has become the writer; the signal ends with its term. */
  onTerm(signal: AbortSignal): void;
}

/** Runs until the signal is aborted. Rejects with LogDamageError when the log is wrong: then nothing may be written any more. */
export async function runLeadership(options: LeadershipOptions, signal: AbortSignal): Promise<void> {
  while (!signal.aborted) {
    await followUntilLeased(options, signal);
    if (signal.aborted) return;
    const term = new AbortController();
    const termSignal = AbortSignal.any([signal, term.signal]);
    const renewing = keepLease(options, termSignal).finally(() => term.abort());
    try {
      await options.writer.hold(termSignal, {
        onWriting: () => options.onTerm(termSignal),
      });
    } finally {
      term.abort();
      await renewing;
      await options.lease
        .release()
        .catch((error: unknown) => options.logger.warn('cannot release the lease', { error }));
    }
  }
}

async function followUntilLeased(options: LeadershipOptions, signal: AbortSignal): Promise<void> {
  const following = new AbortController();
  const follow = followLog(options, AbortSignal.any([signal, following.signal]));
  const leased = untilLeased(options, AbortSignal.any([signal, following.signal]));
  try {
    await Promise.race([follow, leased]);
  } finally {
    following.abort();
    await Promise.allSettled([leased]);
    await follow;
  }
}

/** Folds what others write, until aborted. */
async function followLog({ log, fold }: LeadershipOptions, signal: AbortSignal): Promise<void> {
  while (!signal.aborted) {
    for await (const batch of log.read(fold.state.position.entry + 1, signal)) {
      for (const stored of batch) fold.apply(stored);
      if (signal.aborted) return;
    }
  }
}

async function untilLeased({ lease, clock, logger }: LeadershipOptions, signal: AbortSignal): Promise<void> {
  while (!signal.aborted) {
    try {
      if (await lease.tryAcquire()) return;
    } catch (error) {
      logger.warn('cannot ask for the lease', { error });
    }
    await clock.sleep(LEASE_STEP_MS, signal).catch(() => undefined);
  }
}

/** Resolves when the lease is lost, or could not be renewed for its whole life. */
async function keepLease({ lease, clock, logger }: LeadershipOptions, signal: AbortSignal): Promise<void> {
  let renewed = clock.monotonic();
  while (!signal.aborted) {
    await clock.sleep(LEASE_STEP_MS, signal).catch(() => undefined);
    if (signal.aborted) return;
    try {
      if (!(await lease.renew())) return logger.warn('the lease was taken over');
      renewed = clock.monotonic();
    } catch (error) {
      logger.warn('cannot renew the lease', { error });
      if (clock.monotonic() - renewed > LEASE_MS) return;
    }
  }
}
