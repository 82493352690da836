/** Reads an export into a new lineage, proving every entry before it is sent: chain, revisions, machines and state hashes. */
import type { Clock } from '../foundation/clock.ts';
import type { Identifiers } from '../foundation/identifiers.ts';
import type { ExportFile } from '../history/export-file.ts';
import { ExportFileError } from '../history/export-format.ts';
import { CheckpointProof, type Contradiction } from '../history/verify-checkpoints.ts';
import { openCheckpoints } from '../log/checkpoint-bucket.ts';
import { decodeEntry, type Entry, type Position } from '../log/entry.ts';
import type { StoredEntry } from '../log/event-log.ts';
import type { JetStreamLogOptions } from '../log/jetstream-log.ts';
import { nextLineageName } from '../log/lineage-name.ts';
import { LineageLoader } from '../log/load-lineage.ts';
import { Fold } from '../state/fold.ts';
import { restoredEntry } from './restored-entry.ts';

export interface RestoreLogOptions extends Omit<JetStreamLogOptions, 'cell'> {
  readonly file: ExportFile;
  /** Name of the cell that is made. */
  readonly cell: string;
  /** The last revision wanted; all where absent. */
  readonly to?: number;
  readonly identifiers: Identifiers;
  readonly signal: AbortSignal;
  onProgress?(entry: number, until: number): void;
}

/** A log that was loaded. */
export interface RestoredLog {
  readonly lineage: string;
  /** The last entry taken over. */
  readonly takenOver: Position;
  /** Number of the lineage's own first entry, and the first revision it gives. */
  readonly firstOwnEntry: number;
  readonly firstRevision: number;
  /** How many commits the first own entry carries out again. */
  readonly carriedOutAgain: number;
}

/** Raises ExportFileError or LogDamageError for the first wrong entry, LineageInterruptedError where the server does not take one. */
export async function restoreLog(options: RestoreLogOptions): Promise<RestoredLog> {
  const { file, identifiers, clock } = options;
  const lineage = nextLineageName([file.header.lineage], identifiers);
  const loader = await LineageLoader.begin(options, lineage);
  const fold = new Fold();
  const proof = new CheckpointProof(file.checkpoints, { cell: file.header.cell, state: fold.state });
  const unsubscribe = fold.subscribe((applied) => proof.observe(applied));
  try {
    const divided = await loadEntries(options, fold, loader);
    unsubscribe();
    await keepCheckpoints(proof, options);
    const { position } = fold.state;
    const firstRevision = firstRevisionAbove(Math.max(file.header.knownRevision, position.revision), clock);
    const own = restoredEntry({
      state: fold.state,
      lineage,
      writer: `restore-${process.pid}`,
      firstRevision,
      now: clock.now(),
      ...(divided === undefined ? {} : { divided }),
    });
    const takenOver = { continues: position.lineage, lastGoodEntry: position.entry, lastGoodHash: position.hash };
    // Folded as any follower will, so that what is written is what everybody can read.
    const { entry } = fold.apply({ number: position.entry + 1, payload: own });
    await loader.complete(takenOver, own);
    const carriedOutAgain = entry.commits.length;
    return { lineage, takenOver: position, firstOwnEntry: entry.number, firstRevision, carriedOutAgain };
  } finally {
    await loader.settled();
  }
}

/**
 * Those the log contains go with it. Of a lineage that was left, or of what is not wanted, there is nothing to vouch for; any
 * other contradiction means that the export is not what its cell wrote.
 */
async function keepCheckpoints(proof: CheckpointProof, { connection, cell, file }: RestoreLogOptions): Promise<void> {
  const store = await openCheckpoints({ connection, cell });
  for (const verdict of proof.verdicts(false)) {
    const { checkpoint } = verdict;
    if (verdict.outcome === 'contained') await store.add(checkpoint);
    else if (!BESIDE_THE_LOG.has(verdict.reason)) {
      const at = { entry: checkpoint.entry, revision: checkpoint.revision };
      const message = `the export of cell ${file.header.cell} contradicts its checkpoint at entry ${at.entry} (revision ${at.revision}): ${verdict.message}`;
      throw new ExportFileError(message, { at });
    }
  }
}

const BESIDE_THE_LOG: ReadonlySet<Contradiction> = new Set(['LineageLeft', 'UnknownLineage', 'BeyondEnd']);

/** Above every revision that anybody can have seen: one commit takes far longer than a microsecond. */
function firstRevisionAbove(known: number, clock: Clock): number {
  return Math.max(known, clock.now() * 1000) + 1;
}

/** Folds and sends all that is wanted whole; returns the entry of which only a part is. */
async function loadEntries(
  { file, to, signal, onProgress }: RestoreLogOptions,
  fold: Fold,
  loader: LineageLoader,
): Promise<{ readonly entry: Entry; readonly until: number } | undefined> {
  const until = file.header.last.entry;
  for await (const batch of file.entries()) {
    signal.throwIfAborted();
    for (const stored of batch) {
      const beyond = to === undefined ? undefined : entryBeyond(stored, to);
      if (to !== undefined && beyond !== undefined) {
        return beyond.firstRevision <= to ? { entry: beyond, until: to } : undefined;
      }
      fold.apply(stored);
      await loader.send(stored);
    }
    onProgress?.(fold.state.position.entry, until);
  }
  return undefined;
}

/** The entry, where some of it is above the revision. */
function entryBeyond({ number, payload }: StoredEntry, revision: number): Entry | undefined {
  const entry = decodeEntry(payload, { entry: number, revision });
  return entry.firstRevision + entry.commits.length - 1 > revision ? entry : undefined;
}
