/** Whatever is done to a copy of a log is found: by folding it, or, where its end or all of it was made anew, by a checkpoint somebody kept. */
import { beforeAll, describe, expect, test } from 'vitest';
import { isProven, verifyLog, type Verification } from '../../src/history/verify.ts';
import type { Checkpoint } from '../../src/log/checkpoint.ts';
import { decodeEntry, encodeEntry, hashOf, LogDamageError, type Entry } from '../../src/log/entry.ts';
import type { StoredEntry } from '../../src/log/event-log.ts';
import { CellState, type KeptState } from '../../src/state/cell-state.ts';
import { Fold } from '../../src/state/fold.ts';
import { keptState } from '../support/kept-state.ts';
import { CELL, checkpointAt, read, renumbered, shortLog, stepsOf } from '../support/short-log.ts';

const ROUNDS = 3;
/** Names the bits that are flipped; a failure says which byte of which entry. */
const SEED = 20_261_122;

let log: readonly StoredEntry[];
/** The state before each entry. */
let before: readonly KeptState[];
let auditors: Checkpoint;

beforeAll(() => {
  log = shortLog(ROUNDS);
  const fold = new Fold();
  before = log.map((stored) => {
    const kept = keptState(fold.state);
    fold.apply(stored);
    return kept;
  });
  auditors = checkpointAt(log, log.length);
});

/** Of entries as a stream with a hole has them, or of one that numbers what is left. */
function verify(entries: readonly StoredEntry[], against: readonly Checkpoint[] = []): Promise<Verification> {
  return verifyLog({ entries: read(entries), cell: CELL, against });
}

function isOurs(stored: StoredEntry, ours: StoredEntry | undefined): boolean {
  return stored.number === ours?.number && stored.payload === ours.payload;
}

/** The same, begun at the first entry that is not the log's: folding what is right before it for each change would take most of the time. */
function verifyFromChange(entries: readonly StoredEntry[]): Promise<Verification> {
  const first = entries.findIndex((stored, index) => !isOurs(stored, log[index]));
  const kept = before[first];
  if (kept === undefined) return verify(entries);
  return verifyLog({ entries: read(entries.slice(first)), cell: CELL, fold: new Fold(CellState.from(kept)) });
}

const payloads = (): Uint8Array[] => log.map(({ payload }) => payload);

/** Numbers that look like chance and are the same each time. */
function* chance(): Generator<number> {
  let state = SEED;
  for (;;) {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    yield state / 0x1_0000_0000;
  }
}

function flipped(payload: Uint8Array, byte: number, bit: number): Uint8Array {
  const copy = Uint8Array.from(payload);
  copy[byte] = (copy[byte] ?? 0) ^ (1 << bit);
  return copy;
}

function isRefused(fold: Fold, stored: StoredEntry): boolean {
  try {
    fold.apply(stored);
    return false;
  } catch (error) {
    if (!(error instanceof LogDamageError)) throw error;
    return true;
  }
}

test('the log itself is proven, with every checkpoint of it', async () => {
  const all = log.map(({ number }) => checkpointAt(log, number));
  const verification = await verify(log, all);
  expect(isProven(verification)).toBe(true);
  expect(verification.position.entry).toBe(log.length);
  expect(verification.against).toHaveLength(log.length);
});

test('a flipped bit at any byte of any entry is found', { timeout: 60_000 }, () => {
  const random = chance();
  const base = new Fold();
  let tried = 0;
  for (const [index, { number, payload }] of log.entries()) {
    let fold = new Fold(CellState.from(keptState(base.state)));
    for (let byte = 0; byte < payload.length; byte++) {
      tried++;
      const bit = Math.floor(random.next().value * 8);
      const damaged = { number, payload: flipped(payload, byte, bit) };
      if (isRefused(fold, damaged)) continue;
      // The entry still makes sense by itself: the one after it says what it was, and after the last one the checkpoint does.
      const next = log[index + 1];
      const isFound = next === undefined ? fold.state.position.hash !== auditors.hash : isRefused(fold, next);
      if (!isFound) expect.fail(`bit ${bit} of byte ${byte} of entry ${number}`);
      fold = new Fold(CellState.from(keptState(base.state)));
    }
    base.apply({ number, payload });
  }
  expect(tried).toBeGreaterThan(30_000);
});

test('a flipped bit stops a verification at its entry or the next one, and no checkpoint after it is proven', async () => {
  const random = chance();
  for (let time = 0; time < 500; time++) {
    const index = Math.floor(random.next().value * log.length);
    const { number, payload } = log[index] as StoredEntry;
    const damaged = flipped(payload, Math.floor(random.next().value * payload.length), time % 8);
    const verification = await verify(log.with(index, { number, payload: damaged }), [auditors]);
    expect(isProven(verification)).toBe(false);
    expect(verification.against[0]?.outcome).toBe('refuted');
    if (number < log.length) expect([number, number + 1]).toContain(verification.damage?.entry);
  }
});

test('a value that was changed so that it is still JSON is found', async () => {
  let changed = 0;
  for (const [index, { number, payload }] of log.entries()) {
    for (const [from, to] of [
      ['round-', 'found-'],
      ['admin', 'nimda'],
      ['because', 'whereas'],
    ] as const) {
      if (!text(payload).includes(from)) continue;
      changed++;
      const other = new TextEncoder().encode(text(payload).replace(from, to));
      const verification = await verify(log.with(index, { number, payload: other }), [auditors]);
      expect(isProven(verification), `${from} in entry ${number}`).toBe(false);
    }
  }
  expect(changed).toBeGreaterThan(60);
});

