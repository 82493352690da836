/** How large an object's content is as JSON. */
import type { ObjectRecord } from '../../machines/index.ts';

/** The exact bytes of all parts as JSON. */
export function bytesOf(record: ObjectRecord): number {
  let bytes = 0;
  for (const value of Object.values(record.context as unknown as Readonly<Record<string, unknown>>))
    if (value !== undefined) bytes += Buffer.byteLength(JSON.stringify(value));
  return bytes;
}
