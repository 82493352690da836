/** Following the log while another process writes it, and writing while this one has the lease. */
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { bootstrapCommands } from '../../machines/index.ts';
import { systemIdentifiers } from '../../src/foundation/identifiers.ts';
import { silentLogger } from '../../src/foundation/logger.ts';
import { LogDamageError } from '../../src/log/entry.ts';
import { MemoryLog } from '../../src/log/memory-log.ts';
import { Fold } from '../../src/state/fold.ts';
import { runLeadership } from '../../src/writer/leadership.ts';
import { LEASE_MS, LEASE_STEP_MS, type Lease } from '../../src/writer/lease.ts';
import { WRITER_LIMITS } from '../../src/writer/limits.ts';
import { Writer } from '../../src/writer/writer.ts';
import { ManualClock } from '../support/manual-clock.ts';
import { createMap } from './harness.ts';

/** Whoever has the one lease of a test. */
interface Held {
  by: string | undefined;
}

class ScriptedLease implements Lease {
  readonly #name: string;
  readonly #held: Held;
  /** The bus does not answer. */
  silent = false;
  released = 0;
  tried = 0;

  constructor(name: string, held: Held) {
    this.#name = name;
    this.#held = held;
  }

  async tryAcquire(): Promise<boolean> {
    this.tried++;
    this.#requireAnswer();
    this.#held.by ??= this.#name;
    return this.#held.by === this.#name;
  }

  async renew(): Promise<boolean> {
    this.#requireAnswer();
    return this.#held.by === this.#name;
  }

  async release(): Promise<void> {
    this.released++;
    this.#requireAnswer();
    if (this.#held.by === this.#name) this.#held.by = undefined;
  }

  #requireAnswer(): void {
    if (this.silent) throw new Error('the bus does not answer');
  }
}

class Process {
  readonly fold = new Fold();
  readonly lease: ScriptedLease;
  readonly writer: Writer;
  /** Signals of its terms so far. */
  readonly terms: AbortSignal[] = [];
  readonly #stop = new AbortController();
  readonly ended: Promise<unknown>;

  constructor(name: string) {
    this.lease = new ScriptedLease(name, held);
    const shared = { log, fold: this.fold, clock, logger: silentLogger };
    this.writer = new Writer({ ...shared, identifiers: systemIdentifiers, name, limits: LIMITS });
    const onTerm = (signal: AbortSignal) => this.terms.push(signal);
    const { writer, lease } = this;
    this.ended = runLeadership({ ...shared, writer, lease, onTerm }, this.#stop.signal).then(
      () => 'ended',
      (error: unknown) => error,
    );
    processes.push(this);
  }

  async stop(): Promise<unknown> {
    this.#stop.abort();
    await clock.advance(LEASE_STEP_MS);
    return this.ended;
  }
}

const LIMITS = { ...WRITER_LIMITS, readBackMs: 100 };
let clock: ManualClock;
let log: MemoryLog;
let held: Held;
let processes: Process[];

beforeEach(() => {
  clock = new ManualClock();
  log = new MemoryLog({ cell: 'test', lineage: '1', clock, appendTimeoutMs: 1_000 });
  held = { by: undefined };
  processes = [];
});
afterEach(async () => {
  for (const process of processes) await process.stop();
});

async function begun(name: string): Promise<Process> {
  const process = new Process(name);
  await clock.advance(0);
  await process.writer.submit(bootstrapCommands().map((draft) => ({ ...draft, actor: 'system:bootstrap' })));
  return process;
}

