// An object as somebody keeps it who has nothing but its record.
import type { ObjectRecord } from '../../machines/index.ts';
import type { KeptObject } from '../../src/state/cell-state.ts';
import { bytesAtMost, changedParts, lengthOf } from '../../src/state/object-parts.ts';

export function keptObject(record: ObjectRecord): KeptObject {
  const { added, texts } = changedParts(undefined, record, undefined);
  return { record, hash: added, bytesAtMost: bytesAtMost(lengthOf(texts)) };
}
