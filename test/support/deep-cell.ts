// A read model and a memory at the end of a short log, and the deep verification of them: for tests that change one of the two.
import { copyFileSync } from 'node:fs';
import { systemClock } from '../../src/foundation/clock.ts';
import { silentLogger } from '../../src/foundation/logger.ts';
import {
  verifyDeep,
  type DeepOptions,
  type LiveVerification,
  type ReadModelVerification,
} from '../../src/history/verify-deep.ts';
import type { LiveState } from '../../src/history/verify-live.ts';
import type { StoredEntry } from '../../src/log/event-log.ts';
import { createProjector, prepareReadModel } from '../../src/read-model/index.ts';
import { Fold } from '../../src/state/fold.ts';
import { digestState, recordsOf } from '../../src/state/state-digest.ts';
import { temporaryFile } from '../read-model/projected-cell.ts';
import type { ManualClock } from './manual-clock.ts';
import { projectInThisThread } from './projection-in-this-thread.ts';
import { shortLog } from './short-log.ts';

const WAIT_MS = 10_000;
/** It ends before the last pod is deleted, so that every table has rows. */
const log = shortLog(3).slice(0, -4);
/** The read model is written in transactions of some entries each, as it is in life. */
const ENTRIES_PER_TRANSACTION = 7;

export interface Given {
  readonly from?: number;
  readonly live?: Partial<LiveState>;
  readonly clock?: ManualClock;
}

export interface Compared {
  readonly readModel: ReadModelVerification;
  readonly live: LiveVerification;
}

export class DeepCell {
  readonly log = log;
  readonly last = log.length;
  /** What the writer has in memory. */
  readonly memory = new Fold();
  readonly #template = temporaryFile();
  #copy: ReturnType<typeof temporaryFile> | undefined;

  /** Folds and projects the log. */
  static async make(): Promise<DeepCell> {
    const cell = new DeepCell();
    const { file } = cell.#template;
    await prepareReadModel({ file, logger: silentLogger });
    const projector = await createProjector({
      file,
      clock: systemClock,
      logger: silentLogger,
      startWorker: projectInThisThread,
    });
    cell.memory.subscribe((applied) => projector.project(applied));
    for (const stored of log) {
      cell.memory.apply(stored);
      if (stored.number % ENTRIES_PER_TRANSACTION === 0) await projector.waitFor(cell.memory.state.revision, WAIT_MS);
    }
    await projector.close();
    return cell;
  }

  /** The read model's file as this test may change it. */
  get file(): string {
    if (this.#copy === undefined) throw new Error('there is no read model: put one there');
    return this.#copy.file;
  }

  /** Puts the read model there as it was made. */
  putBack(): void {
    this.#copy?.remove();
    this.#copy = temporaryFile();
    copyFileSync(this.#template.file, this.#copy.file);
  }

  end(): void {
    this.#copy?.remove();
    this.#template.remove();
  }

  /** With a fold that is some entries behind, as one is when the cell goes on meanwhile. */
  options(given: Given = {}): DeepOptions {
    const fold = new Fold();
    for (const stored of log.slice(0, given.from ?? log.length - 5)) fold.apply(stored);
    const live: LiveState = {
      digest: () => digestState(this.memory.state, () => Promise.resolve()),
      records: (objects) => Promise.resolve(recordsOf(this.memory.state, objects)),
      ...given.live,
    };
    return {
      fold,
      read: readLog,
      lastNumber: () => Promise.resolve(log.length),
      readModelFile: this.file,
      live,
      clock: given.clock ?? systemClock,
      signal: new AbortController().signal,
    };
  }

  /** Verifies where everything can be compared. */
  async verify(given: Given = {}): Promise<Compared> {
    const { readModel, live } = await verifyDeep(this.options(given));
    if ('uncompared' in readModel || 'uncompared' in live) throw new Error(JSON.stringify({ readModel, live }));
    return { readModel, live };
  }
}

async function* readLog(fromNumber: number, until: number): AsyncGenerator<readonly StoredEntry[]> {
  yield log.slice(fromNumber - 1, until);
}
