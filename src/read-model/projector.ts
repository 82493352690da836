/** Projects the fold into SQLite right behind it, in a worker: takes entries without ever blocking the writer, and heals by itself. */
import type { Timer } from '../foundation/clock.ts';
import type { AppliedEntry } from '../state/applied-entry.ts';
import { ReadModelDamagedError, ReadModelUnavailableError, readModelError } from './errors.ts';
import { isFromHistory, type FromHistory } from './history/message.ts';
import { PendingChanges } from './pending-changes.ts';
import type { FromWorker, SliceMessage, StoredPosition, ToWorker } from './projection-message.ts';
import { startProjectionWorker } from './projection-thread.ts';
import {
  CLOSE_TIMEOUT_MS,
  GATHER_MS,
  RETRY_DELAY_MS,
  type ProjectionThread,
  type Projector,
  type ProjectorOptions,
} from './projector-options.ts';
import { RevisionWaiters } from './revision-waiters.ts';
import { slices } from './transaction.ts';

/** Starts the projection of a prepared read model. Rejects with the read model's errors when its file cannot be opened. */
export async function createProjector(options: ProjectorOptions): Promise<Projector> {
  const projector = new WorkerProjector(options);
  await projector.opened;
  return projector;
}

/** What the worker has been given and has not yet committed. */
interface Transaction {
  readonly changes: PendingChanges;
  readonly slices: Iterator<SliceMessage>;
}

class WorkerProjector implements Projector {
  readonly #options: ProjectorOptions;
  readonly #waiters: RevisionWaiters;
  readonly #opening = Promise.withResolvers<void>();
  readonly #closed = Promise.withResolvers<void>();
  #worker: ProjectionThread | undefined;
  #stored: StoredPosition | undefined;
  #lastEntry = 0;
  #pending = new PendingChanges();
  #transaction: Transaction | undefined;
  #ready = false;
  #closing = false;
  #ended = false;
  #timer: Timer | undefined;
  #trouble: Error | undefined;

  constructor(options: ProjectorOptions) {
    this.#options = options;
    this.#waiters = new RevisionWaiters(options.clock);
    this.#start();
  }

  get opened(): Promise<void> {
    return this.#opening.promise;
  }

  get projectedRevision(): number {
    return this.#stored?.revision ?? 0;
  }

  get trouble(): Error | undefined {
    return this.#trouble;
  }

