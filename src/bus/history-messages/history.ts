/** `history`: what the log recorded, a page at a time. */
import { strictObject, Type } from '../../../machines/index.ts';
import type { Recorded } from './recorded.ts';

const Name = Type.String({ maxLength: 253 });
const Revision = Type.Integer({ minimum: 0, maximum: Number.MAX_SAFE_INTEGER });

/** Most records of an answer. */
export const HISTORY_PAGE_MAX = 1_000;

/** All that is given must hold. */
export const HISTORY_QUERY = strictObject({
  kind: Type.Optional(Name),
  namespace: Type.Optional(Name),
  name: Type.Optional(Name),
  /** Whole, or its beginning with a `*` behind: `system:node:*`. */
  actor: Type.Optional(Type.String({ maxLength: 512 })),
  /** Commits with an event of this type. */
  eventType: Type.Optional(Name),
  /** Only commands that were refused. */
  refused: Type.Optional(Type.Boolean()),
  /** Inclusive. A refusal counts with the revision it was recorded at. */
  fromRevision: Type.Optional(Revision),
  toRevision: Type.Optional(Revision),
  /** Inclusive, Unix milliseconds. */
  fromTime: Type.Optional(Type.Number()),
  toTime: Type.Optional(Type.Number()),
  order: Type.Optional(Type.Union([Type.Literal('oldest-first'), Type.Literal('newest-first')])),
  limit: Type.Optional(Type.Integer({ minimum: 1, maximum: HISTORY_PAGE_MAX })),
  /** `next` of the answer before. */
  after: Type.Optional(Type.String({ maxLength: 128 })),
});

export interface HistoryAnswer {
  /** A commit's events as its writer wrote them. A page may be shorter than asked, or empty, with more behind it. */
  readonly records: readonly Recorded[];
  /** Where to go on; absent at the end. */
  readonly next?: string;
  /** Number of the last entry that the answer could be from; 0 of an empty log. */
  readonly lastEntry: number;
}
