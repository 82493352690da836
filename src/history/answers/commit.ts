/** Answers `commit`. */
import type { CommitAnswer } from '../../bus/history-messages/commit.ts';
import type { HistorySource } from './index.ts';

export function answerCommit(
  { past }: Pick<HistorySource, 'past'>,
  { revision }: { readonly revision: number },
): CommitAnswer {
  return { commit: past.commit(revision) ?? null };
}
