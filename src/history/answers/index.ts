/** Answers to the queries about the past, one file each. */
import type { HistoryAnswers } from '../../bus/query-source.ts';
import type { View } from '../../../machines/index.ts';
import type { Past } from '../past.ts';
import { answerCommit } from './commit.ts';
import { answerDiff } from './diff.ts';
import { answerDiffKeys } from './diff-keys.ts';
import { answerHistory } from './history.ts';
import { answerRecords } from './records.ts';
import { answerRollback } from './rollback.ts';
import { answerUndelete } from './undelete.ts';
import { answerUndeleteContents } from './undelete-contents.ts';
import { answerWho } from './who.ts';
import { answerWhy } from './why.ts';
import { answerWhyNot } from './why-not.ts';

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
    'diff-keys': (query) => answerDiffKeys(source, query),
    diff: (query) => answerDiff(source, query),
    history: (query) => answerHistory(source, query),
    records: (query) => answerRecords(source, query),
    rollback: (query) => answerRollback(source, query),
    undelete: (query) => answerUndelete(source, query),
    'undelete-contents': (query) => answerUndeleteContents(source, query),
    who: (query) => answerWho(source, query),
    why: (query) => answerWhy(source, query),
    'why-not': (query) => answerWhyNot(source, query),
  };
}
