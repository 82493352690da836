/** Records history right behind the fold, in the projection's worker: never waited for by the writer, made again from the log where it is lost. */
import type { Timer } from '../../foundation/clock.ts';
import type { StoredEntry } from '../../log/event-log.ts';
import type { AppliedEntry } from '../../state/applied-entry.ts';
import { ReadModelUnavailableError, isRetryable } from '../errors.ts';
import { discardReadModel } from '../migrate.ts';
import type { WorkerCompanion } from '../projector-options.ts';
import { RevisionWaiters } from '../revision-waiters.ts';
import { missingEntries } from './catch-up.ts';
import type { FromHistory, Image, ToHistory, WantedImage } from './message.ts';
import { prepareHistory } from './prepare.ts';
import {
  CATCH_UP_REST_SHARE,
  IMAGES_AT_ONCE,
  RECORD_CLOSE_MS,
  RECORD_GATHER_MS,
  RECORD_RETRY_MS,
  type HistoryRecorder,
  type RecorderOptions,
} from './recorder-options.ts';
import type { HistoryPosition } from './schema.ts';
import { WaitingEntries } from './waiting-entries.ts';

const NOTHING: HistoryPosition = { lineage: '', entry: 0, revision: 0, hash: '' };

/** Records behind a fold; give it to the projector as its companion. The file must be prepared, and its position on the log. */
export function createHistoryRecorder(options: RecorderOptions): HistoryRecorder {
  return new WorkerRecorder(options);
}

type Worker = Parameters<WorkerCompanion['started']>[0];

/** The file's state: who may do what next. */
type State = 'closed' | 'opening' | 'idle' | 'recording' | 'imaging' | 'discarding' | 'ended';

class WorkerRecorder implements HistoryRecorder {
  readonly #options: RecorderOptions;
  readonly #waiters: RevisionWaiters;
  readonly #waiting = new WaitingEntries();
  #state: State = 'closed';
  #worker: Worker | undefined;
  #recorded = NOTHING;
  /** The last entry folded, and its revision. */
  #folded: { readonly entry: number; readonly revision: number };
  /** Counts for what was in the file at the start only. */
  #keepThrough: number;
  #images: Image[] = [];
  #timer: Timer | undefined;
  /** Set while trouble is waited out. */
  #retry: Timer | undefined;
  #catchUp: AbortController | undefined;
  /** Ends the message under way, for whoever sent it. */
  #settled: (() => void) | undefined;
  #closing: PromiseWithResolvers<void> | undefined;
  #trouble: Error | undefined;

  constructor(options: RecorderOptions) {
    this.#options = options;
    this.#waiters = new RevisionWaiters(options.clock, 'the history');
    this.#folded = options.from;
    this.#keepThrough = options.keepThrough;
  }

  get recordedRevision(): number {
    return this.#recorded.revision;
  }

  get isCurrent(): boolean {
    const next = this.#recorded.entry + 1;
    const isOpen = this.#state !== 'closed' && this.#state !== 'opening' && this.#state !== 'discarding';
    const isAll = this.#folded.entry < next;
    return isOpen && this.#trouble === undefined && (isAll || this.#catchUp === undefined);
  }

