/** One commit as the writer stages and a follower folds it: it must be about the object that is there. */
import { keyText, type Commit, type Kind, type ObjectRecord } from '../../machines/index.ts';
import { evolveCommit } from './evolve-commit.ts';

/** The object after the commit; undefined once it is gone. Raises IllegalEventError, UnknownEventError. */
export function recordAfter(
  kind: Kind,
  commit: Commit,
  before: ObjectRecord | undefined,
  time: number,
): ObjectRecord | undefined {
  if (before !== undefined && before.uid !== commit.uid) {
    throw new Error(`commit ${commit.revision} is for uid ${commit.uid}, but ${keyText(commit)} has uid ${before.uid}`);
  }
  return evolveCommit(kind, before, commit, time);
}
