/** Answers `why`: for a commit by its chain; for an object by its own commits of note and what led to them. */
import { kinds, type Kind, type ObjectKey } from '../../../machines/index.ts';
import type { Life, WhyAnswer } from '../../bus/history-messages/why.ts';
import type { RecordedCommit } from '../../bus/history-messages/recorded.ts';
import type { Query } from '../../bus/query-messages.ts';
import { keyOf, kindOf, pointAt } from '../moment.ts';
import { PastError, type Past, type PastPoint } from '../past.ts';
import { told } from '../sentences.ts';
import { consequencesOf } from '../why-consequences.ts';
import { livesOf } from '../why-lives.ts';
import { chainOf, cutIn, ownCommits, storyOf } from '../why-story.ts';
import type { HistorySource } from './index.ts';

type Source = Pick<HistorySource, 'past' | 'now'>;

export function answerWhy(source: Source, query: Query<'why'>): WhyAnswer {
  const { commit, kind, name, namespace, uid } = query;
  if (commit !== undefined) return whyCommit(source, commit, query);
  if (kind === undefined || name === undefined)
    throw new PastError('BadRequest', 'say of what: a commit by its revision, or kind and name of an object');
  const { past } = source;
  const at = pointAt(past, query.at, source.now());
  const known = kindOf(kind);
  const key = keyOf(known, { name, ...(namespace === undefined ? {} : { namespace }) });
  const { life, others } = livesOf(past, { kind: known, key, at, ...(uid === undefined ? {} : { uid }) });
  return { ...whyObject(past, key, life), at, state: stateAt(past, known, { key, life, at }), otherLives: others };
}

function whyCommit({ past, now }: Source, revision: number, { kind, at }: Query<'why'>): WhyAnswer {
  if (kind !== undefined || at !== undefined)
    throw new PastError('BadRequest', 'say either a commit or an object, and a moment of objects only');
  const commit = past.commit(revision);
  const point = pointAt(past, { revision }, now());
  if (commit === undefined) {
    const before = `the last commit before it is revision ${point.revision}`;
    throw new PastError('NotFound', `no commit has revision ${revision}: it is between two lineages; ${before}`);
  }
  const chain = chainOf(past, commit);
  const { uid, name, namespace } = commit.commit;
  const key = { kind: commit.commit.kind, namespace, name };
  const known = kinds.get(key.kind);
  return {
    object: { ...key, uid },
    at: point,
    state: known ? stateAt(past, known, { key, life: { uid, first: revision, last: revision }, at: point }) : null,
    chain: revisionsOf(chain),
    story: chain.map(told),
    cut: cutIn(past, chain),
    leftOut: 0,
    ledTo: consequencesOf(past, [revision], () => false),
    otherLives: [],
  };
}

function whyObject(past: Past, key: ObjectKey, life: Life): Omit<WhyAnswer, 'at' | 'state' | 'otherLives'> {
  const { shown, leftOut, uncounted } = ownCommits(past, key, life);
  const [latest, ...others] = shown;
  const chain = latest === undefined ? [] : chainOf(past, latest);
  const story = storyOf(past, chain, others);
  const inStory = new Set(revisionsOf(story));
  const isTold = ({ commit }: RecordedCommit) => inStory.has(commit.revision) || commit.uid === life.uid;
  // What came of how it was before is told where that is asked for, with --at or by revision.
  const own = chain.filter(({ commit }) => commit.uid === life.uid);
  return {
    object: { ...key, uid: life.uid },
    chain: revisionsOf(chain),
    story: story.map(told),
    cut: cutIn(past, story),
    leftOut,
    ...(uncounted ? { uncounted } : {}),
    ledTo: consequencesOf(past, revisionsOf(own), isTold),
  };
}

function revisionsOf(commits: readonly RecordedCommit[]): readonly number[] {
  return commits.map(({ commit }) => commit.revision);
}

const NOT_OF_STATE: ReadonlySet<string> = new Set(['NAME', 'AGE']);

/** In the words of the kind's table; null where the object was gone. */
function stateAt(
  past: Past,
  kind: Kind,
  { key, life, at }: { readonly key: ObjectKey; readonly life: Life; readonly at: PastPoint },
): string | null {
  const record = past.objectAt(key, at.revision);
  if (record?.uid !== life.uid) return null;
  return kind.columns
    .filter(({ name, wide }) => wide !== true && !NOT_OF_STATE.has(name))
    .map((column) => `${column.name.toLowerCase()} ${column.cell(record, at.time)}`)
    .join(', ');
}
