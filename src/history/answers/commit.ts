/** Answers `commit`. */
import type { CommitAnswer } from '../../bus/history-messages/commit.ts';
import type { HistorySource } from './index.ts';

export function answerCommit(
  { past }: Pick<HistorySource, 'past'>,
  { commit }: { readonly commit: number },
): CommitAnswer {
  return { commit: past.commit(commit) ?? null };
}
