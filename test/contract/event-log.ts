// The rules of the event-log port, for every implementation.
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import type { AppendOutcome, EventLog, StoredEntry } from '../../src/log/event-log.ts';
import { appendChain, ChainMaker, readCount, summary } from '../support/log-entries.ts';

/** One log with an append time-out short enough for a test, and its server to be mistreated. */
export interface LogHarness {
  /** A client of its own of the same log. */
  open(): Promise<EventLog>;
  /** The server ends as it would by kill -9, and is started again on the same store. */
  crashAndRestart(): Promise<void>;
  /** The server takes what is sent and answers nothing, until it is thawed. */
  freeze(): void;
  thaw(): void;
  dispose(): Promise<void>;
}

/** Longer than a reconnect and the making of a new consumer on a loaded machine. */
const EVENTUALLY = { timeout: 20_000, interval: 20 };
const LARGE_BYTES = 2 * 1024 * 1024 - 4096;

export function eventLogContract(name: string, makeHarness: () => Promise<LogHarness>): void {
  describe(`${name}: appends`, () => {
    const { log, chain } = withLog(makeHarness);

    test('an entry is accepted only when the last one stored is the one before it', async () => {
      const [first] = await appendChain(log(), chain(), 2);
      const { payload } = chain().next();
      expect(await log().append(3, payload)).toEqual({ outcome: 'appended' });
      expect(await log().append(5, payload)).toEqual({ outcome: 'refused', lastNumber: 3 });
      expect(await log().append(3, payload)).toEqual({ outcome: 'refused', lastNumber: 3 });
      expect(await log().append(1, payload)).toEqual({ outcome: 'refused', lastNumber: 3 });
      expect(await log().lastNumber()).toBe(3);
      expect(summary([await log().get(1)])).toEqual(summary([first]));
    });

    test('of two rivals for a number never both are accepted', async () => {
      const rivals = [log(), await harness().open()];
      for (let number = 1; number <= 50; number++) {
        const outcomes = await Promise.all(
          rivals.map((rival, index) => rival.append(number, new TextEncoder().encode(`${index}`))),
        );
        expect(outcomes.map(({ outcome }) => outcome).toSorted()).toEqual(['appended', 'refused']);
        const winner = outcomes.findIndex(({ outcome }) => outcome === 'appended');
        expect(new TextDecoder().decode((await log().get(number))?.payload)).toBe(`${winner}`);
      }
    });

    test('an entry of 2 MB comes back as it was', async () => {
      const [large] = await appendChain(log(), chain(), 1, LARGE_BYTES);
      expect(large?.payload.length).toBeGreaterThan(LARGE_BYTES);
      expect(summary(await readCount(log(), 1, 1))).toEqual(summary([large]));
      expect(summary([await log().get(1)])).toEqual(summary([large]));
    });

    test('an entry that is not there is undefined', async () => {
      await appendChain(log(), chain(), 1);
      expect(await log().get(2)).toBeUndefined();
    });

    test('one that lands after its time-out has one outcome: unknown, and the next for its number is refused', async () => {
      await appendChain(log(), chain(), 1);
      harness().freeze();
      const late = chain().next();
      expect(await log().append(2, late.payload)).toMatchObject({ outcome: 'unknown' });
      harness().thaw();
      await vi.waitFor(async () => expect(summary([await log().get(2)])).toEqual(summary([late])), EVENTUALLY);
      const barrier = new TextEncoder().encode('barrier');
      expect(await log().append(2, barrier)).toEqual({ outcome: 'refused', lastNumber: 2 });
      expect(summary(await readCount(log(), 2, 1))).toEqual(summary([late]));
    });

    test('after a crash of the server everything acknowledged is there and appends go on', async () => {
      const entries = await appendChain(log(), chain(), 20);
      await harness().crashAndRestart();
      const { number, payload } = chain().next();
      await vi.waitFor(async () => expect(await accepted(log(), number, payload)).toBe(true), EVENTUALLY);
      expect(summary(await readCount(log(), 1, 21))).toEqual(summary([...entries, { number, payload }]));
    });
  });

  describe(`${name}: reads`, () => {
    const { log, chain } = withLog(makeHarness);

    test('begin at any number and go on to the end', async () => {
      const entries = await appendChain(log(), chain(), 30);
      for (const from of [1, 2, 17, 30]) {
        expect(summary(await readCount(log(), from, 31 - from))).toEqual(summary(entries.slice(from - 1)));
      }
    });

    test('follow what is appended later, on every client', async () => {
      const reader = follow(await harness().open(), 1);
      const entries = await appendChain(log(), chain(), 5);
      await vi.waitFor(() => expect(summary(reader.entries)).toEqual(summary(entries)), EVENTUALLY);
      entries.push(...(await appendChain(log(), chain(), 5)));
      await vi.waitFor(() => expect(summary(reader.entries)).toEqual(summary(entries)), EVENTUALLY);
      await reader.stop();
    });

    test('from beyond the end give what comes next under its own number, so that a shortened log is noticed', async () => {
      const entries = await appendChain(log(), chain(), 2);
      const reader = follow(log(), 100);
      // JetStream gives what comes after the consumer was made, which a reader cannot see.
      await vi.waitFor(async () => {
        entries.push(...(await appendChain(log(), chain(), 1)));
        expect(reader.entries).not.toEqual([]);
      }, EVENTUALLY);
      await vi.waitFor(() => expect(reader.entries.at(-1)?.number).toBe(entries.length), EVENTUALLY);
      expect(summary(reader.entries)).toEqual(summary(entries.slice(-reader.entries.length)));
      await reader.stop();
    });

    test('keep order and lose nothing when the reader is slow and much is waiting', async () => {
      const entries = await appendChain(log(), chain(), 120, 256 * 1024);
      const numbers: number[] = [];
      const stop = new AbortController();
      for await (const batch of log().read(1, stop.signal)) {
        await log().lastNumber();
        numbers.push(...batch.map(({ number }) => number));
        if (numbers.length >= entries.length) stop.abort();
      }
      expect(numbers).toEqual(entries.map(({ number }) => number));
    });

    test('go on where they were after the server crashed', async () => {
      const reader = follow(log(), 1);
      const entries = await appendChain(log(), chain(), 10);
      await vi.waitFor(() => expect(summary(reader.entries)).toEqual(summary(entries)), EVENTUALLY);
      for (let round = 0; round < 2; round++) {
        await harness().crashAndRestart();
        const next = chain().next();
        await vi.waitFor(async () => expect(await accepted(log(), next.number, next.payload)).toBe(true), EVENTUALLY);
        entries.push(next);
        await vi.waitFor(() => expect(summary(reader.entries)).toEqual(summary(entries)), EVENTUALLY);
      }
      await reader.stop();
    });

    test('end when the signal is aborted, waiting or not', async () => {
      await appendChain(log(), chain(), 3);
      const waiting = follow(log(), 4);
      const busy = follow(log(), 1);
      await vi.waitFor(() => expect(busy.entries).toHaveLength(3), EVENTUALLY);
      await waiting.stop();
      await busy.stop();
      const aborted = follow(log(), 1, AbortSignal.abort());
      await aborted.stop();
      expect(aborted.entries).toEqual([]);
    });
  });
}

