/** `undelete`: the command that makes a deleted object anew; `undelete-contents`: what went away with a namespace. */
import { strictObject, Type, type ObjectKey } from '../../../machines/index.ts';
import { MOMENT } from './moment.ts';

const Name = Type.String({ maxLength: 253 });

export const UNDELETE_QUERY = strictObject({
  kind: Name,
  namespace: Type.Optional(Name),
  name: Name,
  /** Which of its lives; the newest where absent. */
  uid: Type.Optional(Name),
  /** As it was then, rather than at last. */
  at: Type.Optional(MOMENT),
});

export type { PlanAnswer as UndeleteAnswer } from './plan.ts';

export const UNDELETE_CONTENTS_QUERY = strictObject({
  namespace: Name,
  revision: Type.Integer({ minimum: 1 }),
  /** `next` of the answer before. */
  after: Type.Optional(strictObject({ kind: Name, name: Name })),
});

export interface UndeleteContentsAnswer {
  /** What its users made in it: no object that another one controls. In the order in which to make them again. */
  readonly keys: readonly ObjectKey[];
  readonly next?: { readonly kind: string; readonly name: string };
}
