/** Begins a new lineage after a restore or an accepted loss: the good entries copied byte for byte, then the first of its own. Can be killed anywhere and called again. */
import assert from 'node:assert/strict';
import type { Identifiers } from '../foundation/identifiers.ts';
import { hashOf } from './entry.ts';
import type { AppendOutcome, EventLog, StoredEntry } from './event-log.ts';
import { JetStreamApi } from './jetstream-api.ts';
import { JetStreamLog, LineageError, listLineages, type JetStreamLogOptions } from './jetstream-log.ts';
import { completed, configOf, streamOf, type LineageStream, type TakenOver } from './lineage-stream.ts';

/** More in flight adds only waiting; see BENCHMARKS. */
const COPY_MAX_IN_FLIGHT = 256;
/** And no more than this, however large the entries are. */
const COPY_MAX_BYTES_IN_FLIGHT = 16 * 1024 * 1024;
/** An entry that the source says it has and does not deliver for so long is one it cannot read. */
const COPY_STALL_MS = 30_000;

export interface BeginLineageOptions extends Omit<JetStreamLogOptions, 'cell'> {
  /** The log to continue, which takes no more entries from now on where it is on this server. */
  readonly from: EventLog;
  /** Number and hash of the last entry to take over; 0 and empty for none. */
  readonly lastGoodEntry: number;
  readonly lastGoodHash: string;
  /** Makes the lineage's first own entry, number lastGoodEntry + 1, which carries the LineageStart. */
  firstEntry(lineage: string): Uint8Array;
  readonly identifiers: Identifiers;
}

/**
 * Resolves once the new lineage is the cell's current one; until then the old one is, and a call that repeats an
 * interrupted one finishes it. Where that one had written its first own entry already, that entry stands and `firstEntry`
 * is not asked. Raises LogUnavailableError (call again), LineageError.
 */
export async function beginLineage(options: BeginLineageOptions): Promise<JetStreamLog> {
  const { from, lastGoodEntry } = options;
  const api = new JetStreamApi(options.connection);
  const takenOver = { continues: from.lineage, lastGoodEntry, lastGoodHash: options.lastGoodHash };
  await seal(api, from);
  const started = await findStarted(api, from, takenOver);
  const lineage = started?.lineage ?? (await nextLineage(api, options));
  const config = configOf({ cell: from.cell, lineage, replicas: options.replicas ?? 1, complete: false, takenOver });
  if (started === undefined) await api.createStream(config);
  const to = new JetStreamLog({ ...options, cell: from.cell }, lineage);
  const present = await to.lastNumber();
  if (present < lastGoodEntry) await copyEntries(options, to, present + 1);
  await requireLastGood(to, takenOver);
  if (present <= lastGoodEntry) requireAppended(await to.append(lastGoodEntry + 1, options.firstEntry(lineage)), to);
  await api.updateStream(completed(config));
  return to;
}

/** A writer that knows nothing of this yet must not be acknowledged into a log that is being left behind. */
async function seal(api: JetStreamApi, from: EventLog): Promise<void> {
  const source = (await listLineages(api, from.cell)).find(({ lineage }) => lineage === from.lineage);
  if (source === undefined || source.info.config.sealed) return;
  await api.updateStream({ ...source.info.config, sealed: true });
}

/** An interrupted beginning of this same lineage. Nobody has seen others that were never completed: they go. */
async function findStarted(
  api: JetStreamApi,
  from: EventLog,
  takenOver: TakenOver,
): Promise<LineageStream | undefined> {
  let started: LineageStream | undefined;
  for (const lineage of await listLineages(api, from.cell)) {
    if (lineage.complete || lineage.takenOver?.continues !== from.lineage) continue;
    if (started === undefined && (await isBeginningOf(api, lineage, from, takenOver))) started = lineage;
    else await api.deleteStream(lineage.info.config.name);
  }
  return started;
}

async function isBeginningOf(
  api: JetStreamApi,
  started: LineageStream,
  from: EventLog,
  takenOver: TakenOver,
): Promise<boolean> {
  const { lastGoodEntry, lastGoodHash } = takenOver;
  const last = started.info.state.last_seq;
  if (started.takenOver?.lastGoodEntry !== lastGoodEntry || started.takenOver.lastGoodHash !== lastGoodHash)
    return false;
  const shared = Math.min(last, lastGoodEntry);
  if (last > lastGoodEntry + 1 || started.info.state.messages !== last) return false;
  if (shared === 0) return true;
  const [ours, theirs] = await Promise.all([
    api.messagePayload(streamOf(from.cell, started.lineage), shared),
    from.get(shared),
  ]);
  return ours !== undefined && theirs !== undefined && Buffer.compare(ours, theirs.payload) === 0;
}

/** One above all there are, and unlike any that a lost store may have had. */
async function nextLineage(api: JetStreamApi, options: BeginLineageOptions): Promise<string> {
  const lineages = await listLineages(api, options.from.cell);
  const numbers = [options.from.lineage, ...lineages.map(({ lineage }) => lineage)].map((name) =>
    Number.parseInt(name),
  );
  return `${Math.max(...numbers) + 1}-${options.identifiers.suffix()}`;
}

async function copyEntries(options: BeginLineageOptions, to: JetStreamLog, fromNumber: number): Promise<void> {
  const { from, lastGoodEntry, clock } = options;
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
class CopyFlight {
  readonly #to: JetStreamLog;
  readonly #sent: { readonly bytes: number; readonly outcome: Promise<AppendOutcome> }[] = [];
  #bytes = 0;

  constructor(to: JetStreamLog) {
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
function requireAppended(outcome: AppendOutcome, to: EventLog): void {
  if (outcome.outcome === 'appended') return;
  const cause = outcome.outcome === 'unknown' ? outcome.cause : undefined;
  throw new LineageInterruptedError(`copying to lineage ${to.lineage} was interrupted; do it again`, { cause });
}

/** Everything is copied when the count and the last hash are right: each entry holds the hash of the one before it. */
async function requireLastGood(to: EventLog, { lastGoodEntry, lastGoodHash }: TakenOver): Promise<void> {
  if (lastGoodEntry === 0) return;
  const last = await to.get(lastGoodEntry);
  if (last !== undefined && hashOf(last.payload) === lastGoodHash) return;
  throw new LineageError(`entry ${lastGoodEntry} of lineage ${to.lineage} is not the one with hash ${lastGoodHash}`);
}

/** The new lineage is not complete; call again to finish it. Retryable. */
export class LineageInterruptedError extends Error {
  override readonly name = 'LineageInterruptedError';
}
