/** A fold whose entries are kept in a log and recorded as history by what the worker serves: what the past in SQLite is tested with. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openPast, type OpenPast } from '../../src/cell/open-past.ts';
import { systemClock } from '../../src/foundation/clock.ts';
import { silentLogger } from '../../src/foundation/logger.ts';
import type { Position } from '../../src/log/entry.ts';
import { MemoryLog } from '../../src/log/memory-log.ts';
import {
  createProjector,
  prepareReadModel,
  type Projector,
  type ProjectorOptions,
} from '../../src/read-model/index.ts';
import { FoldedLog, WAIT_MS } from '../read-model/projected-cell.ts';
import { projectInThisThread } from './projection-in-this-thread.ts';

export class RecordedCell extends FoldedLog {
  readonly folder: string;
  readonly log = new MemoryLog({ cell: 'test', lineage: 'test', clock: systemClock, appendTimeoutMs: 1_000 });
  #history: OpenPast | undefined;
  #projector: Projector | undefined;
  #forget: (() => void)[] = [];
  #opened = 1;

  constructor(folder = mkdtempSync(join(tmpdir(), 'periplus-history-'))) {
    super();
    this.folder = folder;
    this.fold.subscribe(({ position, payload }) => void this.log.append(position.entry, payload));
  }

  static async start(options: Partial<ProjectorOptions> = {}): Promise<RecordedCell> {
    const cell = new RecordedCell();
    await cell.open(options);
    return cell;
  }

  get file(): string {
    return join(this.folder, 'history.sqlite');
  }

  get history(): OpenPast {
    if (this.#history === undefined) throw new Error('history is not open');
    return this.#history;
  }

  get past() {
    return this.history.past;
  }

  /** As `open`, for a process whose fold begins at an earlier entry. */
  openAt(entry: number): Promise<void> {
    return this.open({}, { ...this.state.position, entry });
  }

  /** Opens history as a process does whose fold is where this one is. */
  async open(options: Partial<ProjectorOptions> = {}, from: Position = this.state.position): Promise<void> {
    const shared = { clock: systemClock, logger: silentLogger };
    const { entry } = from;
    this.#history = await openPast({ ...shared, file: this.file, log: this.log, from });
    const { recorder } = this.#history;
    this.#forget.push(this.fold.subscribe((applied) => recorder.observe(applied)));
    // The read model is of no interest here: it begins where the fold is, and knows nothing of what was before.
    const readModel = join(this.folder, `read-model-${entry}-${this.#opened++}.sqlite`);
    await prepareReadModel({ file: readModel, ...shared });
    this.#projector = await createProjector({
      file: readModel,
      ...shared,
      companion: recorder,
      startWorker: projectInThisThread,
      ...options,
    });
  }

  /** Waits until history has all that was folded. */
  async recorded(): Promise<void> {
    await this.history.recorder.waitFor(this.state.revision, WAIT_MS);
  }

  /** Ends the process's part; the file and the log stay. */
  async close(): Promise<void> {
    for (const forget of this.#forget.splice(0)) forget();
    await this.#history?.close();
    await this.#projector?.close();
    this.#history = undefined;
  }

  async end(): Promise<void> {
    await this.close();
    rmSync(this.folder, { recursive: true, force: true });
  }
}
