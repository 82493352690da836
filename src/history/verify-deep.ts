/** The second half of a deep verification: with a state folded from the log, compares the live read model's rows and the writer's memory, each at the position it is at. */
import { NoResponderError, RequestTimeoutError } from '../bus/requester.ts';
import type { Clock } from '../foundation/clock.ts';
import { LogDamageError } from '../log/entry.ts';
import type { StoredEntry } from '../log/event-log.ts';
import {
  openStoredRows,
  ReadModelDamagedError,
  ReadModelUnavailableError,
  type RowDifference,
  type StoredRows,
} from '../read-model/index.ts';
import type { Fold } from '../state/fold.ts';
import type { StateDigest } from '../state/state-digest.ts';
import { liveDifference, type LiveDifference, type LiveState } from './verify-live.ts';

/** The read model is a fraction of a second behind the log; one that does not come this far in so long stands still. */
export const READ_MODEL_WAIT_MS = 10_000;
const READ_MODEL_STEP_MS = 50;
/** A digest that was begun before this one's question is of an older state: then it is asked for again. */
const DIGEST_ATTEMPTS = 3;

export interface DeepOptions {
  /** Folded as far as was verified; goes on from there. */
  readonly fold: Fold;
  /** Entries from a number to a number. */
  read(fromNumber: number, until: number): AsyncIterable<readonly StoredEntry[]>;
  /** Last entry of the log now. */
  lastNumber(): Promise<number>;
  readonly readModelFile: string;
  readonly live: LiveState;
  readonly clock: Clock;
  readonly signal: AbortSignal;
}

/** The read model's rows at a revision. */
export interface ReadModelVerification {
  readonly revision: number;
  readonly rows: number;
  readonly difference?: RowDifference;
}

/** The writer's memory at a revision. */
export interface LiveVerification {
  readonly revision: number;
  readonly objects: number;
  readonly difference?: LiveDifference;
}

/** Why something could not be compared: nobody answers, or the file cannot be read now. */
export interface Uncompared {
  readonly uncompared: 'NoAnswer' | 'Unavailable';
  readonly message: string;
}

export interface DeepVerification {
  readonly readModel: ReadModelVerification | Uncompared;
  readonly live: LiveVerification | Uncompared;
}

/** Rejects with LogDamageError where the log goes on wrong. */
export async function verifyDeep(options: DeepOptions): Promise<DeepVerification> {
  const readModel = await unlessUnreachable(verifyReadModel(options));
  return { readModel, live: await unlessUnreachable(verifyLive(options)) };
}

/** Whether all of it was compared, and is what the log makes it. */
export function isSame({ readModel, live }: DeepVerification): boolean {
  return [readModel, live].every((part) => !('uncompared' in part) && part.difference === undefined);
}

async function unlessUnreachable<Part>(comparing: Promise<Part>): Promise<Part | Uncompared> {
  try {
    return await comparing;
  } catch (error) {
    if (error instanceof ReadModelUnavailableError) return { uncompared: 'Unavailable', message: error.message };
    if (error instanceof NoResponderError || error instanceof RequestTimeoutError) {
      return { uncompared: 'NoAnswer', message: error.message };
    }
    throw error;
  }
}

async function verifyReadModel(options: DeepOptions): Promise<ReadModelVerification> {
  const { fold } = options;
  const found = (difference: RowDifference) => ({ revision: fold.state.revision, rows: 0, difference });
  try {
    const rows = await rowsFromHere(options);
    if (!('position' in rows)) return found(rows);
    using opened = rows;
    await foldTo(options, opened.position.entry);
    return { revision: fold.state.revision, ...opened.compare(fold.state) };
  } catch (error) {
    if (!(error instanceof ReadModelDamagedError)) throw error;
    return found({ table: 'all', key: '', expected: 'a read model', actual: error.message });
  }
}

/** The rows once they are as far as the fold is; or that they do not get there, or claim to be beyond the log. */
async function rowsFromHere(options: DeepOptions): Promise<StoredRows | RowDifference> {
  const { fold, clock, signal, readModelFile } = options;
  const { entry } = fold.state.position;
  const until = clock.monotonic() + READ_MODEL_WAIT_MS;
  for (;;) {
    const rows = openStoredRows(readModelFile);
    const last = rows.position.entry;
    if (last >= entry && last <= (await options.lastNumber())) return rows;
    rows[Symbol.dispose]();
    if (last > entry || clock.monotonic() >= until) {
      const expected = last > entry ? 'an entry of the log' : `${entry} or later, as the log`;
      return { table: 'position', key: 'id=1', column: 'entry', expected, actual: String(last) };
    }
    await clock.sleep(READ_MODEL_STEP_MS, signal);
  }
}

async function verifyLive(options: DeepOptions): Promise<LiveVerification> {
  const { fold, live } = options;
  const digest = await digestFromHere(options);
  const { entry, revision } = digest.position;
  const result = { revision, objects: Object.keys(digest.objects).length };
  if (entry < fold.state.position.entry) {
    const expected = `${fold.state.position.entry} or later, as the log`;
    return { ...result, difference: { what: 'position', part: 'entry', expected, actual: String(entry) } };
  }
  await foldTo(options, entry);
  const difference = await liveDifference(fold.state, digest, live);
  return { ...result, ...(difference ? { difference } : {}) };
}

async function digestFromHere({ fold, live }: DeepOptions): Promise<StateDigest> {
  for (let attempt = 1; ; attempt++) {
    const digest = await live.digest();
    if (digest.position.entry >= fold.state.position.entry || attempt === DIGEST_ATTEMPTS) return digest;
  }
}

async function foldTo({ fold, read }: DeepOptions, until: number): Promise<void> {
  const from = fold.state.position.entry + 1;
  if (until < from) return;
  for await (const batch of read(from, until)) for (const stored of batch) fold.apply(stored);
  if (fold.state.position.entry >= until) return;
  const { entry, revision } = fold.state.position;
  throw new LogDamageError({ entry: entry + 1, revision: revision + 1, what: 'the log ends before it' });
}
