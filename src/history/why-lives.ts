/** The objects that had one name in turn, and which of them is meant. */
import { refuse, type Kind, type ObjectKey } from '../../machines/index.ts';
import type { Life } from '../bus/history-messages/why.ts';
import { formatTime } from '../foundation/clock.ts';
import { PastError, type Past, type PastPoint } from './past.ts';

/** Lives told of: each takes a read. */
export const LIVES_MAX = 5;

/** The life that is meant and the others, the latest first. Raises PastError where there is none. */
export function livesOf(
  past: Past,
  {
    kind,
    key,
    uid,
    at,
  }: { readonly kind: Kind; readonly key: ObjectKey; readonly uid?: string; readonly at: PastPoint },
): { readonly life: Life; readonly others: readonly Life[] } {
  const lives = [...latestLives(past, key, at.revision)];
  const life = uid === undefined ? lives[0] : (lives.find((one) => one.uid === uid) ?? lifeOf(past, key, uid, at));
  if (life !== undefined) return { life, others: lives.filter((one) => one.uid !== life.uid) };
  const missing = refuse.notFound(kind, key.name).message;
  const [last] = past.commitsOf(key);
  if (uid !== undefined && lives[0] !== undefined)
    throw new PastError('NotFound', `${missing} with uid ${uid}; the last one had ${lives[0].uid}`);
  if (last === undefined) throw new PastError('NotFound', `${missing}, and there never was one${since(past)}`);
  const then = `at revision ${at.revision} (${formatTime(at.time)})`;
  throw new PastError('NotFound', `${kind.plural} "${key.name}" did not exist yet ${then}`);
}

function since(past: Past): string {
  const first = past.first();
  return first === undefined ? '' : ` since the log began at ${formatTime(first.time)}`;
}

function* latestLives(past: Past, key: ObjectKey, downFrom: number): Generator<Life, void, undefined> {
  let count = 0;
  for (const life of past.livesOf(key, downFrom)) {
    yield life;
    if (++count === LIVES_MAX) return;
  }
}

/** One that came before all that are listed. */
function lifeOf(past: Past, key: ObjectKey, uid: string, at: PastPoint): Life | undefined {
  for (const { commit } of past.commitsOfUid(uid)) {
    if (commit.revision > at.revision || !isOf(commit, key)) continue;
    const [life] = past.livesOf(key, commit.revision);
    return life;
  }
  return undefined;
}

function isOf(commit: ObjectKey, key: ObjectKey): boolean {
  return commit.kind === key.kind && commit.namespace === key.namespace && commit.name === key.name;
}

/** Commits of a life, newest first. */
export function* commitsOfLife(past: Past, key: ObjectKey, { first, last }: Life) {
  for (const recorded of past.commitsOf(key, last)) {
    if (recorded.commit.revision < first) return;
    yield recorded;
  }
}