let current: LogHarness | undefined;

function harness(): LogHarness {
  if (current === undefined) throw new Error('no harness outside of a test');
  return current;
}

function withLog(makeHarness: () => Promise<LogHarness>) {
  let log: EventLog | undefined;
  let chain = new ChainMaker();
  beforeEach(async () => {
    current = await makeHarness();
    log = await current.open();
    chain = new ChainMaker({ lineage: log.lineage });
  });
  afterEach(async () => {
    await current?.dispose();
    current = undefined;
  });
  return {
    log: () => {
      if (log === undefined) throw new Error('no log outside of a test');
      return log;
    },
    chain: () => chain,
  };
}

/** Appends as the writer does after an unknown outcome: again, until the entry is known to be there. */
async function accepted(log: EventLog, number: number, payload: Uint8Array): Promise<boolean> {
  const outcome: AppendOutcome = await log.append(number, payload);
  if (outcome.outcome === 'refused') return outcome.lastNumber === number;
  return outcome.outcome === 'appended';
}

/** Collects what a reader gets. */
function follow(log: EventLog, fromNumber: number, signal?: AbortSignal) {
  const stop = new AbortController();
  const entries: StoredEntry[] = [];
  const ended = (async () => {
    const signals = AbortSignal.any(signal ? [stop.signal, signal] : [stop.signal]);
    for await (const batch of log.read(fromNumber, signals)) entries.push(...batch);
  })();
  return {
    entries,
    async stop() {
      stop.abort();
      await ended;
    },
  };
}
