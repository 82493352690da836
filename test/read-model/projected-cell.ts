/** A fold fed by commands through the real batch, with a real projector behind it: what the read model is tested with. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Command, Outcome } from '../../machines/index.ts';
import { systemClock, type Clock } from '../../src/foundation/clock.ts';
import { suffixOf } from '../../src/foundation/identifiers.ts';
import { silentLogger } from '../../src/foundation/logger.ts';
import {
  createProjector,
  openQueries,
  prepareReadModel,
  type Projector,
  type ProjectorOptions,
  type ReadModelQueries,
} from '../../src/read-model/index.ts';
import type { AppliedEntry } from '../../src/state/applied-entry.ts';
import { CellState } from '../../src/state/cell-state.ts';
import { Fold } from '../../src/state/fold.ts';
import { Batch } from '../../src/writer/batch.ts';
import { WRITER_LIMITS } from '../../src/writer/limits.ts';
import { projectInThisThread } from '../support/projection-in-this-thread.ts';

/** Longest a test waits for the projection; it takes milliseconds. */
export const WAIT_MS = 10_000;

export type TestCommand = Pick<Command, 'verb' | 'name'> & Partial<Command>;

/** Turns commands into entries of a log that nobody keeps. */
export class FoldedLog {
  readonly fold: Fold;
  #number = 0;
  /** Unix milliseconds. */
  now = Date.UTC(2026, 0, 1);

  constructor(state = new CellState()) {
    this.fold = new Fold(state);
  }

  get state(): CellState {
    return this.fold.state;
  }

  /** Decides commands into one entry and folds it. ConfigMaps of `default` unless said otherwise. */
  entry(...commands: readonly TestCommand[]): {
    readonly applied: AppliedEntry;
    readonly outcomes: readonly Outcome[];
  } {
    const batch = new Batch({
      state: this.state,
      identifiers: {
        uuid: () => `00000000-0000-4000-8000-${String(++this.#number).padStart(12, '0')}`,
        suffix: () => suffixOf(String(++this.#number)),
        random: () => 0.5,
      },
      limits: WRITER_LIMITS,
      now: this.now,
      writer: 'test',
      lineage: 'test',
    });
    const outcomes = commands.map((command) => {
      const outcome = batch.decide({
        id: `test/${this.state.position.entry}/${++this.#number}`,
        kind: 'ConfigMap',
        namespace: 'default',
        actor: 'admin',
        arguments: {},
        ...command,
      });
      if (outcome === 'full') throw new Error('the entry is full: send fewer commands');
      return outcome;
    });
    return { applied: this.fold.adopt(batch.prepare()), outcomes };
  }

  /** An entry whose commands must all be accepted. */
  accept(...commands: readonly TestCommand[]): AppliedEntry {
    const { applied, outcomes } = this.entry(...commands);
    const refused = outcomes.find(({ outcome }) => outcome !== 'accepted');
    if (refused) throw new Error(`not accepted: ${JSON.stringify(refused)}`);
    return applied;
  }
}

export function create(name: string, more: object = {}, metadata: object = {}): TestCommand {
  return { verb: 'create', name, arguments: { manifest: { metadata: { name, ...metadata }, ...more } } };
}

export function patch(name: string, change: object): TestCommand {
  return { verb: 'patch', name, arguments: { patch: change } };
}

export function remove(name: string): TestCommand {
  return { verb: 'delete', name };
}

/** A folder of its own for a read model, and its end. */
export function temporaryFile(): { readonly file: string; remove(): void } {
  const folder = mkdtempSync(join(tmpdir(), 'periplus-read-model-'));
  return { file: join(folder, 'read-model.db'), remove: () => rmSync(folder, { recursive: true, force: true }) };
}

/** A cell whose entries are projected. */
export class ProjectedCell extends FoldedLog {
  readonly file: string;
  readonly projector: Projector;
  readonly queries: ReadModelQueries;
  readonly #remove: () => void;

  private constructor(file: string, projector: Projector, removeFile: () => void) {
    super();
    this.file = file;
    this.projector = projector;
    this.queries = openQueries(file);
    this.#remove = removeFile;
    this.fold.subscribe((applied) => projector.project(applied));
    this.accept(
      { kind: 'Namespace', namespace: '', ...create('default') },
      { kind: 'Namespace', namespace: '', ...create('other') },
    );
  }

  static async start(options: Partial<ProjectorOptions> & { readonly clock?: Clock } = {}): Promise<ProjectedCell> {
    const { file, remove: removeFile } = temporaryFile();
    await prepareReadModel({ file, logger: silentLogger });
    const projector = await createProjector({
      file,
      clock: systemClock,
      logger: silentLogger,
      startWorker: projectInThisThread,
      ...options,
    });
    return new ProjectedCell(file, projector, removeFile);
  }

  /** Waits until the read model has all that was folded. */
  projected(): Promise<void> {
    return this.projector.waitFor(this.state.revision, WAIT_MS);
  }

  async end(): Promise<void> {
    this.queries[Symbol.dispose]();
    try {
      await this.projector.close();
    } finally {
      this.#remove();
    }
  }
}