  observe({ position, payload }: AppliedEntry): void {
    this.#folded = position;
    if (position.entry <= this.#recorded.entry) return;
    this.#waiting.push({ number: position.entry, payload });
    this.#schedule();
  }

  waitFor(revision: number, timeoutMs: number): Promise<void> {
    if (revision <= this.recordedRevision) return Promise.resolve();
    const reached = this.#waiters.wait(revision, timeoutMs, () => this.#trouble);
    this.#schedule();
    return reached;
  }

  started(worker: Worker): void {
    this.#worker = worker;
    if (this.#state === 'closed') this.#open();
  }

  ended(): void {
    this.#worker = undefined;
    this.#stopCatchUp();
    if (this.#state !== 'discarding' && this.#state !== 'ended') this.#state = 'closed';
    this.#settle();
    this.#closing?.resolve();
  }

  receive(message: FromHistory): void {
    switch (message.type) {
      case 'history-opened':
        return this.#wasOpened(message.position ?? NOTHING);
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
    this.#stopCatchUp();
    this.#timer?.cancel();
    this.#timer = undefined;
    this.#recorded = NOTHING;
    this.#images = [];
    this.#state = 'discarding';
    this.#settle();
    if (this.#worker === undefined) void this.#makeAnew();
    else this.#post({ type: 'history-close' });
  }

  async close(): Promise<void> {
    if (this.#closing !== undefined) return this.#closing.promise;
    this.#closing = Promise.withResolvers<void>();
    this.#stopCatchUp();
    const { clock, logger } = this.#options;
    const timer = clock.after(RECORD_CLOSE_MS, () => {
      logger.warn('history could not be closed in time: the next start has the rest from the log');
      this.#closing?.resolve();
    });
    if (this.#worker === undefined || this.#state === 'ended' || this.#state === 'closed') this.#closing.resolve();
    else if (this.#state === 'idle') this.#idle();
    await this.#closing.promise;
    timer.cancel();
    this.#timer?.cancel();
    this.#retry?.cancel();
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
    if (this.#trouble !== undefined) this.#options.logger.info('history goes on', { revision: this.recordedRevision });
    this.#trouble = undefined;
    this.#waiters.reached(this.recordedRevision);
    this.#settle();
    if (this.#state !== 'idle') return;
    if (this.#closing === undefined) return this.#schedule();
    if (!this.#recordWaiting()) this.#post({ type: 'history-close' });
  }

  /** Records what waits: at once when somebody waits for it, else once entries have gathered. What does not wait is read from the log. */
  #schedule(): void {
    if (this.#state !== 'idle' || this.#catchUp !== undefined || this.#retry !== undefined) return;
    if (this.#folded.entry <= this.#recorded.entry || this.#closing !== undefined) return;
    if (this.#waiting.first === undefined || this.#waiting.first > this.#recorded.entry + 1)
      return this.#beginCatchUp();
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

  #record(entries: readonly StoredEntry[]): void {
    this.#state = 'recording';
    const payloads = Buffer.concat(entries.map(({ payload }) => payload));
    const lengths = entries.map(({ payload }) => payload.byteLength);
    const images = this.#images;
    this.#images = [];
    this.#post({ type: 'history-record', payloads, lengths, images });
  }

  #wasRecorded(position: HistoryPosition, wanted: readonly WantedImage[]): void {
    if (this.#state !== 'recording') return;
    this.#recorded = position;
    if (wanted.length === 0) return this.#idle();
    this.#state = 'imaging';
    this.#waiters.reached(this.recordedRevision);
    this.#makeImages(wanted).catch((error: unknown) => this.#options.logger.error('cannot make an image', { error }));
  }

  /** A few at a time, since it is the main thread that makes them. */
  async #makeImages(wanted: readonly WantedImage[]): Promise<void> {
    try {
      for (const [index, image] of wanted.entries()) {
        if (index > 0 && index % IMAGES_AT_ONCE === 0) await this.#options.clock.sleep(0);
        if (this.#state !== 'imaging') return;
        const text = this.#options.imageOf(image);
        if (text !== undefined) this.#images.push({ ...image, text });
      }
    } finally {
      if (this.#state === 'imaging') this.#idle();
    }
  }

  #beginCatchUp(): void {
    const stop = new AbortController();
    this.#catchUp = stop;
    this.#readMissing(stop.signal)
      .catch((error: unknown) => {
        if (!stop.signal.aborted) this.#retryLater(error);
      })
      .finally(() => {
        if (this.#catchUp === stop) this.#catchUp = undefined;
        this.#schedule();
      });
  }

  async #readMissing(signal: AbortSignal): Promise<void> {
    const { clock, log, logger } = this.#options;
    logger.info('history catches up with the log', { from: this.#recorded.entry, to: this.#folded.entry });
    for await (const entries of missingEntries(log, this.#recorded.entry + 1, signal)) {
      const began = clock.monotonic();
      this.#record(entries);
      await new Promise<void>((resolve) => (this.#settled = resolve));
      if (signal.aborted || this.#isJoined()) return;
      await clock.sleep((clock.monotonic() - began) * CATCH_UP_REST_SHARE, signal);
      if (this.#state !== 'idle') return;
    }
  }

  /** Whether what is missing waits in memory, or nothing is missing. */
  #isJoined(): boolean {
    const next = this.#recorded.entry + 1;
    return this.#folded.entry < next || (this.#waiting.first !== undefined && this.#waiting.first <= next);
  }

  #stopCatchUp(): void {
    this.#catchUp?.abort();
    this.#catchUp = undefined;
  }

  #failed(trouble: Extract<FromHistory, { type: 'history-failed' }>['trouble']): void {
    if (this.#state === 'discarding' || this.#state === 'ended') return;
    if (trouble.code !== '' && !isRetryable(trouble.code)) return this.discard(trouble.message);
    this.#stopCatchUp();
    // What was taken is read from the log again.
    this.#state = 'closed';
    this.#settle();
    this.#retryLater(new ReadModelUnavailableError(`recording history: ${trouble.message}`, { cause: trouble }));
  }

  #retryLater(error: unknown): void {
    if (this.#trouble === undefined) this.#options.logger.error('history cannot be recorded', { error });
    this.#trouble = error instanceof Error ? error : new Error(String(error));
    this.#retry?.cancel();
    this.#retry = this.#options.clock.after(RECORD_RETRY_MS, () => {
      this.#retry = undefined;
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
