/** `commit`: one commit by its revision. */
import { strictObject, Type } from '../../../machines/index.ts';
import type { RecordedCommit } from './recorded.ts';

export const COMMIT_QUERY = strictObject({ revision: Type.Integer({ minimum: 1 }) });

export interface CommitAnswer {
  /** Null where no commit has the revision. */
  readonly commit: RecordedCommit | null;
}
