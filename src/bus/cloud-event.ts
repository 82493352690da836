/** Committed events as CloudEvents 1.0, structured JSON, for whoever listens without folding the log. */
import { formatTime } from '../foundation/clock.ts';
import { keyText, strictObject, Type, type Commit, type Event, type RefusedCommand } from '../../machines/index.ts';
import type { RecordedRefusal } from './history-messages/recorded.ts';
import { encodeToken } from './subjects.ts';

/** Prefix of an event's type: `periplus.PodScheduled`. */
const TYPE_PREFIX = 'periplus.';

/** CloudEvents 1.0 with our extensions, whose names are lower case letters and digits only. */
interface CloudEventHead {
  readonly specversion: '1.0';
  /** Unique with the source: `<revision>/<index>`, of a refusal `refused/<entry>/<command id>/<attempt>`. */
  readonly id: string;
  /** `/periplus/<cell>/<lineage>`. */
  readonly source: string;
  readonly type: string;
  /** `Pod/default/web-1`. */
  readonly subject: string;
  /** RFC 3339: the commit's own time. */
  readonly time: string;
  readonly datacontenttype: 'application/json';
  readonly lineage: string;
  readonly revision: number;
  /** Version of the data's shape. */
  readonly eventversion: number;
  readonly actor: string;
  readonly commandid: string;
  /** The revision that led to this. */
  readonly causation?: number;
  readonly reason?: string;
  readonly data: unknown;
}

/** An event of a commit. */
export interface CommitCloudEvent extends CloudEventHead {
  readonly uid: string;
  /** The first cause. */
  readonly correlation: number;
}

/** An event as it is published. */
export interface CloudEvent extends CommitCloudEvent {
  /** Counts the commits of this kind that this publisher has sent, so that a listener notices a gap. */
  readonly kindsequence: number;
  /** Which publisher counts. */
  readonly publisher: string;
}

/** Where a commit or refusal is from. */
export interface EventSource {
  readonly cell: string;
  readonly lineage: string;
  /** The entry's time, Unix milliseconds. */
  readonly time: number;
}

/** What the publisher adds to a commit. */
export interface Publication extends EventSource {
  readonly publisher: string;
  readonly kindSequence: number;
}

export function cloudEventOf(commit: Commit, event: Event, index: number, publication: Publication): CloudEvent {
  const { kindSequence, publisher } = publication;
  return { ...commitEvent(commit, event, index, publication), kindsequence: kindSequence, publisher };
}

/** An event of a commit, as the log has it. */
export function commitEvent(commit: Commit, event: Event, index: number, source: EventSource): CommitCloudEvent {
  return {
    ...headOf(commit, source),
    id: `${commit.revision}/${index}`,
    type: TYPE_PREFIX + event.type,
    revision: commit.revision,
    eventversion: event.version,
    uid: commit.uid,
    correlation: commit.correlation,
    data: event.data,
  };
}

/** A command that was refused: a fact too, of the log if not of the object. Its revision is the last one before it. */
export function refusalEvent({ refused, revision, entry }: RecordedRefusal, source: EventSource): CloudEventHead {
  const { commandId, attempt, verb, refusal } = refused;
  return {
    ...headOf(refused, source),
    id: `refused/${entry}/${commandId}/${attempt}`,
    type: `${TYPE_PREFIX}CommandRefused`,
    revision,
    eventversion: 1,
    data: { verb, attempt, refusal },
  };
}

function headOf(about: Commit | RefusedCommand, { cell, lineage, time }: EventSource) {
  return {
    specversion: '1.0' as const,
    source: `/periplus/${encodeToken(cell)}/${lineage}`,
    subject: keyText(about),
    time: formatTime(time),
    datacontenttype: 'application/json' as const,
    lineage,
    actor: about.actor,
    commandid: about.commandId,
    ...(about.cause === undefined ? {} : { causation: about.cause }),
    ...(about.reason === undefined ? {} : { reason: about.reason }),
  };
}

export const CLOUD_EVENT_SCHEMA = strictObject({
  specversion: Type.Literal('1.0'),
  id: Type.String(),
  source: Type.String(),
  type: Type.String(),
  subject: Type.String(),
  time: Type.String(),
  datacontenttype: Type.Literal('application/json'),
  lineage: Type.String(),
  revision: Type.Integer(),
  eventversion: Type.Integer(),
  uid: Type.String(),
  actor: Type.String(),
  commandid: Type.String(),
  causation: Type.Optional(Type.Integer()),
  correlation: Type.Integer(),
  reason: Type.Optional(Type.String()),
  kindsequence: Type.Integer(),
  publisher: Type.String(),
  data: Type.Unknown(),
});
