/** Answers `diff`: objects as they were at two revisions, and who changed them in between. */
import { renderManifest, type Manifest, type ObjectKey } from '../../../machines/index.ts';
import type { ActorShare, DiffAnswer, ObjectVersions } from '../../bus/history-messages/diff.ts';
import type { Query } from '../../bus/query-messages.ts';
import { keyOf, kindOf } from '../moment.ts';
import type { Past } from '../past.ts';
import type { HistorySource } from './index.ts';

/** Commits looked at for who made them, by object: beyond, a node or a controller that was busy for weeks would hold up everybody. */
export const DIFF_COMMITS_MAX = 50;
/** Size of an answer from which on no further object is put into it: objects may have a megabyte each. */
export const DIFF_ANSWER_BYTES = 4 * 1024 * 1024;

export function answerDiff({ past }: Pick<HistorySource, 'past'>, query: Query<'diff'>): DiffAnswer {
  const objects: ObjectVersions[] = [];
  let bytes = 0;
  for (const given of query.keys) {
    const key = keyOf(kindOf(given.kind), given);
    const versions = versionsOf(past, key, query);
    bytes += JSON.stringify(versions).length;
    objects.push(versions);
    if (bytes >= DIFF_ANSWER_BYTES) break;
  }
  return { objects };
}

function versionsOf(past: Past, key: ObjectKey, { from, to }: Query<'diff'>): ObjectVersions {
  const { shares, more } = sharesOf(past, key, Math.min(from, to), Math.max(from, to));
  return {
    ...key,
    before: manifestAt(past, key, from),
    after: manifestAt(past, key, to),
    actors: shares,
    ...(more ? { more } : {}),
  };
}

function manifestAt(past: Past, key: ObjectKey, revision: number): Manifest | null {
  const record = past.objectAt(key, revision);
  return record === undefined ? null : renderManifest(kindOf(key.kind), record);
}

function sharesOf(past: Past, key: ObjectKey, after: number, upTo: number) {
  const shares = new Map<string, ActorShare>();
  let commits = 0;
  for (const { commit } of past.commitsOf(key, upTo)) {
    if (commit.revision <= after) break;
    if (++commits > DIFF_COMMITS_MAX) return { shares: [...shares.values()], more: true as const };
    const { actor, revision } = commit;
    const share = shares.get(actor) ?? { actor, commits: 0, first: revision, last: revision };
    shares.set(actor, { ...share, commits: share.commits + 1, first: revision });
  }
  return { shares: [...shares.values()] };
}
