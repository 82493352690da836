/** Queries about the past and their answers: what was committed, and what objects were at any revision. */
import { COMMIT_QUERY, type CommitAnswer } from './commit.ts';

/** By name, as `query-messages.ts` publishes them. */
export const HISTORY_QUERY_SCHEMAS = {
  commit: COMMIT_QUERY,
} as const;

/** Answers by query. */
export interface HistoryQueryAnswers {
  readonly commit: CommitAnswer;
}

export type HistoryQueryName = keyof HistoryQueryAnswers;
