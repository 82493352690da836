/** The third part of a deep verification: all that the history file tells of commits and refusals, held against the log's entries. */
import { isDeepStrictEqual } from 'node:util';
import type { Recorded } from '../bus/history-messages/recorded.ts';
import type { Clock } from '../foundation/clock.ts';
import { decodeEntry, type Entry } from '../log/entry.ts';
import type { StoredEntry } from '../log/event-log.ts';
import {
  HistoryReader,
  historyPositions,
  ReadModelDamagedError,
  ReadModelUnavailableError,
} from '../read-model/index.ts';
import type { Past } from './past.ts';
import { SqlitePast } from './sqlite-past.ts';
import type { Uncompared } from './verify-deep.ts';

/** The history is a fraction of a second behind the log, but for one that is begun anew: that is not waited for. */
export const HISTORY_WAIT_MS = 10_000;
const HISTORY_STEP_MS = 50;

export interface VerifyHistoryOptions {
  readonly file: string;
  /** The last entry that was verified: records up to it are compared. */
  readonly through: number;
  /** Entries from a number to a number. */
  read(fromNumber: number, until: number): AsyncIterable<readonly StoredEntry[]>;
  readonly clock: Clock;
  readonly signal: AbortSignal;
}

/** The first thing that the history tells otherwise than the log; where a page of it cannot be read, the page's first. */
export interface HistoryDifference {
  readonly entry: number;
  readonly expected: string;
  readonly actual: string;
}

export interface HistoryVerification {
  /** Commits and refusals that are the same. */
  readonly records: number;
  readonly difference?: HistoryDifference;
}

/** Rejects with LogDamageError where an entry cannot be read. */
export async function verifyHistory(options: VerifyHistoryOptions): Promise<HistoryVerification | Uncompared> {
  const { file, through } = options;
  try {
    const recorded = await recordedThrough(options);
    if (recorded < through) {
      return { uncompared: 'Unavailable', message: `it has got to entry ${recorded} of ${through}; try again later` };
    }
    using reader = new HistoryReader(file, () => undefined);
    return await compareHistory({ ...options, past: new SqlitePast({ reader: () => reader, isBehind: () => false }) });
  } catch (error) {
    if (error instanceof ReadModelUnavailableError) return { uncompared: 'Unavailable', message: error.message };
    if (!(error instanceof ReadModelDamagedError)) throw error;
    return { records: 0, difference: { entry: 1, expected: 'a history', actual: error.message } };
  }
}

/** The last entry in the file, which is waited for a while. */
async function recordedThrough({ file, through, clock, signal }: VerifyHistoryOptions): Promise<number> {
  for (const until = clock.monotonic() + HISTORY_WAIT_MS; ; await clock.sleep(HISTORY_STEP_MS, signal)) {
    using positions = historyPositions(file);
    const last = positions.at(positions.count - 1)?.entry ?? 0;
    if (last >= through || clock.monotonic() >= until) return last;
  }
}

/** Holds a past against the log's entries up to one of them. */
export async function compareHistory({
  past,
  through,
  read,
}: Pick<VerifyHistoryOptions, 'through' | 'read'> & { readonly past: Past }): Promise<HistoryVerification> {
  const told = recordsOf(past);
  let records = 0;
  let revision = 0;
  for await (const batch of read(1, through)) {
    for (const stored of batch) {
      // A batch may go on behind what was asked for, and the history need not have that yet.
      if (stored.number > through) break;
      const entry = decodeEntry(stored.payload, { entry: stored.number, revision: revision + 1 });
      revision = lastRevisionOf(entry);
      for (const expected of recordsOfEntry(entry, stored.number)) {
        const difference = differenceOf(expected, nextOf(told), stored.number);
        if (difference !== undefined) return { records, difference };
        records++;
      }
    }
  }
  const more = nextOf(told);
  if (more === undefined || (!(more instanceof Error) && more.entry > through)) return { records };
  return { records, difference: { entry: through, expected: 'nothing more', actual: describe(more) } };
}

function lastRevisionOf({ firstRevision, commits }: Entry): number {
  return firstRevision + commits.length - 1;
}

/** As a history has them: commits first, then refusals. */
function* recordsOfEntry(entry: Entry, number: number): Generator<Recorded> {
  const { commits, refused, time } = entry;
  for (const commit of commits) yield { commit, time, entry: number };
  for (const one of refused) yield { refused: one, revision: lastRevisionOf(entry), time, entry: number };
}

function* recordsOf(past: Past): Generator<Recorded> {
  for (let after: string | undefined; ;) {
    const page = past.records({}, { order: 'oldest-first', ...(after === undefined ? {} : { after }) });
    yield* page.records;
    after = page.next;
    if (after === undefined) return;
  }
}

/** What cannot be read at all is a difference like any other; a file that is busy is none. */
function nextOf(told: Generator<Recorded>): Recorded | Error | undefined {
  try {
    const { done, value } = told.next();
    return done ? undefined : value;
  } catch (error) {
    if (error instanceof ReadModelUnavailableError || !(error instanceof Error)) throw error;
    return error;
  }
}

function differenceOf(
  expected: Recorded,
  actual: Recorded | Error | undefined,
  entry: number,
): HistoryDifference | undefined {
  if (isDeepStrictEqual(actual, expected)) return undefined;
  return { entry, expected: describe(expected), actual: describe(actual) };
}

function describe(record: Recorded | Error | undefined): string {
  if (record === undefined) return 'nothing';
  return record instanceof Error ? record.message : JSON.stringify(record);
}
