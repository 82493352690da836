/** Committed events as CloudEvents 1.0, structured JSON, for whoever listens without folding the log. */
import { formatTime } from '../foundation/clock.ts';
import { keyText, strictObject, Type, type Commit, type Event } from '../../machines/index.ts';
import { encodeToken } from './subjects.ts';

/** Prefix of an event's type: `periplus.PodScheduled`. */
const TYPE_PREFIX = 'periplus.';

/** CloudEvents 1.0 with our extensions, whose names are lower case letters and digits only. */
export interface CloudEvent {
  readonly specversion: '1.0';
  /** `<revision>/<index>`: unique with the source. */
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
  readonly uid: string;
  readonly actor: string;
  readonly commandid: string;
  /** The revision that led to this commit. */
  readonly causation?: number;
  /** The first cause. */
  readonly correlation: number;
  readonly reason?: string;
  /** Counts the commits of this kind that this publisher has sent, so that a listener notices a gap. */
  readonly kindsequence: number;
  /** Which publisher counts. */
  readonly publisher: string;
  readonly data: unknown;
}

/** What the publisher adds to a commit. */
export interface Publication {
  readonly cell: string;
  readonly lineage: string;
  /** The entry's time, Unix milliseconds. */
  readonly time: number;
  readonly publisher: string;
  readonly kindSequence: number;
}

export function cloudEventOf(commit: Commit, event: Event, index: number, publication: Publication): CloudEvent {
  return {
    specversion: '1.0',
    id: `${commit.revision}/${index}`,
    source: `/periplus/${encodeToken(publication.cell)}/${publication.lineage}`,
    type: TYPE_PREFIX + event.type,
    subject: keyText(commit),
    time: formatTime(publication.time),
    datacontenttype: 'application/json',
    lineage: publication.lineage,
    revision: commit.revision,
    eventversion: event.version,
    uid: commit.uid,
    actor: commit.actor,
    commandid: commit.commandId,
    ...(commit.cause === undefined ? {} : { causation: commit.cause }),
    correlation: commit.correlation,
    ...(commit.reason === undefined ? {} : { reason: commit.reason }),
    kindsequence: publication.kindSequence,
    publisher: publication.publisher,
    data: event.data,
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
