/** `rollback`: the command that makes an object what it was. */
import { strictObject, Type } from '../../../machines/index.ts';
import { MOMENT } from './moment.ts';

const Name = Type.String({ maxLength: 253 });

export const ROLLBACK_QUERY = strictObject({ kind: Name, namespace: Type.Optional(Name), name: Name, to: MOMENT });

export type { PlanAnswer as RollbackAnswer } from './plan.ts';
