/** `commit`: one commit by its revision. */
import { strictObject, Type } from '../../../machines/index.ts';
import type { RecordedCommit } from './recorded.ts';

/** Not `revision`, which queries wait for: a commit to come is no reason to wait. */
export const COMMIT_QUERY = strictObject({ commit: Type.Integer({ minimum: 1 }) });

export interface CommitAnswer {
  /** Null where no commit has the revision. */
  readonly commit: RecordedCommit | null;
}
