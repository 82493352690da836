/** Answers to the queries about the past, one file each. */
import type { HistoryAnswers } from '../../bus/query-source.ts';
import type { View } from '../../../machines/index.ts';
import type { Past } from '../past.ts';
import { answerCommit } from './commit.ts';

/** What answers rest on. */
export interface HistorySource {
  readonly past: Past;
  /** The cell as it is now. */
  readonly view: View;
  /** Unix milliseconds. */
  now(): number;
}

/** All answers; each raises PastError for what cannot be answered. */
export function historyAnswers(source: HistorySource): HistoryAnswers {
  return {
    commit: (query) => answerCommit(source, query),
  };
}