describe('a process', () => {
  it('that has the lease writes, and tells once that its term began', async () => {
    const first = await begun('first');
    expect(first.writer.isWriting).toBe(true);
    expect(await first.writer.submit([createMap('a')])).toMatchObject([{ outcome: 'accepted' }]);
    await clock.advance(10 * LEASE_MS);
    expect(first.terms).toHaveLength(1);
    expect(first.terms[0]?.aborted).toBe(false);
  });

  it('that has no lease follows: it folds each entry, takes no commands and begins no term', async () => {
    const first = await begun('first');
    const second = new Process('second');
    await first.writer.submit([createMap('a')]);
    await clock.advance(LEASE_MS);
    expect(second.fold.state.stateHash()).toBe(first.fold.state.stateHash());
    expect(second.fold.state.position).toEqual(first.fold.state.position);
    expect(await second.writer.submit([createMap('b')])).toMatchObject([{ why: 'NotTheWriter' }]);
    expect(second.terms).toEqual([]);
  });

  it('that lost its lease ends its term, follows, and writes again when it has it back', async () => {
    const first = await begun('first');
    held.by = 'second';
    await clock.advance(LEASE_STEP_MS);
    expect(first.terms[0]?.aborted).toBe(true);
    expect(await first.writer.submit([createMap('a')])).toMatchObject([{ why: 'NotTheWriter' }]);
    const second = await begun('second');
    await second.writer.submit([createMap('theirs')]);
    await clock.advance(0);
    expect(first.fold.state.get('ConfigMap', 'default', 'theirs')).toBeDefined();
    await second.stop();
    await clock.advance(LEASE_STEP_MS);
    expect(first.terms).toHaveLength(2);
    expect(await first.writer.submit([createMap('mine')])).toMatchObject([{ outcome: 'accepted' }]);
  });

  it('that cannot renew goes on for the life of its lease, and not longer', async () => {
    const first = await begun('first');
    first.lease.silent = true;
    await clock.advance(LEASE_MS - 1);
    expect(first.terms[0]?.aborted).toBe(false);
    await clock.advance(2 * LEASE_STEP_MS);
    expect(first.terms[0]?.aborted).toBe(true);
    first.lease.silent = false;
    await clock.advance(LEASE_STEP_MS);
    expect(first.terms).toHaveLength(2);
  });

  it('that could not renew for a moment keeps its term', async () => {
    const first = await begun('first');
    first.lease.silent = true;
    await clock.advance(2 * LEASE_STEP_MS);
    first.lease.silent = false;
    await clock.advance(5 * LEASE_MS);
    expect(first.terms).toHaveLength(1);
    expect(first.terms[0]?.aborted).toBe(false);
  });

  it('that cannot ask for the lease asks again, and follows meanwhile', async () => {
    const first = await begun('first');
    const second = new Process('second');
    second.lease.silent = true;
    await first.writer.submit([createMap('a')]);
    await clock.advance(5 * LEASE_STEP_MS);
    expect(second.lease.tried).toBeGreaterThanOrEqual(5);
    expect(second.fold.state.get('ConfigMap', 'default', 'a')).toBeDefined();
    second.lease.silent = false;
    await first.stop();
    await clock.advance(LEASE_STEP_MS);
    expect(second.terms).toHaveLength(1);
  });

  it('that is stopped lets its lease go at once, for the next to write within a step', async () => {
    const first = await begun('first');
    const second = new Process('second');
    expect(await first.stop()).toBe('ended');
    expect(first.lease.released).toBe(1);
    expect(held.by === undefined || held.by === 'second').toBe(true);
    await clock.advance(LEASE_STEP_MS);
    expect(second.writer.isWriting).toBe(true);
  });

  it('with the lease, whose entry lost to another writer’s, folds that one and writes on', async () => {
    const first = await begun('first');
    held.by = 'second';
    const second = await begun('second');
    // The first has not noticed yet.
    expect(first.writer.isWriting).toBe(true);
    const [outcome] = await Promise.all([
      first.writer.submit([createMap('late')]),
      second.writer.submit([createMap('theirs')]),
    ]);
    expect(outcome).toMatchObject([{ outcome: 'not-decided', why: 'NotTheWriter' }]);
    await clock.advance(0);
    expect(first.lease.released).toBe(1);
    expect(held.by).toBe('second');
    await clock.advance(LEASE_STEP_MS);
    expect(first.fold.state.stateHash()).toBe(second.fold.state.stateHash());
  });
});

describe('damage', () => {
  it('met while following ends it with that damage: it never writes', async () => {
    const first = await begun('first');
    const second = new Process('second');
    await clock.advance(0);
    await first.stop();
    log.damageEntry(log.marks.stored, new TextEncoder().encode('garbage'));
    const third = new Process('third');
    expect(await third.ended).toBeInstanceOf(LogDamageError);
    expect(await third.ended).toMatchObject({ entry: log.marks.stored });
    expect(third.terms).toEqual([]);
    expect(second.terms.length).toBeLessThanOrEqual(1);
  });

  it('met while becoming the writer ends it too: an entry the server counts and nobody can read', async () => {
    const first = await begun('first');
    await first.writer.submit([createMap('a')]);
    await first.stop();
    const last = log.marks.stored;
    log.loseEntry(last);
    const second = new Process('second');
    await clock.advance(5 * LEASE_MS);
    expect(await second.ended).toBeInstanceOf(LogDamageError);
    expect(await second.ended).toMatchObject({ entry: last });
    expect(second.lease.released).toBe(1);
    expect(log.marks.stored).toBe(last);
  });

  it('met while writing, a log shorter than was folded, ends it with nothing more written', async () => {
    const first = await begun('first');
    await first.writer.submit([createMap('a')]);
    const { entry } = first.fold.state.position;
    log.loseEnd(entry - 1);
    expect(await first.writer.submit([createMap('b')])).toMatchObject([{ outcome: 'not-decided' }]);
    expect(await first.ended).toMatchObject({ name: 'LogDamageError', entry });
    expect(first.terms[0]?.aborted).toBe(true);
    expect(log.marks.stored).toBe(entry - 1);
  });
});
