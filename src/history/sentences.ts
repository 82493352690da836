/** Commits in people's words: what happened by the kinds' own sentences, who did it and why by the commit. */
import { kinds, type Commit, type Event } from '../../machines/index.ts';
import type { RecordedCommit } from '../bus/history-messages/recorded.ts';
import type { ToldCommit } from '../bus/history-messages/told-commit.ts';
import { currentEvent } from '../state/current-event.ts';

interface ToldEvent {
  readonly sentence: string;
  readonly isMinor: boolean;
}

/** An event of a kind or type that a newer program wrote is told by its name. */
function tellEvent(kindName: string, event: Event): ToldEvent {
  const kind = kinds.get(kindName);
  const definition = kind?.events[event.type];
  if (kind === undefined || definition === undefined || event.version > definition.version)
    return { sentence: event.type, isMinor: false };
  const { data } = currentEvent(kind, event);
  return { sentence: definition.sentence(data), isMinor: definition.isMinor?.(data) ?? false };
}

/** What happened, to be read behind the object's name. Minor events are passed over unless there are no others. */
export function tellEvents({ kind, events }: Pick<Commit, 'kind' | 'events'>): string {
  const all = events.map((event) => tellEvent(kind, event));
  const notable = all.filter(({ isMinor }) => !isMinor);
  return (notable.length > 0 ? notable : all).map(({ sentence }) => sentence).join(', ');
}

/** Whether a commit is news to whoever asks why its object is as it is. */
export function isOfNote({ kind, events }: Pick<Commit, 'kind' | 'events'>): boolean {
  return events.some((event) => !tellEvent(kind, event).isMinor);
}

/** What happened and why, to be read behind the object's name: `bound to n1: 2 of 3 nodes fit, n3 lacks memory`. */
export function withReason({ sentence, reason }: Pick<ToldCommit, 'sentence' | 'reason'>): string {
  return reason === undefined ? sentence : `${sentence}: ${reason}`;
}

export function told({ commit, time }: RecordedCommit): ToldCommit {
  const { kind, namespace, name, revision, uid, actor, verb, cause, correlation, reason, events } = commit;
  return {
    kind,
    namespace,
    name,
    revision,
    time,
    uid,
    actor,
    verb,
    ...(cause === undefined ? {} : { cause }),
    correlation,
    ...(reason === undefined ? {} : { reason }),
    events: events.map(({ type }) => type),
    sentence: tellEvents(commit),
  };
}
