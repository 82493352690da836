/** The log as one process of the simulated cell reaches it: over its wire, and only while it lives. */
import { LogUnavailableError, type AppendOutcome, type EventLog, type StoredEntry } from '../log/event-log.ts';
import { APPEND_TIMEOUT_MS, type LogServer } from './log-server.ts';
import type { VirtualProcess } from './virtual-process.ts';
import type { Wire } from './wire.ts';

/** How long a question to the log may go unanswered, milliseconds. */
const ANSWER_MAX_MS = 5_000;
/** A reader whose connection is gone looks this often whether it is back, milliseconds. */
const READ_RETRY_MS = 250;

export class LogClient implements EventLog {
  readonly cell: string;
  readonly lineage: string;
  readonly #log: EventLog;
  readonly #server: LogServer;
  readonly #process: VirtualProcess;
  readonly #wire: Wire;

  /** Of the lineage that is current now. */
  constructor(server: LogServer, process: VirtualProcess, wire: Wire) {
    this.#server = server;
    this.#log = server.current;
    this.cell = this.#log.cell;
    this.lineage = this.#log.lineage;
    this.#process = process;
    this.#wire = wire;
  }

  append(number: number, payload: Uint8Array): Promise<AppendOutcome> {
    // The sender may reuse its buffer.
    const copy = payload.slice();
    return new Promise((resolve) => {
      const cause = new LogUnavailableError(`no answer within ${APPEND_TIMEOUT_MS} ms`);
      const timer = this.#process.clock.after(APPEND_TIMEOUT_MS, () => resolve({ outcome: 'unknown', cause }));
      this.#ask(
        () => this.#log.append(number, copy),
        (outcome) => {
          timer.cancel();
          resolve(outcome);
        },
      );
    });
  }

  async *read(fromNumber: number, signal: AbortSignal): AsyncGenerator<readonly StoredEntry[]> {
    const ended = AbortSignal.any([signal, this.#process.death.signal]);
    for await (const batch of this.#log.read(fromNumber, ended)) {
      await this.#arrival(ended);
      if (ended.aborted) break;
      yield batch;
    }
    // The dead hear nothing, not even that it is over.
    if (!this.#process.isAlive) await new Promise<never>(() => undefined);
  }

  get(number: number): Promise<StoredEntry | undefined> {
    return this.#question(() => this.#log.get(number));
  }

  lastNumber(): Promise<number> {
    return this.#question(() => this.#log.lastNumber());
  }

  /** Which lineage is the cell's now. */
  currentLineage(): Promise<string> {
    return this.#question(async () => this.#server.current.lineage);
  }

  #question<Answer>(ask: () => Promise<Answer>): Promise<Answer> {
    return new Promise((resolve, reject) => {
      const fail = () => reject(new LogUnavailableError('the log does not answer'));
      const timer = this.#process.clock.after(ANSWER_MAX_MS, fail);
      this.#ask(
        () => settled(ask),
        (answer) => {
          timer.cancel();
          if ('error' in answer) reject(answer.error);
          else resolve(answer.value);
        },
      );
    });
  }

  /** There and back, where neither way loses it. */
  #ask<Answer>(ask: () => Promise<Answer>, take: (answer: Answer) => void): void {
    const { wire: server } = this.#server;
    if (!this.#process.isAlive) return;
    this.#wire.carryOnce(server, () => {
      void ask().then((answer) => server.carryOnce(this.#wire, () => this.#process.receive(() => take(answer))));
    });
  }

  /** What is read takes its time too, and waits for a wire that is cut. Resolves at once when it is over. */
  #arrival(signal: AbortSignal): Promise<void> {
    return new Promise((resolve) => {
      const arrive = () => {
        if (this.#wire.isCut && !signal.aborted) this.#process.clock.after(READ_RETRY_MS, arrive);
        else resolve();
      };
      if (this.#wire.isCut) return arrive();
      this.#process.clock.after(READ_LATENCY_MS, arrive);
    });
  }
}

type Settled<Answer> = { readonly value: Answer } | { readonly error: unknown };

/** A rejection travels too. */
function settled<Answer>(ask: () => Promise<Answer>): Promise<Settled<Answer>> {
  return ask().then(
    (value) => ({ value }),
    (error: unknown) => ({ error }),
  );
}

/** What a subscription's delivery takes, milliseconds. */
const READ_LATENCY_MS = 1;
