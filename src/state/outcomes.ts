/** What became of each command, remembered under its id for a horizon, so that a repeat gets the same answer. */
import type { Commit, RefusedCommand, Refusal, UnchangedCommand } from '../../machines/index.ts';

/** A command's outcome as the state keeps it. */
export interface RememberedOutcome {
  readonly commandId: string;
  readonly attempt: number;
  readonly outcome: 'accepted' | 'unchanged' | 'refused';
  /** Revision of its commit; for the others the cell's revision when it was decided. */
  readonly revision: number;
  /** Of accepted ones. */
  readonly uid?: string;
  readonly name?: string;
  /** Of refused ones. */
  readonly refusal?: Refusal;
}

/** Horizon where the cell's configuration names none, revisions. */
export const DEFAULT_COMMAND_HORIZON = 200_000;
/** Most outcomes remembered per revision of the horizon: refusals and repeats make no revisions, so they need a bound of their own. */
export const OUTCOMES_PER_HORIZON_REVISION = 2;

/** `object` has the texts of uid and name to be kept: an object's own, rather than a copy for each of its commits. */
export function acceptedOutcome(commit: Commit, object: Pick<Commit, 'uid' | 'name'>): RememberedOutcome {
  const { commandId, attempt, revision } = commit;
  return { commandId, attempt, outcome: 'accepted', revision, uid: object.uid, name: object.name };
}

export function refusedOutcome(refused: RefusedCommand, revision: number): RememberedOutcome {
  const { commandId, attempt, refusal } = refused;
  return { commandId, attempt, outcome: 'refused', revision, refusal };
}

export function unchangedOutcome(unchanged: UnchangedCommand, revision: number): RememberedOutcome {
  const { commandId, attempt } = unchanged;
  return { commandId, attempt, outcome: 'unchanged', revision };
}
