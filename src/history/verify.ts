/** Proves a log, wherever its entries come from: folds it from its first entry, checking chain, revisions, machines, state hashes and checkpoints, and says where it is wrong. */
import type { Checkpoint } from '../log/checkpoint.ts';
import { LogDamageError, type Position } from '../log/entry.ts';
import type { StoredEntry } from '../log/event-log.ts';
import { Fold } from '../state/fold.ts';
import { CheckpointProof, type CheckpointVerdict } from './verify-checkpoints.ts';

/** What a verification found. */
export interface Verification {
  /** How far the log is right. */
  readonly position: Position;
  readonly stateHash: string;
  readonly commits: number;
  readonly refusals: number;
  /** What is known of the checkpoints kept beside the log. */
  readonly checkpoints: readonly CheckpointVerdict[];
  /** And of those an auditor brought. */
  readonly against: readonly CheckpointVerdict[];
  /** The first thing that is wrong; absent when all is right. */
  readonly damage?: { readonly entry: number; readonly revision: number; readonly message: string };
}

export interface VerifyOptions {
  /** The log from its first entry: a live one's, an export's. LogDamageErrors it raises are findings. */
  readonly entries: AsyncIterable<readonly StoredEntry[]>;
  readonly cell: string;
  /** Checkpoints kept beside the log. */
  readonly checkpoints?: readonly Checkpoint[];
  /** An auditor's checkpoints. */
  readonly against?: readonly Checkpoint[];
  /** An empty one, for whoever goes on with it. */
  readonly fold?: Fold;
  onProgress?(entry: number): void;
}

/** Folds the log to its end. Never rejects for damage: that is a finding. */
export async function verifyLog(options: VerifyOptions): Promise<Verification> {
  const { cell, fold = new Fold() } = options;
  const { state } = fold;
  const kept = new CheckpointProof(options.checkpoints ?? [], { cell, state });
  const brought = new CheckpointProof(options.against ?? [], { cell, state });
  let commits = 0;
  let refusals = 0;
  const unsubscribe = fold.subscribe((applied) => {
    commits += applied.entry.commits.length;
    refusals += applied.entry.refused.length;
    kept.observe(applied);
    brought.observe(applied);
    options.onProgress?.(applied.entry.number);
  });
  const damage = await foldAll(fold, options.entries);
  unsubscribe();
  return {
    position: state.position,
    stateHash: state.stateHash(),
    commits,
    refusals,
    checkpoints: kept.verdicts(damage !== undefined),
    against: brought.verdicts(damage !== undefined),
    ...(damage ? { damage } : {}),
  };
}

/** Folds until the end or the first thing that is wrong, which is returned. */
export async function foldAll(
  fold: Fold,
  entries: AsyncIterable<readonly StoredEntry[]>,
): Promise<Verification['damage']> {
  try {
    for await (const batch of entries) for (const stored of batch) fold.apply(stored);
    return undefined;
  } catch (error) {
    if (!(error instanceof LogDamageError)) throw error;
    return { entry: error.entry, revision: error.revision, message: error.message };
  }
}

/** Whether everything was proven. */
export function isProven({ damage, checkpoints, against }: Verification): boolean {
  return damage === undefined && checkpoints.every(isKept) && against.every(({ outcome }) => outcome === 'contained');
}

/** A checkpoint of a stretch that an operator gave up is no fault of today's log; an auditor's is for him to judge. */
export function isKept(verdict: CheckpointVerdict): boolean {
  return verdict.outcome === 'contained' || verdict.reason === 'LineageLeft';
}
