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

/** A commit and its causes, the first cause first; at most CHAIN_MAX. */
export function chainOf(past: Past, commit: RecordedCommit): readonly RecordedCommit[] {
  const chain: RecordedCommit[] = [];
  for (const step of causesOf(past, commit)) if (chain.push(step) === CHAIN_MAX) break;
  return chain.toReversed();
}

/** A commit, what led to it, and so on, read as they are asked for. */
function* causesOf(past: Past, commit: RecordedCommit): Generator<RecordedCommit, void, undefined> {
  for (let step: RecordedCommit | undefined = commit; step !== undefined;) {
    yield step;
    const { cause }: RecordedCommit['commit'] = step.commit;
    step = cause === undefined ? undefined : past.commit(cause);
  }
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

/** A chain, other commits and what led to those; each once, oldest first. */
export function storyOf(
  past: Past,
  chain: readonly RecordedCommit[],
  others: readonly RecordedCommit[],
): readonly RecordedCommit[] {
  const story = new Map(chain.map((step) => [step.commit.revision, step]));
  for (const commit of others) {
    let steps = 0;
    for (const step of causesOf(past, commit)) {
      if (story.has(step.commit.revision)) break;
      story.set(step.commit.revision, step);
      if (++steps === SIDE_CHAIN_MAX) break;
    }
  }
  return [...story.values()].toSorted((one, other) => one.commit.revision - other.commit.revision);
}

/** Revisions in a story whose causes are not: where a chain was cut. */
export function cutIn(past: Past, story: readonly RecordedCommit[]): readonly number[] {
  const told = new Set(story.map(({ commit }) => commit.revision));
  const isCut = ({ cause }: RecordedCommit['commit']) =>
    cause !== undefined && !told.has(cause) && past.commit(cause) !== undefined;
  return story.filter(({ commit }) => isCut(commit)).map(({ commit }) => commit.revision);
}