  project(applied: AppliedEntry): void {
    const { entry } = applied.position;
    if (entry !== this.#lastEntry + 1) throw new Error(`entry ${entry} does not follow ${this.#lastEntry}`);
    this.#lastEntry = entry;
    if (this.#trouble instanceof ReadModelDamagedError) return;
    this.#pending.add(applied);
    this.#schedule();
  }

  waitFor(revision: number, timeoutMs: number): Promise<void> {
    if (revision <= this.projectedRevision) return Promise.resolve();
    if (this.#trouble instanceof ReadModelDamagedError) return Promise.reject(this.#trouble);
    const reached = this.#waiters.wait(revision, timeoutMs, () => this.#trouble);
    this.#schedule();
    return reached;
  }

  async close(): Promise<void> {
    if (this.#closing) return this.#closed.promise;
    this.#closing = true;
    const timer = this.#options.clock.after(CLOSE_TIMEOUT_MS, () => {
      const message =
        'closing the read model: what was pending could not be written; the next start has it from the log';
      this.#closed.reject(new ReadModelUnavailableError(message, { cause: this.#trouble }));
    });
    if (this.#trouble instanceof ReadModelDamagedError) this.#closed.resolve();
    else if (this.#trouble === undefined) this.#send();
    try {
      await this.#closed.promise;
    } finally {
      this.#ended = true;
      timer.cancel();
      this.#timer?.cancel();
      await this.#worker?.terminate();
    }
  }

  /** Sends at once when somebody waits, else once changes have gathered. After trouble only the retry sends. */
  #schedule(): void {
    if (!this.#ready || this.#transaction !== undefined || this.#trouble !== undefined) return;
    if (this.#closing || (this.#waiters.waiting && this.#pending.position !== undefined)) return this.#send();
    if (this.#pending.position === undefined) return;
    this.#timer ??= this.#options.clock.after(GATHER_MS, () => this.#send(), { background: true });
  }

  #send(): void {
    this.#timer?.cancel();
    this.#timer = undefined;
    if (!this.#ready || this.#transaction !== undefined) return;
    if (this.#pending.position === undefined) {
      if (this.#closing) this.#post({ type: 'close' });
      return;
    }
    this.#transaction = { changes: this.#pending, slices: slices(this.#pending) };
    this.#pending = new PendingChanges();
    this.#sendSlice();
  }

  #sendSlice(): void {
    const slice = this.#transaction?.slices.next().value;
    if (slice !== undefined) this.#post(slice);
  }

  #post(message: ToWorker): void {
    this.#worker?.postMessage(message);
  }

  #start(): void {
    const { file } = this.#options;
    const worker = (this.#options.startWorker ?? startProjectionWorker)(file);
    this.#worker = worker;
    let cause: unknown;
    worker.on('message', (message: FromWorker | FromHistory) => {
      if (isFromHistory(message)) this.#options.companion?.receive(message);
      else this.#receive(message);
    });
    worker.on('error', (error) => (cause = error));
    worker.on('exit', () => {
      this.#options.companion?.ended();
      if (this.#worker === worker) this.#workerEnded(cause);
    });
  }

  #receive(message: FromWorker): void {
    switch (message.type) {
      case 'ready':
        return this.#workerReady(message.position);
      case 'staged':
        return this.#sendSlice();
      case 'committed':
        return this.#committed();
      case 'failed':
        return this.#failed(readModelError('projecting into the read model', message.trouble));
      case 'closed':
        this.#ended = true;
        return this.#closed.resolve();
      default:
        return message satisfies never;
    }
  }

  /** A new worker finds the file before or after the transaction that was under way, or it is not the file we know. */
  #workerReady(position: StoredPosition): void {
    this.#ready = true;
    if (this.#worker !== undefined) this.#options.companion?.started(this.#worker);
    if (this.#stored === undefined) {
      this.#stored = position;
      this.#lastEntry = position.entry;
      this.#opening.resolve();
      return;
    }
    const sent = this.#transaction?.changes.position?.position;
    if (sent !== undefined && sent.entry === position.entry && sent.hash === position.hash) return this.#committed();
    if (position.entry !== this.#stored.entry || position.hash !== this.#stored.hash) {
      const message = `the read model is at entry ${position.entry}, which this process did not write`;
      return this.#failed(new ReadModelDamagedError(message));
    }
    this.#takeBack();
    this.#resume();
  }

  #committed(): void {
    const written = this.#transaction?.changes.position?.position;
    this.#transaction = undefined;
    if (written !== undefined) this.#stored = written;
    this.#waiters.reached(this.projectedRevision);
    this.#resume();
  }

  #resume(): void {
    if (this.#trouble !== undefined) {
      this.#options.logger.info('read model goes on', { revision: this.projectedRevision });
      this.#trouble = undefined;
    }
    this.#schedule();
  }

  /** What was not committed waits again, before what came since. */
  #takeBack(): void {
    if (this.#transaction === undefined) return;
    const { changes } = this.#transaction;
    changes.addAll(this.#pending);
    this.#pending = changes;
    this.#transaction = undefined;
  }

  #failed(error: ReadModelUnavailableError | ReadModelDamagedError): void {
    if (this.#stored === undefined) return this.#opening.reject(error);
    if (error instanceof ReadModelDamagedError) return this.#giveUp(error);
    this.#takeBack();
    this.#retryLater(error, () => {
      if (this.#ready) this.#send();
    });
  }

  #workerEnded(cause: unknown): void {
    this.#ready = false;
    this.#worker = undefined;
    const error = new ReadModelUnavailableError('the thread that writes the read model ended', { cause });
    if (this.#stored === undefined) return this.#opening.reject(error);
    if (this.#ended || this.#trouble instanceof ReadModelDamagedError) return;
    this.#retryLater(error, () => this.#start());
  }

  #retryLater(error: ReadModelUnavailableError, retry: () => void): void {
    if (this.#trouble === undefined) this.#options.logger.error('read model cannot be written', { error });
    this.#trouble = error;
    this.#timer?.cancel();
    this.#timer = this.#options.clock.after(RETRY_DELAY_MS, () => {
      this.#timer = undefined;
      retry();
    });
  }

  #giveUp(error: ReadModelDamagedError): void {
    this.#options.logger.error('read model is of no more use', { error });
    this.#trouble = error;
    this.#timer?.cancel();
    this.#transaction = undefined;
    this.#pending = new PendingChanges();
    this.#waiters.failed(error);
    this.#closed.resolve();
    this.#options.onFailure?.(error);
  }
}