describe.each([
  ['whose entries keep their numbers', (entries: readonly StoredEntry[]) => entries],
  ['whose entries are numbered anew', (entries: readonly StoredEntry[]) => renumbered(entries.map((e) => e.payload))],
])('in a log %s', (_, numbered) => {
  const damage = async (entries: readonly StoredEntry[]): Promise<Verification['damage']> =>
    (await verifyFromChange(numbered(entries))).damage;

  test('entries missing from its middle or its beginning are found', async () => {
    for (let from = 0; from < log.length - 1; from++) {
      for (let to = from + 1; to < log.length; to++) {
        const found = await damage(log.toSpliced(from, to - from));
        if (found?.entry !== from + 1) expect.fail(`${from} to ${to}: ${JSON.stringify(found)}`);
      }
    }
  });

  test('entries in another order are found', async () => {
    for (let one = 0; one < log.length; one++) {
      for (let other = one + 1; other < log.length; other++) {
        const turned = log.with(one, log[other] as StoredEntry).with(other, log[one] as StoredEntry);
        const found = await damage(turned);
        if (found?.entry !== one + 1) expect.fail(`${one} and ${other}: ${JSON.stringify(found)}`);
      }
    }
  });

  test('entries that stand there twice are found, wherever the second one is', async () => {
    for (let from = 0; from < log.length; from++) {
      for (let to = 0; to <= log.length; to++) {
        const found = await damage(log.toSpliced(to, 0, log[from] as StoredEntry));
        if (found === undefined) expect.fail(`${from} at ${to}`);
      }
    }
  });
});

test('an entry that somebody made is found wherever it is put in, unless all after it were made anew', async () => {
  const forged = shortLog(ROUNDS, stepsOf(1)).map(({ payload }) => payload);
  for (let at = 0; at < log.length; at++) {
    for (const insert of [forged[at], forged.at(-1), log[0]?.payload] as readonly Uint8Array[]) {
      if (at > 0 && hashOf(insert) === hashOf(payloads()[at] as Uint8Array)) continue;
      const { damage } = await verify(renumbered(payloads().toSpliced(at, 0, insert)), [auditors]);
      if (damage === undefined) expect.fail(`before entry ${at + 1}`);
    }
  }
});

describe('what the chain alone cannot show, an auditor’s checkpoint does:', () => {
  test('an end that was cut, however much of it', async () => {
    for (let length = 0; length < log.length; length++) {
      const verification = await verify(log.slice(0, length), [auditors]);
      expect(verification.damage).toBeUndefined();
      expect(verification.against[0]).toMatchObject({ outcome: 'refuted' });
      expect(isProven(verification)).toBe(false);
    }
  });

  test('a past that was made anew, with right hashes and states to the end', async () => {
    let forgeries = 0;
    for (let step = 0; step < stepsOf(ROUNDS); step++) {
      const forged = shortLog(ROUNDS, step);
      if (hashOf((forged.at(-1) as StoredEntry).payload) === auditors.hash) continue;
      forgeries++;
      const verification = await verify(forged, [auditors]);
      expect(verification.damage).toBeUndefined();
      expect(verification.against[0]).toMatchObject({ outcome: 'refuted', reason: 'AnotherEntry' });
    }
    expect(forgeries).toBeGreaterThan(20);
  });

  test('one entry that says another writer, time, actor or reason, and a chain made anew after it', async () => {
    const changes: readonly ((entry: Entry) => Entry)[] = [
      (entry) => ({ ...entry, writer: 'somebody else' }),
      (entry) => ({ ...entry, commits: entry.commits.map((commit) => ({ ...commit, actor: 'nobody' })) }),
      (entry) => ({ ...entry, commits: entry.commits.map((commit) => ({ ...commit, reason: 'no reason' })) }),
    ];
    for (let index = 0; index < log.length; index++) {
      for (const change of changes) {
        const forged = rechained(index, change);
        const verification = await verify(forged, [auditors]);
        expect(verification.damage).toBeUndefined();
        if (hashOf((forged.at(-1) as StoredEntry).payload) !== auditors.hash)
          expect(verification.against[0]).toMatchObject({ outcome: 'refuted', reason: 'AnotherEntry' });
      }
    }
  });

  test('while a checkpoint from before what was made anew is still contained', async () => {
    const index = Math.floor(log.length / 2);
    const forged = rechained(index, (entry) => ({ ...entry, writer: 'somebody else' }));
    const { against } = await verify(forged, [checkpointAt(log, index), checkpointAt(log, index + 1)]);
    expect(against.map(({ outcome }) => outcome)).toEqual(['contained', 'refuted']);
  });
});

function texts(items: readonly unknown[]): string[] {
  return items.map((item) => JSON.stringify(item));
}

function text(payload: Uint8Array): string {
  return new TextDecoder().decode(payload);
}

/** The log with one entry changed and every later one made to follow it. */
function rechained(index: number, change: (entry: Entry) => Entry): readonly StoredEntry[] {
  const entries = log.map(({ number, payload }) => decodeEntry(payload, { entry: number, revision: 0 }));
  let previous = '';
  return entries.map((entry, place) => {
    const { commits, refused, unchanged, ...head } = { ...(place === index ? change(entry) : entry), previous };
    const lists = { commits: texts(commits), refused: texts(refused), unchanged: texts(unchanged) };
    const payload = encodeEntry(head, lists);
    previous = hashOf(payload);
    return { number: place + 1, payload };
  });
}
