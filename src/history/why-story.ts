/** Walks from commits to their causes: an object's own commits of note, and whatever led to each. */
import type { ObjectKey } from '../../machines/index.ts';
import type { RecordedCommit } from '../bus/history-messages/recorded.ts';
import type { Life } from '../bus/history-messages/why.ts';
import type { Past } from './past.ts';
import { isOfNote } from './sentences.ts';
import { commitsOfLife } from './why-lives.ts';

/** Steps from one commit to its first cause: longer chains are cut, the newest steps kept. */
export const CHAIN_MAX = 32;
/** An object's own commits of note in a story, its creation and the newest: a screen of a terminal. */
export const OWN_COMMITS_MAX = 10;
/** An object's own commits looked through for those of note: some milliseconds of reading. */
export const LOOKED_THROUGH_MAX = 300;

/** A commit and its causes, the first cause first. */
export function chainOf(past: Past, commit: RecordedCommit): readonly RecordedCommit[] {
  const chain = [commit];
  for (let { cause } = commit.commit; cause !== undefined && chain.length < CHAIN_MAX;) {
    const led = past.commit(cause);
    if (led === undefined) break;
    chain.push(led);
    cause = led.commit.cause;
  }
  return chain.toReversed();
}

/** An object's commits of note. */
export interface OwnCommits {
  /** Newest first; the creation last. Never empty: of an object without any of note, its last commit. */
  readonly shown: readonly RecordedCommit[];
  readonly leftOut: number;
  readonly uncounted: boolean;
}

/** Looks through a life from its end. Raises nothing: a life has a commit. */
export function ownCommits(past: Past, key: ObjectKey, life: Life): OwnCommits {
  const shown: RecordedCommit[] = [];
  let last: RecordedCommit | undefined;
  let looked = 0;
  let leftOut = 0;
  let seenFrom = life.last;
  for (const recorded of commitsOfLife(past, key, life)) {
    if (looked === LOOKED_THROUGH_MAX) break;
    looked++;
    last ??= recorded;
    seenFrom = recorded.commit.revision;
    const isCreation = seenFrom === life.first;
    if (!isCreation && !isOfNote(recorded.commit)) continue;
    if (isCreation || shown.length < OWN_COMMITS_MAX - 1) shown.push(recorded);
    else leftOut++;
  }
  const uncounted = seenFrom > life.first;
  const creation = uncounted ? past.commit(life.first) : undefined;
  if (creation) shown.push(creation);
  // Whatever its machine says of a creation, it is told.
  return { shown: shown.length > 0 || last === undefined ? shown : [last], leftOut, uncounted };
}

/** The commits and all that led to them, each once, oldest first. */
export function storyOf(past: Past, commits: readonly RecordedCommit[]): readonly RecordedCommit[] {
  const story = new Map<number, RecordedCommit>();
  for (const commit of commits) {
    for (const step of chainOf(past, commit).toReversed()) {
      if (story.has(step.commit.revision)) break;
      story.set(step.commit.revision, step);
    }
  }
  return [...story.values()].toSorted((one, other) => one.commit.revision - other.commit.revision);
}
