// An object as somebody keeps it who has nothing but its record.
import type { ObjectRecord } from '../../machines/index.ts';
import type { KeptObject } from '../../src/state/cell-state.ts';
import { contentSum } from '../../src/state/state-hash.ts';

export function keptObject(record: ObjectRecord): KeptObject {
  return { record, content: contentSum(undefined, record, undefined) };
}
