/** Records history right behind the fold, in the projection's worker: never waited for by the writer, made again from the log where it is lost. */
import type { Timer } from '../../foundation/clock.ts';
import type { AppliedEntry } from '../../state/applied-entry.ts';
import { ReadModelUnavailableError, isRetryable } from '../errors.ts';
import { discardReadModel } from '../migrate.ts';
import type { CompanionWorker } from '../projector-options.ts';
import { RevisionWaiters } from '../revision-waiters.ts';
import { CatchUp, catchUpWithLog } from './catch-up.ts';
import { makeImages } from './images.ts';
import { recordMessage, type FromHistory, type Image, type ToHistory, type WantedImage } from './message.ts';
import { prepareHistory } from './prepare.ts';
import { RECORD_CLOSE_MS, RECORD_GATHER_MS, type HistoryRecorder, type RecorderOptions } from './recorder-options.ts';
import { NO_POSITION, type HistoryPosition } from './schema.ts';
import { Trouble } from './trouble.ts';
import { WaitingEntries, type WaitingEntry } from './waiting-entries.ts';

/** Records behind a fold; give it to the projector as its companion. The file must be prepared, and its position on the log. */
export function createHistoryRecorder(options: RecorderOptions): HistoryRecorder {
  return new WorkerRecorder(options);
}

/** The file's state: who may do what next. */
type State = 'closed' | 'opening' | 'idle' | 'recording' | 'imaging' | 'discarding' | 'ended';

class WorkerRecorder implements HistoryRecorder {
  readonly #options: RecorderOptions;
  readonly #waiters: RevisionWaiters;
  readonly #waiting = new WaitingEntries();
  readonly #trouble: Trouble;
  #state: State = 'closed';
  #isMakingAnew = false;
  #worker: CompanionWorker | undefined;
  #recorded = NO_POSITION;
  /** The last entry folded, and its revision. */
  #folded: { readonly entry: number; readonly revision: number };
  #keepThrough: number;
  #images: readonly Image[] = [];
  #imaging: AbortController | undefined;
  #sent: readonly WaitingEntry[] = [];
  #timer: Timer | undefined;
  readonly #catchUp = new CatchUp();
  /** Ends the message under way, for whoever sent it. */
  #settled: (() => void) | undefined;
  #closing: PromiseWithResolvers<void> | undefined;

  constructor(options: RecorderOptions) {
    this.#options = options;
    this.#waiters = new RevisionWaiters(options.clock, 'the history');
    this.#trouble = new Trouble(options);
    this.#folded = options.from;
    this.#keepThrough = options.keepThrough;
  }

  get recordedRevision(): number {
    return this.#recorded.revision;
  }

  get isCurrent(): boolean {
    const isOpen = this.#state !== 'closed' && this.#state !== 'opening' && this.#state !== 'discarding';
    return isOpen && this.#trouble.error === undefined && (!this.#isBehind || !this.#catchUp.isRunning);
  }

