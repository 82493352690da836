/** Where in the past somebody wants to look, as queries say it, and where that turned out to be. */
import { Type, strictObject } from '../../../machines/index.ts';

/** A revision, or a time in Unix milliseconds. */
export const MOMENT = Type.Union([
  strictObject({ revision: Type.Integer({ minimum: 0, maximum: Number.MAX_SAFE_INTEGER }) }),
  strictObject({ time: Type.Number() }),
]);

/** A commit that is the last one at a moment. */
export interface PointAnswer {
  readonly revision: number;
  /** Unix milliseconds of its entry. */
  readonly time: number;
}
