/** Queries about the past and their answers: what was committed, and what objects were at any revision. */
import { COMMIT_QUERY, type CommitAnswer } from './commit.ts';
import { DIFF_KEYS_QUERY, DIFF_QUERY, type DiffAnswer, type DiffKeysAnswer } from './diff.ts';
import { ROLLBACK_QUERY, type RollbackAnswer } from './rollback.ts';
import {
  UNDELETE_CONTENTS_QUERY,
  UNDELETE_QUERY,
  type UndeleteAnswer,
  type UndeleteContentsAnswer,
} from './undelete.ts';

/** By name, as `query-messages.ts` publishes them. */
export const HISTORY_QUERY_SCHEMAS = {
  commit: COMMIT_QUERY,
  'diff-keys': DIFF_KEYS_QUERY,
  diff: DIFF_QUERY,
  rollback: ROLLBACK_QUERY,
  undelete: UNDELETE_QUERY,
  'undelete-contents': UNDELETE_CONTENTS_QUERY,
} as const;

/** Answers by query. */
export interface HistoryQueryAnswers {
  readonly commit: CommitAnswer;
  readonly 'diff-keys': DiffKeysAnswer;
  readonly diff: DiffAnswer;
  readonly rollback: RollbackAnswer;
  readonly undelete: UndeleteAnswer;
  readonly 'undelete-contents': UndeleteContentsAnswer;
}

export type HistoryQueryName = keyof HistoryQueryAnswers;