  get #isBehind(): boolean {
    return this.#recorded.entry < this.#folded.entry;
  }

  observe({ position, payload, changes }: AppliedEntry): void {
    this.#folded = position;
    if (position.entry <= this.#recorded.entry) return;
    this.#waiting.push({ number: position.entry, payload, changes });
    this.#schedule();
  }

  waitFor(revision: number, timeoutMs: number): Promise<void> {
    if (revision <= this.recordedRevision) return Promise.resolve();
    const reached = this.#waiters.wait(revision, timeoutMs, () => this.#trouble.error);
    this.#schedule();
    return reached;
  }

  started(worker: CompanionWorker): void {
    this.#worker = worker;
    if (this.#state === 'closed') this.#open();
  }

  ended(): void {
    this.#worker = undefined;
    this.#stopReading();
    if (this.#state === 'discarding') void this.#makeAnew();
    else if (this.#state !== 'ended') this.#state = 'closed';
    this.#settle();
    this.#closing?.resolve();
  }

  receive(message: FromHistory): void {
    switch (message.type) {
      case 'history-opened':
        return this.#wasOpened(message.position ?? NO_POSITION);
      case 'history-recorded':
        return this.#wasRecorded(message.position, message.wanted);
      case 'history-mismatch':
        return this.discard('it does not continue with the log');
      case 'history-failed':
        return this.#failed(message.trouble);
      case 'history-closed':
        return this.#wasClosed();
      default:
        return message satisfies never;
    }
  }

  discard(why: unknown): void {
    if (this.#state === 'discarding' || this.#state === 'ended') return;
    this.#options.logger.warn('history discarded: it is made again from the log', { why });
    this.#stopReading();
    this.#timer?.cancel();
    this.#timer = undefined;
    this.#recorded = NO_POSITION;
    this.#images = [];
    this.#state = 'discarding';
    this.#settle();
    if (this.#worker === undefined) void this.#makeAnew();
    else this.#post({ type: 'history-close' });
  }

  async close(): Promise<void> {
    if (this.#closing !== undefined) return this.#closing.promise;
    this.#closing = Promise.withResolvers<void>();
    this.#stopReading();
    const { clock, logger } = this.#options;
    const timer = clock.after(RECORD_CLOSE_MS, () => {
      logger.warn('history could not be closed in time: the next start has the rest from the log');
      this.#closing?.resolve();
    });
    if (this.#worker === undefined || this.#state === 'ended' || this.#state === 'closed') this.#closing.resolve();
    else if (this.#state === 'idle' || this.#state === 'imaging') this.#idle();
    await this.#closing.promise;
    timer.cancel();
    this.#timer?.cancel();
    this.#trouble.cancel();
    this.#state = 'ended';
  }

  #open(): void {
    const { file, endings } = this.#options;
    this.#state = 'opening';
    this.#post({ type: 'history-open', file, endings });
  }

  #wasOpened(position: HistoryPosition): void {
    if (this.#state === 'discarding') return;
    if (position.entry > this.#keepThrough) {
      const entry = this.#keepThrough;
      this.#options.logger.warn('history takes back what is not on the log', { from: entry, to: position.entry });
      return this.#post({ type: 'history-truncate', entry });
    }
    this.#keepThrough = Infinity;
    this.#recorded = position;
    this.#idle();
  }

  /** Nothing is under way. */
  #idle(): void {
    if (this.#state === 'ended') return;
    this.#state = 'idle';
    this.#trouble.over(this.recordedRevision);
    this.#waiters.reached(this.recordedRevision);
    this.#settle();
    if (this.#state !== 'idle') return;
    if (this.#closing === undefined) return this.#schedule();
    if (!this.#recordWaiting()) this.#post({ type: 'history-close' });
  }

  /** Records what waits: at once when somebody waits for it, else once entries have gathered. What does not wait is read from the log. */
  #schedule(): void {
    if (this.#state !== 'idle' || this.#catchUp.isRunning || this.#trouble.isWaiting) return;
    if (!this.#isBehind || this.#closing !== undefined) return;
    if (!this.#waiting.holdsNext(this.#recorded.entry)) return this.#beginCatchUp();
    if (this.#waiters.waiting) return void this.#recordWaiting();
    this.#timer ??= this.#options.clock.after(RECORD_GATHER_MS, () => this.#recordWaiting(), { background: true });
  }

  /** Whether there was something to record. */
  #recordWaiting(): boolean {
    this.#timer?.cancel();
    this.#timer = undefined;
    if (this.#state !== 'idle') return false;
    const entries = this.#waiting.take(this.#recorded.entry);
    if (entries.length > 0) this.#record(entries);
    else this.#schedule();
    return entries.length > 0;
  }

  #record(entries: readonly WaitingEntry[]): void {
    this.#state = 'recording';
    this.#sent = entries;
    this.#post(recordMessage(entries, this.#images));
    this.#images = [];
  }

  #wasRecorded(position: HistoryPosition, wanted: readonly WantedImage[]): void {
    if (this.#state !== 'recording') return;
    this.#recorded = position;
    if (wanted.length === 0) return this.#idle();
    this.#waiters.reached(this.recordedRevision);
    void this.#makeImages(wanted);
  }

  async #makeImages(wanted: readonly WantedImage[]): Promise<void> {
    this.#state = 'imaging';
    const stop = new AbortController();
    this.#imaging = stop;
    const { clock, logger, imageOf } = this.#options;
    try {
      this.#images = await makeImages(wanted, { clock, sent: this.#sent, imageOf }, stop.signal);
    } catch (error) {
      // An image only makes reads faster.
      logger.error('cannot make images of objects', { error });
    }
    if (!stop.signal.aborted) this.#idle();
  }

  #beginCatchUp(): void {
    const onEnd = (error?: unknown) => {
      if (error !== undefined) this.#retryLater(error);
      this.#schedule();
    };
    this.#catchUp.begin((signal) => this.#readMissing(signal), onEnd);
  }

  async #readMissing(signal: AbortSignal): Promise<void> {
    const { clock, log, logger } = this.#options;
    const from = this.#recorded.entry + 1;
    logger.info('history catches up with the log', { from, to: this.#folded.entry });
    const record = async (entries: readonly WaitingEntry[]) => {
      if (this.#state !== 'idle') return false;
      this.#record(entries);
      await new Promise<void>((resolve) => (this.#settled = resolve));
      return !signal.aborted && this.#isBehind && !this.#waiting.holdsNext(this.#recorded.entry);
    };
    await catchUpWithLog({ log, clock, from }, record, signal);
  }

  /** What reads, here or in the log, ends. */
  #stopReading(): void {
    this.#imaging?.abort();
    this.#catchUp.breakOff();
  }

  #failed(trouble: Extract<FromHistory, { type: 'history-failed' }>['trouble']): void {
    if (this.#state === 'discarding' || this.#state === 'ended') return;
    if (trouble.code !== '' && !isRetryable(trouble.code)) return this.discard(trouble.message);
    this.#stopReading();
    // What was taken is read from the log again.
    this.#state = 'closed';
    this.#settle();
    this.#retryLater(new ReadModelUnavailableError(`recording history: ${trouble.message}`, { cause: trouble }));
  }

  #retryLater(error: unknown): void {
    this.#trouble.happened(error, () => {
      if (this.#state === 'closed' && this.#worker !== undefined) this.#open();
      else this.#schedule();
    });
  }

  #wasClosed(): void {
    if (this.#state === 'discarding') return void this.#makeAnew();
    this.#state = 'ended';
    this.#closing?.resolve();
  }

  async #makeAnew(): Promise<void> {
    if (this.#isMakingAnew) return;
    this.#isMakingAnew = true;
    const { file, logger, onDiscard } = this.#options;
    onDiscard();
    try {
      discardReadModel(file);
      await prepareHistory({ file, logger });
      this.#state = 'closed';
      if (this.#worker !== undefined) this.#open();
    } catch (error) {
      this.#state = 'closed';
      this.#retryLater(error);
    } finally {
      this.#isMakingAnew = false;
    }
  }

  #settle(): void {
    const settled = this.#settled;
    this.#settled = undefined;
    settled?.();
  }

  #post(message: ToHistory): void {
    this.#worker?.postMessage(message);
  }
}
