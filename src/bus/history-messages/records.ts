/** `records`: all objects of all kinds as the fold had them at a moment, private state included, in pages; for whoever goes on from there. */
import { strictObject, Type, type ObjectRecord } from '../../../machines/index.ts';
import { MOMENT, type PointAnswer } from './moment.ts';

/** Most objects of a page: some ten milliseconds of the thread that answers. */
export const RECORDS_PAGE_MAX = 200;

export const RECORDS_QUERY = strictObject({
  /** The newest there is where absent. A page after the first names the revision that the first said. */
  at: Type.Optional(MOMENT),
  /** Only those of a kind; and then, where given, of a namespace. */
  kind: Type.Optional(Type.String({ maxLength: 253 })),
  namespace: Type.Optional(Type.String({ maxLength: 253 })),
  limit: Type.Optional(Type.Integer({ minimum: 1, maximum: RECORDS_PAGE_MAX })),
  /** `next` of the page before. */
  after: Type.Optional(Type.String({ maxLength: 1_024 })),
});

export interface RecordsAnswer extends PointAnswer {
  /** In the order of kind, namespace and name. */
  readonly records: readonly ObjectRecord[];
  /** How many objects of all kinds there are at the moment; on the first page only. */
  readonly total?: number;
  /** Where to go on; absent at the end. */
  readonly next?: string;
}
