/** Walks from commits to their causes: an object's own commits of note, and whatever led to each. */
import type { ObjectKey } from '../../machines/index.ts';
import type { RecordedCommit } from '../bus/history-messages/recorded.ts';
import type { Life } from '../bus/history-messages/why.ts';
import type { Past } from './past.ts';
import { isOfNote } from './sentences.ts';
import { commitsOfLife } from './why-lives.ts';

/** Steps from one commit to its first cause: longer chains are cut, the newest steps kept. */
export const CHAIN_MAX = 32;
/** The same for commits that are told of beside the one in question: what led to them is rarely further away. */
export const SIDE_CHAIN_MAX = 8;
/** An object's own commits of note in a story, its creation and the newest: a screen of a terminal. */
export const OWN_COMMITS_MAX = 10;
/** An object's own commits looked through for those of note: some milliseconds of reading. */
export const LOOKED_THROUGH_MAX = 100;

/** A commit and its causes, the first cause first. */
export function chainOf(past: Past, commit: RecordedCommit, longest = CHAIN_MAX): readonly RecordedCommit[] {
  const chain = [commit];
  let { cause } = commit.commit;
  while (cause !== undefined && chain.length < longest) {
    const led = past.commit(cause);
    if (led === undefined) break;
    chain.push(led);
    cause = led.commit.cause;
  }
  return chain.toReversed();
}

/** An object's commits of note. */
export interface OwnCommits {
  /** Newest first; the creation, which is of note whatever its kind says, last. */
  readonly shown: readonly RecordedCommit[];
  readonly leftOut: number;
  readonly uncounted: boolean;
}

/** Looks through a life from its end. */
export function ownCommits(past: Past, key: ObjectKey, life: Life): OwnCommits {
  const shown: RecordedCommit[] = [];
  let looked = 0;
  let leftOut = 0;
  let seenFrom = life.last;
  for (const recorded of commitsOfLife(past, key, life)) {
    if (looked === LOOKED_THROUGH_MAX) break;
    looked++;
    seenFrom = recorded.commit.revision;
    const isCreation = seenFrom === life.first;
    if (!isCreation && !isOfNote(recorded.commit)) continue;
    if (isCreation || shown.length < OWN_COMMITS_MAX - 1) shown.push(recorded);
    else leftOut++;
  }
  const uncounted = seenFrom > life.first;
  const creation = uncounted ? past.commit(life.first) : undefined;
  if (creation) shown.push(creation);
  return { shown, leftOut, uncounted };
}

/** The commits, the one in question first, and what led to them; each once, oldest first. */
export function storyOf(past: Past, commits: readonly RecordedCommit[]): readonly RecordedCommit[] {
  const story = new Map<number, RecordedCommit>();
  for (const [index, commit] of commits.entries()) {
    for (const step of chainOf(past, commit, index === 0 ? CHAIN_MAX : SIDE_CHAIN_MAX).toReversed()) {
      if (story.has(step.commit.revision)) break;
      story.set(step.commit.revision, step);
    }
  }
  return [...story.values()].toSorted((one, other) => one.commit.revision - other.commit.revision);
}
