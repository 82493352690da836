/** Prefers nodes with fewer pods of the same owner, so that losing one node loses few of them. */
import type { Score } from './index.ts';

export const ownerSpread: Score = {
  name: 'ownerSpread',
  weight: 2,
  of: ({ owner }, candidate) => (owner === undefined ? 100 : 100 / (1 + candidate.ofOwner(owner))),
};
