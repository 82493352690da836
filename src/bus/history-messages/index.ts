/** Queries about the past and their answers: what was committed, and what objects were at any revision. */
import { COMMIT_QUERY, type CommitAnswer } from './commit.ts';
import { DIFF_KEYS_QUERY, DIFF_QUERY, type DiffAnswer, type DiffKeysAnswer } from './diff.ts';
import { HISTORY_QUERY, type HistoryAnswer } from './history.ts';
import { RECORDS_QUERY, type RecordsAnswer } from './records.ts';
import { ROLLBACK_QUERY, type RollbackAnswer } from './rollback.ts';
import {
  UNDELETE_CONTENTS_QUERY,
  UNDELETE_QUERY,
  type UndeleteAnswer,
  type UndeleteContentsAnswer,
} from './undelete.ts';
import { WHO_QUERY, type WhoAnswer } from './who.ts';
import { WHY_NOT_QUERY, type WhyNotAnswer } from './why-not.ts';
import { WHY_QUERY, type WhyAnswer } from './why.ts';

/** By name, as `query-messages.ts` publishes them. */
export const HISTORY_QUERY_SCHEMAS = {
  commit: COMMIT_QUERY,
  'diff-keys': DIFF_KEYS_QUERY,
  diff: DIFF_QUERY,
  history: HISTORY_QUERY,
  records: RECORDS_QUERY,
  rollback: ROLLBACK_QUERY,
  undelete: UNDELETE_QUERY,
  'undelete-contents': UNDELETE_CONTENTS_QUERY,
  who: WHO_QUERY,
  why: WHY_QUERY,
  'why-not': WHY_NOT_QUERY,
} as const;

/** Answers by query. */
export interface HistoryQueryAnswers {
  readonly commit: CommitAnswer;
  readonly 'diff-keys': DiffKeysAnswer;
  readonly diff: DiffAnswer;
  readonly history: HistoryAnswer;
  readonly records: RecordsAnswer;
  readonly rollback: RollbackAnswer;
  readonly undelete: UndeleteAnswer;
  readonly 'undelete-contents': UndeleteContentsAnswer;
  readonly who: WhoAnswer;
  readonly why: WhyAnswer;
  readonly 'why-not': WhyNotAnswer;
}

export type HistoryQueryName = keyof HistoryQueryAnswers;
