/** What a watch asks for: where it begins, what it tells first, when it ends. */
import { StatusError } from '../http/status.ts';
import { flagOf, invalidOption, numberOf, revisionOf } from './versions.ts';

export interface WatchQuery {
  /** First everything there is, from this revision at least; undefined: of the newest state. */
  readonly initial: boolean;
  /** Where it goes on from, or the least it begins with; undefined: the newest. 0: whatever is at hand. */
  readonly revision: number | undefined;
  /** Whether the end of what there is is told by a bookmark. */
  readonly tellsEndOfInitial: boolean;
  readonly bookmarks: boolean;
  readonly timeoutMs: number;
}

/** Clients watch anew after this, as after Kubernetes' half an hour to an hour. */
const TIMEOUT_DEFAULT_MS = 3_600_000;
/** Longest that a client may ask for: a day. */
const TIMEOUT_MAX_MS = 86_400_000;

/** Raises BadRequest, Invalid. */
export function watchQueryOf(query: URLSearchParams): WatchQuery {
  const version = query.get('resourceVersion') ?? '';
  const match = query.get('resourceVersionMatch') ?? '';
  const sendInitialEvents = flagOf(query, 'sendInitialEvents');
  const bookmarks = flagOf(query, 'allowWatchBookmarks') ?? false;
  if (query.get('continue')) throw new StatusError('BadRequest', 'continue is not supported with a watch');
  if (sendInitialEvents === undefined && match !== '') {
    const why = 'Forbidden: resourceVersionMatch is forbidden for watch unless sendInitialEvents is provided';
    throw invalidOption('resourceVersionMatch', 'FieldValueForbidden', why);
  }
  if (sendInitialEvents !== undefined && match !== 'NotOlderThan') {
    const why = 'Forbidden: sendInitialEvents requires setting resourceVersionMatch to NotOlderThan';
    throw invalidOption('resourceVersionMatch', 'FieldValueForbidden', why);
  }
  const revision = version === '' ? undefined : revisionOf(version);
  const seconds = numberOf(query, 'timeoutSeconds') || undefined;
  return {
    initial: sendInitialEvents ?? (revision === undefined || revision === 0),
    revision,
    tellsEndOfInitial: sendInitialEvents === true && bookmarks,
    bookmarks,
    timeoutMs: Math.min(seconds === undefined ? TIMEOUT_DEFAULT_MS : seconds * 1_000, TIMEOUT_MAX_MS),
  };
}
