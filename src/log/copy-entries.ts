/** Copies the good entries of a log into a new lineage's, byte for byte, and makes sure that all are there. */
import assert from 'node:assert/strict';
import type { Clock } from '../foundation/clock.ts';
import { hashOf } from './entry.ts';
import type { AppendOutcome, EventLog, StoredEntry } from './event-log.ts';
import { LineageError } from './lineage-error.ts';

/** More in flight adds only waiting; see BENCHMARKS. */
const COPY_MAX_IN_FLIGHT = 256;
/** And no more than this, however large the entries are. */
const COPY_MAX_BYTES_IN_FLIGHT = 16 * 1024 * 1024;
/** An entry that the source says it has and does not deliver for so long is one it cannot read. */
const COPY_STALL_MS = 30_000;

export interface CopyOptions {
  readonly from: EventLog;
  readonly to: EventLog;
  /** The last entry to take over. */
  readonly lastGoodEntry: number;
  readonly clock: Clock;
}

/** Copies entries byte for byte. Raises LineageError where one cannot be read, LineageInterruptedError where one is not acknowledged. */
export async function copyEntries({ from, to, lastGoodEntry, clock }: CopyOptions, fromNumber: number): Promise<void> {
  const stop = new AbortController();
  const flight = new CopyFlight(to);
  let next = fromNumber;
  let stall = clock.after(COPY_STALL_MS, () => stop.abort());
  try {
    for await (const batch of from.read(fromNumber, stop.signal)) {
      stall.cancel();
      for (const entry of batch) {
        if (entry.number !== next) throw unreadable(from, next);
        await flight.send(entry);
        if (next++ === lastGoodEntry) return await flight.land();
      }
      stall = clock.after(COPY_STALL_MS, () => stop.abort());
    }
  } finally {
    stall.cancel();
    stop.abort();
    await flight.settled();
  }
  throw unreadable(from, next);
}

function unreadable(from: EventLog, number: number): LineageError {
  return new LineageError(`entry ${number} of lineage ${from.lineage} cannot be read, so it cannot be taken over`);
}

/** Entries sent and not yet acknowledged, oldest first. */
export class CopyFlight {
  readonly #to: EventLog;
  readonly #sent: { readonly bytes: number; readonly outcome: Promise<AppendOutcome> }[] = [];
  #bytes = 0;

  constructor(to: EventLog) {
    this.#to = to;
  }

  async send({ number, payload }: StoredEntry): Promise<void> {
    this.#sent.push({ bytes: payload.length, outcome: this.#to.append(number, payload) });
    this.#bytes += payload.length;
    while (this.#sent.length > COPY_MAX_IN_FLIGHT || this.#bytes > COPY_MAX_BYTES_IN_FLIGHT) await this.#landOldest();
  }

  async land(): Promise<void> {
    while (this.#sent.length > 0) await this.#landOldest();
  }

  /** Nothing of it lands later, whatever became of it. */
  async settled(): Promise<void> {
    await Promise.all(this.#sent.map(({ outcome }) => outcome));
  }

  async #landOldest(): Promise<void> {
    const oldest = this.#sent.shift();
    assert(oldest !== undefined);
    this.#bytes -= oldest.bytes;
    requireAppended(await oldest.outcome, this.#to);
  }
}

/** The caller repeats the whole, which goes on from what is there. */
export function requireAppended(outcome: AppendOutcome, to: EventLog): void {
  if (outcome.outcome === 'appended') return;
  const cause = outcome.outcome === 'unknown' ? outcome.cause : undefined;
  throw new LineageInterruptedError(`copying to lineage ${to.lineage} was interrupted; do it again`, { cause });
}

/** Everything is copied when the count and the last hash are right: each entry holds the hash of the one before it. */
export async function requireLastGood(
  to: EventLog,
  { lastGoodEntry, lastGoodHash }: { readonly lastGoodEntry: number; readonly lastGoodHash: string },
): Promise<void> {
  if (lastGoodEntry === 0) return;
  const last = await to.get(lastGoodEntry);
  if (last !== undefined && hashOf(last.payload) === lastGoodHash) return;
  throw new LineageError(`entry ${lastGoodEntry} of lineage ${to.lineage} is not the one with hash ${lastGoodHash}`);
}

/** The new lineage is not complete; call again to finish it. Retryable. */
export class LineageInterruptedError extends Error {
  override readonly name = 'LineageInterruptedError';
}
